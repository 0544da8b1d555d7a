"""From a campaign file and a world's name to jobs and a scene: all is checked before any campaign starts."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from agent.plan import Plan, prepare
from agent.rehearsal import slices
from agent.rehearsal.contenders import Contender
from agent.rehearsal.jobs import Job, WorldKind, seed_of
from agent.rehearsal.measured import ONE_DATA_SET, on_folder, without_some
from agent.rehearsal.twins import refuse_no_twin, why_no_fast_twin
from agent.rehearsal.worlds import Scene
from agent.rehearsal.yardsticks.catalog import yardstick_for
from agent.strategy.problem import Problem
from models.domain.campaign import CampaignSpec
from models.domain.canonical import canonical_json, sha256_text
from models.domain.errors import BadInput
from models.domain.people import PeopleSpec
from models.domain.record_spec import RecordSpec
from models.saxs.extractors import load_extractors

ARBITRARY = "a.u."
"""Unit of an intensity that nobody put on a scale."""
LOG = "log:"
"""What begins the name of a finished campaign as a world."""


NO_DATABASE = "nightbeam-no-database.db"
"""A file that is never written: no rehearsed campaign is on record where it is checked."""


ALONE: dict[str, Any] = {"record": RecordSpec(), "people": PeopleSpec(), "notify": None}
"""Nobody interferes with a rehearsed night, nobody is called, and its heads go beside its record."""


@dataclass(frozen=True)
class Choice:
    """Which world, as it was asked for."""

    kind: WorldKind
    """Sort of world."""
    place: str = ""
    """The folder, or the campaign's name."""
    why: str = ""
    """Why it is this one, where one would expect another."""

    @property
    def folder(self) -> str:
        """What a rehearsal's folder is called after."""
        return self.kind if self.kind in ("twin", "fast") else f"{self.kind}-{Path(self.place).name}"

    @property
    def caution(self) -> str:
        """What one has to know before intervals are believed."""
        return ONE_DATA_SET if self.kind == "folder" else ""

    def text(self) -> str:
        """For people."""
        return {
            "twin": "the full twin (frames, faults, dose)",
            "fast": "the fast twin (curves, no frames)",
            "folder": f"what was measured, in {Path(self.place).name}",
            "log": f"an emulator of the campaign {self.place!r}",
        }[self.kind]


def choose_world(asked: str | None, spec: CampaignSpec) -> Choice:
    """The world that is meant; by the instrument where none is named.

    Raises
    ------
    BadInput
        When none is named and the instrument has none of its own.
    """
    if asked is None:
        return _own_world(spec)
    if asked in ("twin", "fast"):
        refuse_no_twin(spec)
        slow = why_no_fast_twin(spec)
        if asked == "fast" and slow:
            raise BadInput("--world fast", f"is not for this campaign: {slow}", "Use --world twin")
        return Choice("twin" if asked == "twin" else "fast")
    if asked.startswith(LOG):
        return Choice("log", asked.removeprefix(LOG))
    return Choice("folder", asked)


def _own_world(spec: CampaignSpec) -> Choice:
    """The world that a campaign's own instrument is."""
    if spec.instrument.kind == "dataset":
        folder = spec.instrument.options.get("folder")
        if folder is None:
            raise BadInput(
                "instrument.folder", "is missing", "Name the folder of the data with --dataset DIR"
            )
        return Choice("folder", str(folder))
    refuse_no_twin(spec)
    slow = why_no_fast_twin(spec)
    if not slow:
        return Choice("fast")
    return Choice("twin", why=f"Rehearsed on the full twin, which takes longer: {slow}.")


