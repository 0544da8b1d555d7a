"""A small campaign on record with one of everything, for the tests of exports."""

from pathlib import Path

import numpy as np
import sqlalchemy as sa

from db.engine import open_to_read
from db.export.formats import Exported, Order, export
from db.export.source import Progress, unwatched
from db.log import DecisionLog
from models.domain.action import ActionReport, Asset, Exposure
from models.domain.analysis_spec import AnalysisSpec
from models.domain.artifact import Artifact
from models.domain.curve_text import curve_to_text
from models.domain.decision import Actor, Decision, Reason
from models.domain.history import Failure, Observation
from models.domain.records import Annotation, Answered, Decided, Ended, Event, Observed, Started
from models.domain.request import Answer, Request
from models.domain.scattering import Absence, Curve, Feature, Verdict
from models.domain.space import Axis, Point
from tests import fakes
from tests.db.test_log import decision, put

FORMULA = '=HYPERLINK("http://evil", "go") ± 1'
Q = np.geomspace(0.08, 4.0, 40)
UTC = "2026-01-02T03:04:05.000000+00:00"


def curve(seq: int, unit: str = "1/cm") -> Curve:
    """A curve with numbers that only exact text can carry, some of them negative."""
    rng = np.random.default_rng(seq)
    intensity = np.exp(-(Q**2)) / 3.0 + rng.normal(0.0, 1e-3, Q.size)
    return Curve(Q / 3.0, intensity, np.full(Q.size, 1e-3) * rng.uniform(0.9, 1.1, Q.size), unit, 0.0123)


def observed(seq: int, *, is_accepted: bool = True, unit: str = "1/cm", blank: int | None = None) -> Observed:
    """An observation with its curve kept."""
    kept = Artifact(
        role="curve", name="curve", media_type="text/plain", content=curve_to_text(curve(seq, unit)).encode()
    )
    features = (
        Feature(name="height", value=-0.1 - 0.2, sigma=1e-300, unit="1/cm"),
        Feature(name="rg", value=1.5e300, sigma=2.0, unit="nm"),
    )
    observation = Observation(
        seq=seq, is_accepted=is_accepted, blank_seq=blank, features=features if is_accepted else (),
        absences=(Absence(name="d", why="@ no peak"),),
        verdicts=(
            Verdict(check="beam", is_ok=is_accepted, value=1.0, limit=2.0, unit="px", remedy="none"),
        ),
        curve=Asset(role="curve", path=f"/gone/{seq}.dat", sha256=kept.sha256, n_bytes=len(kept.content)),
    )  # fmt: skip
    return Observed(observation=observation, artifacts=(kept,))


def put_exposed(log: DecisionLog, one: Decision, campaign: str) -> None:
    """Put a decision and all its actions; the exposure knows its transmission."""
    actions = fakes.FakeInstrument(campaign=campaign).actions(one)
    actions = tuple(a.model_copy(update={"sample": f"vial-{one.seq}"}) for a in actions)
    log.append(Decided(decision=one, actions=actions))
    for action in actions:
        log.append(Started(action_id=action.action_id))
        exposure: Exposure | None = None
        if action.kind == "expose":
            known = {"transmission": 0.75, "transmission_sigma": 0.001, "monitor": 1e6}
            exposure = fakes.exposure_of(action, one).model_copy(update=known)
        log.append(
            Ended(
                report=ActionReport(
                    action_id=action.action_id, status="succeeded", sentence="", exposure=exposure
                )
            )
        )


def fill(log: DecisionLog, name: str = "fake", unit: str = "1/cm") -> None:
    """Put one of everything on record."""
    blank = decision(1).model_copy(update={"kind": "blank", "candidates": (), "model": None})
    put_exposed(log, blank, name)
    log.append(observed(1, unit=unit))
    put_exposed(log, decision(2, 0.2), name)
    log.append(observed(2, unit=unit, blank=1))
    put_exposed(log, decision(3, 0.3), name)
    log.append(observed(3, is_accepted=False, blank=1))
    put(log, decision(4, 0.4), is_exposed=False, campaign=name)
    log.append(Failure(seq=4, code="BeamlineFault", sentence=FORMULA))
    override = Decision(
        seq=5, kind="human_override", actor=Actor(kind="human", name="@eve"), supersedes=4,
        point=Point(coordinates={"surfactant": 0.5, "cosurfactant": 0.1, "water": 0.4}),
        reason=Reason(code="override", sentence="-1 looks wrong,\r\nsaid \"Eve\""),
    )  # fmt: skip
    put(log, override, is_exposed=False, campaign=name)
    log.append(Event(level="alarm", code="stuck", sentence="+stuck", seq=4))
    log.append(Annotation(kind="note", who="@eve", text="\tlook", seq=2))
    log.append(Request(kind="pause", who="@eve", why="=1+1"))
    log.append(Request(kind="veto", who="Bob", why="bubbles", seq=4, radius=0.05, hours=2.0))
    number = log.requests()[-1].id
    log.append(Answered(answers=(Answer(request=number, seq=6, code="obeyed", sentence="It holds."),)))
    stop = Decision(seq=6, kind="stop", point=None, reason=Reason(code="finished", sentence="All measured."))
    log.append(Decided(decision=stop, actions=()))


def record(url: str, root: Path) -> None:
    """Two campaigns in one database; the second has one axis in another unit, and arbitrary intensities."""
    log = fakes.open_log(url, fakes.spec(), root)
    fill(log)
    log.close()
    axes = (Axis(name="surfactant", low=0.0, high=0.6, unit="mol/L"), *fakes.TERNARY.axes[1:])
    other = fakes.spec("other", axes=axes, sums=(), analysis=AnalysisSpec(features=("peak",)))
    log = fakes.open_log(url, other, root)
    fill(log, "other", "a.u.")
    log.close()


def exported(url: str, form: str, out: Path, tell: Progress = unwatched, **asked: object) -> Exported:
    """Export a database."""
    order = Order(form=form, out=out, utc=UTC, version="9.9", **asked)  # pyright: ignore[reportArgumentType]
    return export(open_to_read(url), order, tell)


def execute(url: str, *statements: str) -> None:
    """An editor's hand in an SQLite database, without its triggers."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        triggers = connection.exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).scalars()
        for name in triggers.all():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()
