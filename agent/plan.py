"""From a campaign file to a checked plan: every part is there, nothing is written, nothing moves."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from agent.candidate_list import read_candidates
from agent.known_detector import plan_detector
from agent.look_around import refuse_empty
from agent.notices import Way, ways_of
from agent.outline import read_outline
from agent.plugs import add_home, find_builder
from agent.ports import Strategy
from agent.setup.reach import refuse_setup
from agent.strategy.problem import Problem
from agent.strategy.stack import build_strategy
from agent.target_curve import with_target
from db.anchors.publish import Publisher, open_publisher
from db.identity import CampaignIdentity, identify
from instruments.beamline import Beamline, limits_of
from instruments.kinds import SHIPPED as INSTRUMENTS
from instruments.kinds import BuildContext, build_beamline
from models.domain.campaign import CampaignSpec
from models.domain.errors import BadInput
from models.domain.space import SearchSpace
from models.saxs.extractor import Extractor
from models.saxs.extractors import features_made, load_extractors
from models.saxs.reduction import Detector

DATA_FOLDER = "nightbeam-data"
"""Where frames, curves and pictures go when the campaign file names no folder."""
LONGEST_NAME = 180
"""Letters of a campaign's name: its files' names are longer by some 40, and systems take 255."""


@dataclass(frozen=True)
class Own:
    """Parts that a Python user hands in instead of naming them in the campaign file."""

    beamline: Beamline | None = None
    """Devices."""
    features: tuple[Extractor, ...] = ()
    """Extractors, run after those of the file."""


@dataclass(frozen=True)
class Plan:
    """A campaign that has been checked: every part is there, nothing is written, nothing moves."""

    spec: CampaignSpec
    """The campaign file."""
    url: str
    """The database."""
    identity: CampaignIdentity
    """Which campaign this is."""
    folder: Path
    """Where its files go."""
    problem: Problem
    """What strategies are told of the task."""
    beamline: Beamline
    """The devices."""
    extractors: tuple[Extractor, ...]
    """What reads the curves."""
    detector: Detector
    """Where the detector stands, where frames do not say so themselves, and what is applied to them."""
    strategy: Strategy
    """What chooses."""
    publisher: Publisher
    """What publishes heads of the record."""
    ways: Mapping[str, Way] = field(default_factory=dict[str, Way])
    """How people are called, by what each way is called."""

    @property
    def space(self) -> SearchSpace:
        """Where it may look."""
        return self.problem.space

    @property
    def instrument(self) -> str:
        """Name of the instrument, of which one agent at a time may hold the lease."""
        return self.beamline.name or self.spec.instrument.kind


def prepare(spec: CampaignSpec, home: Path, url: str, own: Own | None = None) -> Plan:
    """Check a campaign and gather its parts.

    Parameters
    ----------
    spec
        The campaign file.
    home
        The folder it lies in; relative paths in it start there.
    url
        The database.
    own
        Parts handed in by a Python user.

    Raises
    ------
    BadInput
        When any part is missing or contradicts another.
    """
    own = own or Own()
    _refuse_long_name(spec)
    spec = with_target(_anchored(spec, home), home)
    add_home(home)
    extractors = (*_extractors(spec), *own.features)
    identity = identify(url, spec, Path(spec.folder or DATA_FOLDER))
    folder = identity.folder
    beamline = own.beamline or _beamline(spec, home, folder)
    units = _objective_units(spec, extractors, beamline)
    refuse_setup(spec, extractors, beamline)
    problem = _problem(spec, _space(spec, beamline, home), units, beamline)
    detector = plan_detector(spec.analysis, home, beamline)
    return Plan(
        spec=spec,
        url=url,
        identity=identity,
        folder=folder,
        problem=problem,
        beamline=beamline,
        extractors=extractors,
        detector=detector,
        strategy=build_strategy(spec, problem),
        publisher=_publisher(spec, home, folder),
        ways=ways_of(spec.notify, home, os.environ),
    )


def _refuse_long_name(spec: CampaignSpec) -> None:
    if len(spec.name) > LONGEST_NAME:
        raise BadInput(
            "name",
            f"has {len(spec.name)} letters, at most {LONGEST_NAME} fit into the names of its files",
            "Shorten it",
        )


def _anchored(spec: CampaignSpec, home: Path) -> CampaignSpec:
    """The campaign with the place of its heads in full: whoever verifies them stands elsewhere."""
    anchors = spec.record.anchors
    if anchors.file is None:
        return spec
    anchors = anchors.model_copy(update={"file": str((home / anchors.file).absolute())})
    return spec.model_copy(update={"record": spec.record.model_copy(update={"anchors": anchors})})


def _publisher(spec: CampaignSpec, home: Path, folder: Path) -> Publisher:
    return open_publisher(spec.record.anchors, home, folder, os.environ)


def _extractors(spec: CampaignSpec) -> tuple[Extractor, ...]:
    try:
        return load_extractors(spec.analysis.features)
    except BadInput as error:
        raise error.within("analysis") from None


def _objective_units(
    spec: CampaignSpec, extractors: tuple[Extractor, ...], beamline: Beamline
) -> dict[str, str]:
    """Unit of each feature of the objective, each of which the analysis makes, or the instrument gives."""
    if beamline.values is not None:
        if extractors:
            problem = "names extractors, but this instrument gives values and no curves"
            raise BadInput("analysis.features", problem, "Remove it")
        made, who = dict(beamline.values), "the instrument does not give"
        remedy = f"It gives: {', '.join(made)}. Choose one of these"
    else:
        if not extractors:
            raise BadInput(
                "analysis.features", "is missing, and something has to read the curves", "Name extractors"
            )
        made, who = features_made(extractors), "the analysis does not make"
        remedy = f"It makes: {', '.join(made)}. Choose one of these, or add an extractor to analysis.features"
    for feature in spec.objective.features:
        if feature not in made:
            raise BadInput(spec.objective.place_of(feature), f"is {feature!r}, which {who}", remedy)
    return {feature: made[feature] for feature in spec.objective.features}


def _beamline(spec: CampaignSpec, home: Path, folder: Path) -> Beamline:
    build = find_builder(spec.instrument, "instruments", INSTRUMENTS, "instrument")
    context = BuildContext(
        campaign=spec.name,
        seed=spec.seed,
        folder=folder,
        axes=tuple(axis.name for axis in spec.axes),
        deck=spec.deck,
        home=home,
    )
    return build_beamline(build, spec.instrument.options, context, where="instrument")


def _space(spec: CampaignSpec, beamline: Beamline, home: Path) -> SearchSpace:
    """Where the campaign may look, of which something can be measured."""
    if beamline.space is not None:
        for key, is_given in {"axes": spec.axes, "measurement.blank": spec.measurement.blank}.items():
            if is_given:
                raise BadInput(key, "is given, but this instrument brings its own samples", f"Remove {key}")
        space = beamline.space
        if spec.feasible is not None:
            space = space.model_copy(update={"feasible": spec.feasible})
        refuse_empty(space, spec.seed)
        return space
    if not spec.axes:
        raise BadInput(
            "axes", "are missing, and the instrument brings none of its own", "Add one [[axes]] table an axis"
        )
    _refuse_beyond_limits(spec, beamline)
    outline = read_outline(spec.region, home) if spec.region is not None else None
    try:
        space = spec.space(outline)
    except ValidationError as error:
        problem, _, remedy = error.errors()[0]["msg"].removeprefix("Value error, ").partition("; ")
        raise BadInput("region", problem, remedy.capitalize() or "Correct it") from None
    refuse_empty(space, spec.seed)
    if spec.candidates is not None:
        listed = read_candidates(spec.candidates, home, space)
        space = space.model_copy(update={"candidates": listed})
        refuse_empty(space, spec.seed)
    return space


def _refuse_beyond_limits(spec: CampaignSpec, beamline: Beamline) -> None:
    """Refuse an axis that asks for more than its device says it can do."""
    mixed = beamline.dispenser.components if beamline.dispenser else ()
    for axis in spec.axes:
        if not axis.is_numeric:
            if axis.name in mixed:
                raise BadInput(
                    f"axes: {axis.name}",
                    "is categorical, but a dispenser mixes amounts",
                    "Give it numbers, or a device that takes names",
                )
            continue
        limits = limits_of(beamline.axes.get(axis.name))
        if limits is not None and (axis.low < limits[0] or axis.high > limits[1]):
            raise BadInput(
                f"axes: {axis.name}",
                f"asks for {axis.low:g} to {axis.high:g} {axis.unit}, but its device goes from "
                f"{limits[0]:g} to {limits[1]:g}",
                "Narrow the axis, or widen the device's limits",
            )


def _problem(spec: CampaignSpec, space: SearchSpace, units: dict[str, str], beamline: Beamline) -> Problem:
    return Problem(
        space=space,
        objective=spec.objective,
        units=units,
        exposure_s=spec.measurement.exposure_s,
        exposures_s=spec.measurement.exposures_s,
        seed=spec.seed,
        motions=dict(beamline.motions or {}),
        overhead_s=spec.measurement.overhead_s,
        is_made=beamline.dispenser is not None,
        configurations=dict(beamline.adjusters.configurations) if beamline.adjusters.camera else {},
        is_time_simulated=beamline.is_time_simulated,
    )
