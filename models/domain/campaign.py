"""What a campaign file may say: one TOML file, one frozen model, every key explained."""

from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Field, ValidationError, field_validator, model_validator

from models.domain.analysis_spec import AnalysisSpec
from models.domain.deck import DeckSpec
from models.domain.frozen import Frozen
from models.domain.load_limits import LoadLimits
from models.domain.objective import Extreme, Level, Map, Objective, Target
from models.domain.own_parts import OWN_PART
from models.domain.people import NotifySpec, PeopleSpec
from models.domain.record_spec import RecordSpec
from models.domain.region import Region, RegionSpec
from models.domain.rehearsal import RehearsalSpec
from models.domain.setup import SetupSpec
from models.domain.space import Axis, LinearConstraint, Point, SearchSpace, SumConstraint
from models.domain.stock import Stock
from models.domain.stop import StopSpec

NEED_AXES = {
    "sums": "sums are", "linear": "linear is", "region": "region is", "candidates": "candidates are",
}  # fmt: skip
"""Keys that say something of axes."""
BLANK_TOLERANCE = 1e-6
"""How far a blank may miss a sum, relative to its total."""


class Plug(Frozen):
    """A part that is chosen by name: an instrument or a strategy.

    `kind` is the name of a part that ships with Nightbeam, or ``module:attribute`` for one's own, where
    the module may lie beside the campaign file. All other keys belong to that part, which checks them.
    """

    model_config = ConfigDict(extra="allow")

    kind: str = Field(pattern=r"^[A-Za-z_][\w.]*(:[A-Za-z_]\w*)?$")
    """Which part: a name, or ``module:attribute``."""

    @property
    def options(self) -> dict[str, Any]:
        """The keys that belong to the part itself."""
        return dict(self.model_extra or {})


class BlankSpec(Frozen):
    """The blank (buffer, empty cell, bare substrate) that is subtracted from every sample."""

    point: dict[str, float | str]
    """Where the blank is, by axis name; it may lie outside the bounds of numeric axes."""
    every: Annotated[int, Field(ge=1)] | Literal["each", "drift"] = 12
    """A fresh blank after this many measurements; ``each`` is after each, and ``drift`` only when the empty
    cell has changed, which needs ``[load]``."""

    @property
    def n_between(self) -> int | None:
        """Measurements after which a fresh blank is due; None when their count makes none due."""
        if isinstance(self.every, int):
            return self.every
        return 1 if self.every == "each" else None


class MeasurementSpec(Frozen):
    """How each point is measured."""

    exposure_s: float = Field(default=1.0, gt=0)
    """Exposure time, s."""
    exposures_s: tuple[float, ...] = ()
    """Exposure times to choose from with each place once a model is asked, rising, s; `exposure_s` is then
    that of the even start and of blanks. A longer one teaches more and takes longer: what a second is worth
    decides."""
    blank: BlankSpec | None = None
    """The blank to subtract; none for curves that are already subtracted."""
    overhead_s: float = Field(default=0.0, ge=0)
    """Time that a measurement takes besides its exposure, s: for the estimate of the night's length, and for
    what a measurement costs until this campaign's own commands tell."""
    making_s: float = Field(default=0.0, ge=0)
    """How much of `overhead_s` is making the sample, s. With `deck.overlap` nobody waits for that, unless it
    takes longer than the exposure: the estimate of the night's length leaves it out."""
    attempts: int = Field(default=2, ge=1, le=10)
    """How often a point is tried when its frame is rejected or a device fails."""
    sample_amount: float = Field(default=1.0, gt=0)
    """How much of a sample is made for one measurement, in `sample_unit`; only used with `budget.stock`."""
    sample_unit: str = "mL"
    """Unit of `sample_amount`."""

    @field_validator("exposures_s")
    @classmethod
    def _exposures_rise(cls, exposures_s: tuple[float, ...]) -> tuple[float, ...]:
        if any(high <= low for low, high in pairwise((0.0, *exposures_s))):
            raise ValueError(f"{list(exposures_s)} do not rise from above 0; sort them, each once")
        return exposures_s

    @model_validator(mode="after")
    def _making_is_overhead(self) -> Self:
        if self.making_s > self.overhead_s:
            raise ValueError(
                f"making_s is {self.making_s:g} s, above overhead_s of {self.overhead_s:g} s, of which it is "
                "a part; raise overhead_s"
            )
        return self


