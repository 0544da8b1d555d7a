"""What a strategy proposes is looked at before anything of it goes on record."""

import pytest

from agent.strategy.checked import Checked
from models.domain.decision import Reason
from models.domain.errors import StrategyFailed
from models.domain.history import History
from models.domain.space import Point
from tests import fakes

WHY = Reason(code="x", sentence="x.")


def point(**changes: float) -> Point:
    return Point(coordinates={"surfactant": 0.2, "cosurfactant": 0.1, "water": 0.7} | changes)


def proposing(problem, **changes):
    class Own:
        def propose(self, history):
            decision = problem.measure(history, "suggest", point(), WHY)
            return decision.model_copy(update=changes)

    return Checked(Own(), "own:build", problem.space)


def test_an_allowed_decision_passes_as_it_is(problem):
    assert proposing(problem).propose(History()).point == point()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"point": point(surfactant=0.9, water=0.0)}, "surfactant = 0.9"),
        ({"point": point(water=0.6)}, "must be 1"),
        ({"point": Point(coordinates={"surfactant": 0.2})}, "no value for cosurfactant"),
        ({"point": point(salt=1.0)}, "salt, which is no axis"),
        ({"point": None}, "without a point"),
        ({"kind": "blank"}, "kind 'blank'"),
        ({"seq": 7}, "decision 7, where 1 is next"),
    ],
)
def test_what_the_campaign_does_not_allow_is_refused_by_name(problem, changes, said):
    with pytest.raises(StrategyFailed, match="own:build") as caught:
        proposing(problem, **changes).propose(History())
    assert said in str(caught.value)


def test_a_strategy_that_raises_is_named_and_nothing_is_on_record(problem, make_loop):
    class Broken:
        def propose(self, history):
            raise ZeroDivisionError("division by zero")

    loop = make_loop(Checked(Broken(), "own:build", problem.space))
    with pytest.raises(StrategyFailed, match=r"own:build raised ZeroDivisionError.*Mend it"):
        loop.run()
    assert loop.history.decisions == ()


def test_a_sample_that_does_not_exist_is_refused(problem):
    space = fakes.TERNARY.model_copy(update={"candidates": (point().model_copy(update={"sample": "A"}),)})

    class Own:
        def propose(self, history):
            return problem.measure(history, "suggest", point().model_copy(update={"sample": "zz"}), WHY)

    with pytest.raises(StrategyFailed, match="'zz', which does not exist"):
        Checked(Own(), "own:build", space).propose(History())
