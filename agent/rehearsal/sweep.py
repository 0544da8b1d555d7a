"""A whole rehearsal: the contest, its confirmation on fresh seeds, what matters; and then the verdict."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from agent.rehearsal.engine import IN_PLACE, Broken, crew, play
from agent.rehearsal.jobs import Job, Rehearsed, Track
from agent.rehearsal.judging import pair_all, recommend, rivals_of, sort_out
from agent.rehearsal.one import ALL
from agent.rehearsal.record import Recorder, not_on_record, open_record
from agent.rehearsal.setting import Setting
from agent.rehearsal.standards import find_standards, read_standards, write_standards
from agent.rehearsal.variants import variants_of
from agent.rehearsal.yardsticks.standard import Standard

FEW_CAMPAIGNS = 12
"""So few are played sooner here than by processes that have to load everything first; frames take longer."""


class Tell(Protocol):
    """Tells a person how far it is."""

    def stage(self, name: str, n_all: int, n_done: int) -> None:
        """A part begins, of which some campaigns are on record already."""
        ...

    def advance(self) -> None:
        """One campaign more is on record."""
        ...

    def say(self, sentence: str) -> None:
        """Something else."""
        ...


@dataclass(frozen=True)
class Order:
    """How much is rehearsed, and where."""

    folder: Path
    """Where the record and the report go."""
    n_seeds: int
    """Campaigns of each strategy."""
    address: str | None = None
    """Of a Dask scheduler; None uses processes of this machine."""
    n_workers: int | None = None
    """Processes of this machine; as many as there are processors when None."""
    is_contest_only: bool = False
    """True to leave the confirmation and the sensitivities out."""


@dataclass
class Sweep:
    """All that a rehearsal has so far."""

    setting: Setting
    order: Order
    tell: Tell
    tracks: list[Track] = field(default_factory=list[Track])
    broken: list[Broken] = field(default_factory=list[Broken])
    standards: dict[int, Standard] = field(default_factory=dict[int, Standard])

    @property
    def scale(self) -> float:
        """What a score of 100 % is."""
        scales = [one.scale for one in self.standards.values()]
        return sorted(scales)[len(scales) // 2]


def carry_out(setting: Setting, order: Order, tell: Tell) -> Sweep:
    """Rehearse what is not on record yet.

    Raises
    ------
    BadInput
        When the folder holds another rehearsal, or the cluster does not answer: before any campaign starts.
    """
    sweep = Sweep(setting, order, tell)
    contest = [
        setting.job(name, place) for place in range(order.n_seeds) for name in setting.plans
    ]  # seed by seed: a rehearsal that is interrupted compares like with like
    left, _ = not_on_record(contest, setting.scene, order.folder)
    is_short = setting.choice.kind != "twin" and len(left) <= FEW_CAMPAIGNS
    sweep.standards = read_standards(order.folder, setting.scene.key)
    with ExitStack() as opened:
        hired: list[tuple[Any, Recorder]] = []

        def hire() -> tuple[Any, Recorder]:
            """Workers and writer, once something is to be played."""
            if not hired:
                n_workers = order.n_workers or (IN_PLACE if is_short else None)
                client = opened.enter_context(crew(order.address, n_workers))
                hired.append((client, opened.enter_context(open_record(order.folder, setting.scene))))
            return hired[0]

        _play_part(sweep, "contest", contest, hire)
        if not order.is_contest_only:
            _play_part(sweep, "fresh seeds", _fresh(sweep), hire)
            _play_part(sweep, "what matters", _varied(sweep), hire)
    return sweep


def _play_part(sweep: Sweep, name: str, jobs: list[Job], hire: Callable[[], tuple[Any, Recorder]]) -> None:
    """Play the campaigns of one part that are not on record, and write each down."""
    setting, order = sweep.setting, sweep.order
    left, known = not_on_record(jobs, setting.scene, order.folder)
    sweep.tracks += known
    places = sorted({job.place for job in jobs}) if setting.scene.is_each else [ALL]
    if not left and all(place in sweep.standards for place in places):
        sweep.tell.stage(name, len(jobs), len(known))
        return
    client, recorder = hire()
    if not all(place in sweep.standards for place in places):
        sweep.tell.say("asking the world for its truth, to score by")
        sweep.standards = find_standards(client, setting, places, sweep.standards)
        write_standards(order.folder, setting.scene.key, sweep.standards)
    sweep.tell.stage(name, len(jobs), len(known))
    scene = replace(setting.scene, key=f"{setting.scene.key}-{name}", standards=dict(sweep.standards))
    for one in play(client, left, scene):
        if isinstance(one, Rehearsed):
            recorder.write(one)
            sweep.tracks.append(one.track)
        else:
            sweep.broken.append(one)
            sweep.tell.say(f"{one.job.name} broke off: {one.why}")
        sweep.tell.advance()


def chosen(sweep: Sweep) -> tuple[str, list[str]]:
    """The recommended strategy so far, and whom it is held against on fresh seeds."""
    contest = sort_out(sweep.tracks, sweep.order.n_seeds, budget_of(sweep.setting), sweep.scale)
    pairs = pair_all(contest)
    best = recommend(contest, pairs)
    plain = [name for name, (one, _) in sweep.setting.plans.items() if one.is_plain]
    return best, rivals_of(best, contest, pairs, plain)


def budget_of(setting: Setting) -> int:
    """Measurements of a campaign."""
    n, listed = setting.plan.spec.budget.measurements, setting.plan.space.candidates
    return min(n, len(listed)) if listed else n


def _fresh(sweep: Sweep) -> list[Job]:
    best, rivals = chosen(sweep)
    n = sweep.order.n_seeds
    return [sweep.setting.job(name, place) for place in range(n, 2 * n) for name in (best, *rivals)]


def _varied(sweep: Sweep) -> list[Job]:
    best, _ = chosen(sweep)
    return variants_of(sweep.setting, best, sweep.order.n_seeds)