class BudgetSpec(Frozen):
    """When to stop."""

    measurements: int = Field(ge=1)
    """Samples to measure; blanks are not counted."""
    hours: float | None = Field(default=None, gt=0)
    """Longest time since the campaign began, h."""
    exposure_s: float | None = Field(default=None, gt=0)
    """Longest total exposure of samples, s; blanks are not counted, failed measurements in full."""
    stock: dict[str, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    """How much of a component may be used up, by axis name, in the axis' unit times that of the sample: each
    measurement uses the axis' value times `measurement.sample_amount`."""
    failures_in_a_row: int = Field(default=6, ge=1)
    """Stop, and call a person, after this many failures with no success between them."""


class CampaignSpec(Frozen):
    """One campaign, as its file describes it."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    """Name in the log; one name, one campaign."""
    seed: int = Field(ge=0, lt=2**63)
    """Every random draw follows from it."""
    axes: tuple[Axis, ...] = ()
    """What is varied; left out for a dataset, which brings its own."""
    sums: tuple[SumConstraint, ...] = ()
    """Sums that must hold, such as fractions that add up to 1."""
    linear: tuple[LinearConstraint, ...] = ()
    """Weighted sums of axes that must stay within limits."""
    region: RegionSpec | None = None
    """A specimen's outline on two axes, outside of which nothing is measured."""
    feasible: str | None = Field(default=None, pattern=OWN_PART)
    """A function of one's own, ``module:function``, that is given a point by axis name and says whether it
    can be had: True, or False, or a text that says why not."""
    candidates: str | None = Field(default=None, min_length=1)
    """CSV file of the only points that exist, beside the campaign file: a column for each axis, and
    perhaps one named ``sample`` with the names under which a sample changer knows them."""
    objective: Objective
    """What is sought."""
    instrument: Plug
    """What measures."""
    measurement: MeasurementSpec = MeasurementSpec()
    """How a point is measured."""
    analysis: AnalysisSpec = AnalysisSpec()
    """How it is read."""
    strategy: Plug
    """How the next point is chosen."""
    budget: BudgetSpec
    """Limits on measurements, hours, exposure, stock and failures."""
    stop: StopSpec = StopSpec()
    """When enough is known; may be changed between two runs."""
    setup: SetupSpec | None = None
    """When a measurement is readjusted and taken again; never where it is left out."""
    load: LoadLimits | None = None
    """What each load of the cell is held against; nobody judges loads where it is left out."""
    deck: DeckSpec | None = None
    """What samples are made from and with; None where the instrument makes them by itself, or has them."""
    people: PeopleSpec = PeopleSpec()
    """How people may interfere; may be changed between two runs."""
    notify: NotifySpec | None = None
    """How people are called; may be changed between two runs."""
    rehearsal: RehearsalSpec | None = None
    """Strategies to rehearse beside this one; may be changed between two runs."""
    record: RecordSpec = RecordSpec()
    """How the record is kept; may be changed between two runs."""
    folder: str | None = None
    """Where frames, curves and pictures go; ``nightbeam-data`` in the working folder when left out."""

    @model_validator(mode="after")
    def _space_is_possible(self) -> Self:
        if not self.axes:
            for key, what in NEED_AXES.items():
                if getattr(self, key):
                    raise ValueError(f"{what} given without axes; add [[axes]], or remove {key}")
            return self
        try:
            space = self.space()
        except ValidationError as error:
            raise ValueError(error.errors()[0]["msg"].removeprefix("Value error, ")) from None
        blank = self.measurement.blank
        if blank is not None and set(blank.point) != set(space.names):
            raise ValueError(
                f"measurement.blank.point names {', '.join(blank.point) or 'nothing'}, "
                f"but the axes are {', '.join(space.names)}; give one value for each axis"
            )
        if blank is not None:
            self._refuse_bad_blank(blank, space)
        return self

    def _refuse_bad_blank(self, blank: BlankSpec, space: SearchSpace) -> None:
        """Refuse a blank whose values are of the wrong sort, or that breaks a sum."""
        place = Point(coordinates=blank.point)
        for axis in space.axes:
            value = place.coordinates[axis.name]
            if axis.is_numeric == isinstance(value, str) or not axis.is_numeric:
                objection = axis.objection(value)
                if objection is not None:
                    raise ValueError(f"measurement.blank.point: {objection}; correct it")
        for constraint in self.sums:
            miss = constraint.miss(place.numbers)
            if abs(miss) > BLANK_TOLERANCE * max(1.0, abs(constraint.total)):
                raise ValueError(
                    f"measurement.blank.point adds up to {constraint.total + miss:g} over "
                    f"{' + '.join(constraint.axes)}, must be {constraint.total:g}; correct it"
                )

    @model_validator(mode="after")
    def _stop_fits_the_goal(self) -> Self:
        stop, goal = self.stop, self.objective.goal
        if stop.sigma is not None and not isinstance(self.objective, Map | Level):
            raise ValueError(f"stop.sigma is for the goals map and level, not for {goal}; remove it")
        if stop.unchanged is not None and not isinstance(self.objective, Extreme | Target):
            raise ValueError(
                f"stop.unchanged is for the goals maximise, minimise and target, not for {goal}; remove it"
            )
        return self

    @model_validator(mode="after")
    def _drift_is_looked_for(self) -> Self:
        blank = self.measurement.blank
        if blank is not None and blank.every == "drift" and self.load is None:
            raise ValueError(
                'measurement.blank.every is "drift", but nobody looks at the empty cell; add a table [load], '
                "or give a number"
            )
        return self

    @model_validator(mode="after")
    def _budget_is_enough_for_one(self) -> Self:
        exposure_s, limit_s = self.measurement.exposure_s, self.budget.exposure_s
        if limit_s is not None and limit_s < exposure_s:
            raise ValueError(
                f"budget.exposure_s = {limit_s:g} s is less than one exposure of {exposure_s:g} s; raise it"
            )
        if self.deck is not None and self.budget.stock:
            raise ValueError("budget.stock is given, but the deck counts its stocks itself; remove it")
        for name, amount in self.budget.stock.items():
            axis = next((axis for axis in self.axes if axis.name == name), None)
            if axis is None or not axis.is_numeric or axis.low < 0:
                raise ValueError(
                    f"budget.stock names {name!r}, which is no axis with amounts from 0 upwards; remove it"
                )
            least = axis.low * self.measurement.sample_amount
            if amount < least:
                raise ValueError(
                    f"budget.stock: {amount:g} of {name} are too little for one sample, which needs "
                    f"{least:g} or more; raise it"
                )
        return self

    @property
    def stock(self) -> Stock | None:
        """What may be used up; None when nobody counts."""
        if not self.budget.stock:
            return None
        return Stock(
            amounts=self.budget.stock,
            sample_amount=self.measurement.sample_amount,
            sample_unit=self.measurement.sample_unit,
        )

    def space(self, outline: Region | None = None) -> SearchSpace:
        """The search space that the file describes.

        Parameters
        ----------
        outline
            The region, where the file gives it as an image, which is not read here.
        """
        if outline is None and self.region is not None and self.region.image is None:
            outline = self.region.drawn()
        return SearchSpace(
            axes=self.axes, sums=self.sums, linear=self.linear, region=outline, feasible=self.feasible
        )
