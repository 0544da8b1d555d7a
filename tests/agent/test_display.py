"""What a person sees while it runs: the decision, why, the best so far, and when it will end."""

import io
import re

import pytest
from rich.console import Console

from agent.display import LiveDisplay
from agent.narrators import PlainLines
from agent.stopping import Ending
from agent.strategy.stack import build_strategy
from models.domain.campaign import BudgetSpec
from models.domain.decision import Decision, Reason
from models.domain.history import Failure, History
from models.domain.objective import as_objective
from models.domain.records import Event
from models.domain.space import Point
from tests import fakes
from tests.agent.test_deck_strategy import on_deck
from tests.agent.test_strategy_bayes import measured


class Watch:
    """A clock that tests set, s."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def decided(seq: int, surfactant: float = 0.3) -> Decision:
    point = Point(coordinates={"surfactant": surfactant, "cosurfactant": 0.15, "water": 0.85 - surfactant})
    why = Reason(code="expected_improvement", sentence="Largest expected improvement: height 0.9 expected.")
    return Decision(seq=seq, kind="suggest", point=point, reason=why, exposure_s=1.0)


def learned(history: History, decision: Decision) -> History:
    action = fakes.FakeInstrument().actions(decision)[1]
    exposure = fakes.exposure_of(action, decision)
    return history.plus(decision).plus(exposure).plus(fakes.FakeAnalysis()(exposure, None).observation)


@pytest.fixture
def console() -> Console:
    return Console(record=True, width=100, force_terminal=True, file=io.StringIO())


def screen(console: Console, display: LiveDisplay) -> str:
    """What the panel shows right now."""
    console.export_text(clear=True)
    console.print(display._render())
    return console.export_text(clear=True)


def test_a_decision_is_shown_with_its_place_its_reason_and_what_is_being_done(console):
    display = LiveDisplay(console, fakes.spec(), Watch())
    decision = decided(1)
    display.decided(decision)
    display.acting(fakes.FakeInstrument().actions(decision)[1])
    shown = screen(console, display)
    for part in (
        "Nightbeam · fake", "maximise height", "decision 1", "surfactant 0.3, cosurfactant 0.15, water 0.55",
        "Largest expected improvement: height 0.9 expected.", "exposing", "0/6",
    ):  # fmt: skip
        assert part in shown


def test_the_best_so_far_and_the_time_left_follow_what_was_learned(console):
    watch = Watch()
    display = LiveDisplay(console, fakes.spec(budget=BudgetSpec(measurements=10)), watch)
    history = History()
    for seq, surfactant in ((1, 0.3), (2, 0.5)):
        watch.now_s += 15.0
        history = learned(history, decided(seq, surfactant))
        display.decided(decided(seq, surfactant))
        display.learned(decided(seq, surfactant), history)
    shown = screen(console, display)
    assert "height 1 ± 0.01 1/cm (decision 1: surfactant 0.3" in shown
    assert "2/10" in shown
    assert "about 2 min left" in shown  # 8 more at 15 s each


def test_a_resumed_run_estimates_from_its_own_pace_alone(console):
    watch = Watch()
    display = LiveDisplay(console, fakes.spec(budget=BudgetSpec(measurements=10)), watch)
    history = History()
    for seq in range(1, 6):
        history = learned(history, decided(seq))
    watch.now_s += 4.0
    display.learned(decided(6), learned(history, decided(6)))
    assert "about 16 s left" in screen(console, display)  # 4 more at 4 s each, whatever the first 5 took


def test_outcomes_failures_and_events_scroll_past(console):
    display = LiveDisplay(console, fakes.spec(), Watch())
    history = learned(History(), decided(1))
    display.learned(decided(1), history)
    lost = history.plus(decided(2)).plus(
        Failure(seq=2, code="BeamlineFault", sentence="the shutter is stuck")
    )
    display.learned(decided(2), lost)
    display.noted(Event(level="warning", code="retried", sentence="The exposure was given again."))
    display.ended(Ending("finished", "All 6 measurements of the budget are done.", is_finished=True))
    shown = screen(console, display)
    for part in (
        "height 1 ± 0.01 1/cm", "failed: the shutter is stuck", "The exposure was given again.",
        "All 6 measurements of the budget are done.",
    ):  # fmt: skip
        assert part in shown


def test_words_in_square_brackets_are_shown_and_not_taken_for_colours(console):
    display = LiveDisplay(console, fakes.spec(), Watch())
    sentence = "Decision failed [Errno 5] at [red] limit."
    decision = decided(1).model_copy(update={"reason": Reason(code="repeat", sentence=sentence)})
    display.decided(decision)
    display.noted(Event(level="alarm", code="x", sentence=sentence))
    assert screen(console, display).count("[Errno 5] at [red] limit.") == 2


def test_a_target_campaign_shows_what_it_aims_at(console):
    near = as_objective(feature="height", goal="target", target=0.5)
    display = LiveDisplay(console, fakes.spec(objective=near), Watch())
    assert "height as near as possible to 0.5" in screen(console, display)


def test_the_panel_is_drawn_while_the_display_is_open_and_left_behind_when_it_closes(console):
    with LiveDisplay(console, fakes.spec(), Watch()) as display:
        display.decided(decided(1))
        display.learned(decided(1), learned(History(), decided(1)))
    assert "best so far" in console.export_text()


def test_without_a_terminal_each_decision_is_two_plain_lines():
    lines: list[str] = []
    narrator = PlainLines(lines.append, fakes.spec().objective)
    narrator.decided(decided(1))
    narrator.learned(decided(1), learned(History(), decided(1)))
    assert lines == [
        "   1 suggest at surfactant 0.3, cosurfactant 0.15, water 0.55: "
        "Largest expected improvement: height 0.9 expected.",
        "   1 -> height 1 ± 0.01 1/cm",
    ]


def test_the_panel_says_for_how_many_samples_the_deck_lasts(console):
    spec, problem = on_deck("space_filling")
    display, strategy, history = LiveDisplay(console, spec), build_strategy(spec, problem), History()
    assert "deck" not in screen(console, display)
    for _ in range(2):
        history = measured(history, strategy.propose(history), fakes.FakeAnalysis())
    display.learned(history.decisions[-1], history)
    said = " ".join(screen(console, display).replace("│", " ").split())
    assert re.search(r"deck (stock \w+|wells) lasts? for \d+ more samples", said), said
    assert "it is what runs out first" in said
