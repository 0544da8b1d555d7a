"""Small stand-ins for the loop's neighbours, with a memory of what was asked of them."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from agent.strategy.problem import Problem
from db.engine import open_to_write
from db.holder import Holder
from db.identity import CampaignIdentity, identify
from db.lease import Ways, take_lease
from db.log import DecisionLog, Opening, Process
from models.domain.action import Action, ActionReport, Asset, Exposure
from models.domain.artifact import Artifact
from models.domain.campaign import (
    AnalysisSpec,
    BudgetSpec,
    CampaignSpec,
    MeasurementSpec,
    Plug,
)  # fmt: skip
from models.domain.canonical import canonical_json
from models.domain.clock import Clock, Stamp
from models.domain.decision import Decision
from models.domain.errors import BeamlineFault
from models.domain.history import Observation
from models.domain.objective import as_objective
from models.domain.records import Observed
from models.domain.scattering import Absence, Feature, Verdict
from models.domain.space import Axis, Point, SearchSpace, SumConstraint

TERNARY = SearchSpace(
    axes=(
        Axis(name="surfactant", low=0.0, high=0.6),
        Axis(name="cosurfactant", low=0.0, high=0.5),
        Axis(name="water", low=0.2, high=1.0),
    ),
    sums=(SumConstraint(axes=("surfactant", "cosurfactant", "water")),),
)


def spec(name: str = "fake", **changes: object) -> CampaignSpec:
    """A small campaign; `changes` replace whole tables."""
    tables: dict[str, object] = {
        "name": name,
        "seed": 7,
        "axes": TERNARY.axes,
        "sums": TERNARY.sums,
        "objective": as_objective(feature="height"),
        "instrument": Plug(kind="virtual"),
        "measurement": MeasurementSpec(attempts=2),
        "analysis": AnalysisSpec(features=("peak",)),
        "strategy": Plug(kind="bayes"),
        "budget": BudgetSpec(measurements=6),
    }
    return CampaignSpec.model_validate(tables | changes)


def ticking_clock() -> Clock:
    """A clock that moves on by one second each time it is read."""
    ticks = iter(range(1, 10**9))

    def now() -> Stamp:
        second = next(ticks)
        utc = f"2026-01-01T{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}.000000+00:00"
        return Stamp(utc=utc, monotonic_ns=second * 10**9, boot_id="boot")

    return now


def hill(point: Point) -> float:
    """A smooth hill over the ternary with its top at surfactant 0.30, cosurfactant 0.15."""
    return float(np.exp(-((point["surfactant"] - 0.30) ** 2 + (point["cosurfactant"] - 0.15) ** 2) / 0.02))


class FakeInstrument:
    """Does nothing, remembers everything, and fails where it is told to."""

    def __init__(
        self,
        fails: Callable[[Action], bool] = lambda _: False,
        campaign: str = "fake",
        *,
        has_dispenser: bool = False,
        takes: Callable[[Action], float | None] = lambda action: 0.5 + 0.25 * action.step,
    ) -> None:
        self.takes = takes
        self.fails, self.campaign, self.has_dispenser = fails, campaign, has_dispenser
        self.performed: list[str] = []
        self.reports: dict[str, ActionReport] = {}
        self.n_safe = 0

    def actions(self, decision: Decision) -> tuple[Action, ...]:
        kinds = [("load", "idempotent"), ("expose", "verify_then_retry")]
        if self.has_dispenser:
            kinds.insert(0, ("prepare", "at_most_once"))
        return tuple(
            Action(
                action_id=f"{self.campaign}-{decision.seq:05d}-{step}{kind}-1", seq=decision.seq, step=step,
                kind=kind, action_class=action_class,
                sample=f"S{decision.seq}" if self.has_dispenser else None,
            )
            for step, (kind, action_class) in enumerate(kinds, start=1)
        )  # fmt: skip

    def perform(self, action: Action, decision: Decision) -> ActionReport:
        self.performed.append(action.action_id)
        if self.fails(action):
            raise BeamlineFault(f"{action.kind} did not end within 5 s")
        exposure = exposure_of(action, decision) if action.kind == "expose" else None
        return ActionReport(
            action_id=action.action_id, status="succeeded", sentence="done", exposure=exposure,
            duration_s=self.takes(action),
        )  # fmt: skip

    def reconcile(self, action: Action, decision: Decision) -> ActionReport:
        return self.reports.get(
            action.kind,
            ActionReport(action_id=action.action_id, status="failed", sentence="it did not finish"),
        )

    def make_safe(self) -> None:
        self.n_safe += 1


def exposure_of(action: Action, decision: Decision) -> Exposure:
    """What an exposure of that decision brings back."""
    assert decision.point is not None
    asset = Asset(role="frame", path=f"/frames/{action.action_id}.h5", sha256="0" * 64, n_bytes=1)
    return Exposure(
        seq=decision.seq, action_id=action.action_id, run_uid="uid", point=decision.point,
        exposure_s=decision.exposure_s, assets=(asset,),
    )  # fmt: skip


class FakeAnalysis:
    """Reads `height` off a function of the point; rejects or lacks it where it is told to."""

    def __init__(
        self,
        truth: Callable[[Point], float] = hill,
        rejects: Callable[[int], bool] = lambda _: False,
        lacks: Callable[[Point], bool] = lambda _: False,
    ) -> None:
        self.truth, self.rejects, self.lacks = truth, rejects, lacks
        self.blanks: list[int | None] = []

    def __call__(self, exposure: Exposure, blank: Exposure | None, history: Any = None) -> Observed:
        self.blanks.append(blank.seq if blank else None)
        is_rejected = self.rejects(exposure.seq)
        verdict = Verdict(
            check="saturation", is_ok=not is_rejected, value=2.0, limit=1.0, unit="counts",
            remedy="Attenuate the beam.",
        )  # fmt: skip
        if self.lacks(exposure.point):
            absences = (Absence(name="height", why="no peak stands out"),)
            return Observed(
                observation=Observation(seq=exposure.seq, is_accepted=not is_rejected, absences=absences)
            )
        feature = Feature(name="height", value=self.truth(exposure.point), sigma=0.01, unit="1/cm")
        kept = Artifact(role="curve", name="curve", media_type="text/plain", content=b"%d" % exposure.seq)
        observation = Observation(
            seq=exposure.seq, is_accepted=not is_rejected, features=(feature,), verdicts=(verdict,),
            blank_seq=blank.seq if blank else None,
            curve=Asset(role="curve", path=f"/curves/{exposure.seq}", sha256=kept.sha256, n_bytes=1),
        )  # fmt: skip
        return Observed(observation=observation, artifacts=(kept,))


def identified(url: str, campaign: CampaignSpec, root: Path) -> CampaignIdentity:
    """Which campaign this is, with its folder made, as a run makes it."""
    identity = identify(url, campaign, root)
    identity.folder.mkdir(parents=True, exist_ok=True)
    return identity


def open_log(
    url: str, campaign: CampaignSpec, root: Path, clock: Clock | None = None, **doors: Callable[..., Any]
) -> DecisionLog:
    """The log of a campaign, as a run opens it; whoever held it before counts as dead."""
    clock = clock or ticking_clock()
    identity = identified(url, campaign, root)
    _lay_tables(url)
    engine = open_to_write(url)
    nobody = Holder(campaign="fake", host="h", boot_id="boot", pid_space="", pid=0, started="never")
    try:
        lease = take_lease(engine, campaign.name, nobody, Ways(clock))
    except BaseException:
        engine.dispose()
        raise
    problem = Problem(
        space=campaign.space(),
        objective=campaign.objective,
        units={"height": "1/cm"},
        exposure_s=1.0,
        seed=campaign.seed,
    )
    opening = Opening(identity, campaign, canonical_json(problem))
    return DecisionLog(engine, lease, opening, Process(clock, '{"python":"3.11"}', **doors))


def _lay_tables(url: str) -> None:
    """Put the tables where a new SQLite file will be: to migrate each takes a tenth of a second."""
    path = Path(url.removeprefix("sqlite:///"))
    if url.startswith("sqlite:///") and path.parent.is_dir() and not path.exists():
        path.write_bytes(_empty_database())


@cache
def _empty_database() -> bytes:
    """The file of a database with tables and no rows, as the migrations make it."""
    with TemporaryDirectory() as folder:
        open_to_write(sqlite_url(Path(folder))).dispose()
        return (Path(folder) / "log.db").read_bytes()


def sqlite_url(folder: Path) -> str:
    """A database file in a folder."""
    return f"sqlite:///{folder / 'log.db'}"
