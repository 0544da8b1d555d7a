"""What is printed when a run ends: the best samples, and where everything lies."""

from dataclasses import dataclass
from pathlib import Path

from agent.stopping import Ending
from agent.strategy.problem import Problem
from agent.summary import show_summary
from models.domain.campaign import CampaignSpec
from models.domain.decision import Decision, Reason
from models.domain.history import History
from models.domain.space import Point, SearchSpace
from tests import fakes

DONE = Ending("finished", "All [6] measurements are done [/tmp].", is_finished=True)


@dataclass(frozen=True)
class FakePlan:
    """What the summary asks of a plan."""

    spec: CampaignSpec
    problem: Problem
    space: SearchSpace
    url: str
    folder: Path


def measured(n: int) -> History:
    history = History()
    for seq in range(1, n + 1):
        coordinates = {"surfactant": 0.05 * seq, "cosurfactant": 0.15, "water": 0.85 - 0.05 * seq}
        decision = Decision(
            seq=seq,
            kind="suggest",
            point=Point(coordinates=coordinates),
            reason=Reason(code="c", sentence="s"),
        )
        action = fakes.FakeInstrument().actions(decision)[1]
        exposure = fakes.exposure_of(action, decision)
        history = history.plus(decision).plus(exposure).plus(fakes.FakeAnalysis()(exposure, None).observation)
    return history


def printed(capsys, history: History, url: str, picture: Path | None) -> str:
    spec = fakes.spec()
    problem = Problem(
        space=fakes.TERNARY,
        objective=spec.objective,
        units={spec.objective.quantity: "nm"},
        exposure_s=1.0,
        seed=1,
    )
    plan = FakePlan(spec, problem, fakes.TERNARY, url, Path("/data/[night]"))
    show_summary(plan, history, DONE, picture)
    return capsys.readouterr().out


def test_the_best_five_are_listed_best_first_with_their_uncertainty(capsys):
    out = printed(capsys, measured(7), "sqlite:///nightbeam.db", Path("/data/fake.png"))
    assert "fake: All [6] measurements are done [/tmp]." in out
    assert "height (1/cm)" in out
    rows = [line for line in out.splitlines() if "±" in line]
    assert len(rows) == 5
    assert "6" in rows[0]
    assert "1 ± 0.01" in rows[0]  # the top of the hill is at surfactant 0.30: decision 6


def test_it_says_where_everything_is_and_what_to_type_next(capsys):
    out = printed(capsys, measured(2), "sqlite:///other.db", None)
    for part in ("sqlite:///other.db", "/data/[night]", "not drawn"):
        assert part in out
    assert "nightbeam log --db sqlite:///other.db --campaign fake" in out


def test_the_default_database_need_not_be_named_to_read_the_log(capsys):
    assert "nightbeam log --campaign fake" in printed(capsys, measured(1), "sqlite:///nightbeam.db", None)


def test_a_campaign_without_a_single_value_still_ends_with_a_summary(capsys):
    out = printed(capsys, History(), "sqlite:///nightbeam.db", None)
    assert "0 decisions, 0 measurements" in out