@dataclass(frozen=True, eq=False)
class Setting:
    """A rehearsal that was checked."""

    choice: Choice
    """The world."""
    plan: Plan
    """The campaign in it."""
    scene: Scene
    """What travels to each process."""
    plans: dict[str, tuple[Contender, Problem]]
    """Each strategy with its task, by name."""
    told: str = ""
    """What people must know of the world: how far an emulator can be trusted."""
    recorded: Any = None
    """The finished campaign behind an emulator."""

    @property
    def unit(self) -> str:
        """Unit of what is sought: curves on a scale of their own are in the unit that the file gives them."""
        return self.plan.problem.unit.replace(ARBITRARY, self.plan.spec.analysis.intensity_unit)

    def job(self, name: str, place: int, variant: str = "", noise: float = 1.0) -> Job:
        """One campaign of a strategy."""
        contender, problem = self.plans[name]
        seed = seed_of(self.plan.spec, place)
        problem = problem.model_copy(update={"seed": seed})
        if self.choice.kind == "folder" and place > 0:
            problem = without_some(problem)
        marked = f"{name}~{variant.replace(' ', '-')}" if variant else name
        own = f"{self.plan.spec.name}.{marked}.{place:03d}"
        return Job(
            name=own,
            contender=name,
            place=place,
            variant=variant,
            noise=noise,
            spec=contender.spec.model_copy(update=ALONE | {"name": own, "seed": seed}),
            problem_json=canonical_json(problem),
        )

    def for_tonight(self, name: str) -> CampaignSpec:
        """The campaign file that runs a strategy on the instrument of the file, under a name of its own."""
        spec = self.plans[name][0].spec
        tables = spec.model_dump(mode="json", exclude_unset=True, exclude={"rehearsal"})
        if self.choice.kind == "folder":
            tables["instrument"].pop("folder", None)
        tables["name"] = f"{spec.name}_{name}"
        return CampaignSpec.model_validate(tables)


def in_world(spec: CampaignSpec, choice: Choice) -> CampaignSpec:
    """The campaign as that world can play it."""
    if choice.kind == "folder":
        return on_folder(spec, Path(choice.place))
    if choice.kind == "log":  # recorded curves have no blank in them any more
        measurement = spec.measurement.model_copy(update={"blank": None})
        return spec.model_copy(update={"measurement": measurement, "setup": None})
    return spec


def prepare_setting(choice: Choice, own: CampaignSpec, contenders: list[Contender], home: Path) -> Setting:
    """Check every strategy as if it ran tonight.

    Parameters
    ----------
    choice
        The world.
    own
        The campaign file, as that world can play it.
    contenders
        The strategies.
    home
        Folder of the campaign file.

    Raises
    ------
    BadInput
        At the first mistake.
    """
    yardstick_for(own.objective)  # refuses a goal that nobody can score
    nowhere = f"sqlite:///{Path(tempfile.gettempdir()) / NO_DATABASE}"
    plan = prepare(own, home, nowhere)
    plans: dict[str, tuple[Contender, Problem]] = {}
    for one in contenders:
        try:
            checked = prepare(one.spec, home, nowhere)
        except BadInput as error:
            raise error.within(f"strategy {one.name!r}") from None
        _refuse_other_bins(one.spec.objective.profile_bins, plan.spec.objective.profile_bins, one.name)
        plans[one.name] = (replace(one, spec=checked.spec), checked.problem)
    told = canonical_json(plan.spec.model_copy(update={"rehearsal": None}))
    key = sha256_text(f"{choice.kind} {choice.place} {home} {told}")
    sought = {name for one, _ in plans.values() for name in one.spec.objective.features}
    spec = plan.spec if choice.kind == "twin" else _reading_only(plan.spec, sought)
    is_scan = choice.kind == "twin" and spec.instrument.kind == slices.KIND
    if is_scan:
        slices.refuse_unknown_truth(spec)
    scene = Scene(key, choice.kind, spec, str(home), is_each=is_scan or choice.kind == "log")
    return Setting(choice, plan, scene, plans)


def _refuse_other_bins(its: int | None, own: int | None, name: str) -> None:
    """Refuse a strategy whose curves go on record in other bins than those that it would be scored in."""
    if None not in (its, own) and its != own:
        raise BadInput(
            f"strategy {name!r}",
            f"learns curves in {its} bins, but the campaign's goal is scored in {own}",
            "Give both the same objective.bins",
        )


def _reading_only(spec: CampaignSpec, sought: set[str]) -> CampaignSpec:
    """The campaign with the extractors that make what somebody seeks: reading all is half of the time."""
    sought = sought | set(spec.objective.features)
    kept = tuple(name for name in spec.analysis.features if sought & set(load_extractors((name,))[0].makes))
    analysis = spec.analysis.model_copy(update={"features": kept})
    return spec.model_copy(update={"analysis": analysis})
