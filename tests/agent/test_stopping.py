"""A campaign ends for one reason, which it can say."""

from agent.stopping import ending_due, ending_of, reason_of
from models.domain.campaign import BudgetSpec
from models.domain.decision import Decision, Reason
from models.domain.history import Duration, Failure, History, Observation
from models.domain.space import Point

BEGAN, LATER = "2026-01-01T00:00:00.000000+00:00", "2026-01-01T02:30:00.000000+00:00"


def history(outcomes: str) -> History:
    """One decision a letter: g for good, r for rejected, f for failed, b for a blank."""
    told = History()
    for seq, letter in enumerate(outcomes, start=1):
        told = told.plus(
            Decision(
                seq=seq, kind="blank" if letter == "b" else "suggest", point=Point(coordinates={"x": 0.0}),
                reason=Reason(code="c", sentence="s"),
            )
        )  # fmt: skip
        if letter == "f":
            told = told.plus(Failure(seq=seq, code="x", sentence="y"))
        else:
            told = told.plus(Observation(seq=seq, is_accepted=letter in "gb"))
    return told


def due(budget: BudgetSpec, outcomes: str, now: str = BEGAN) -> str | None:
    ending = ending_due(budget, history(outcomes), BEGAN, now)
    return ending.code if ending else None


def test_it_goes_on_while_there_is_budget():
    assert due(BudgetSpec(measurements=4), "ggg") is None


def test_it_is_finished_when_all_measurements_are_done_even_if_the_last_failed():
    ending = ending_due(BudgetSpec(measurements=3), history("ggf"), BEGAN, BEGAN)
    assert ending is not None
    assert (ending.code, ending.is_finished) == ("finished", True)


def test_only_failures_without_a_success_between_them_stop_it():
    budget = BudgetSpec(measurements=99, failures_in_a_row=3)
    assert due(budget, "ffgff") is None
    assert due(budget, "gfrf") == "failures"


def test_blanks_without_end_are_no_night():
    budget = BudgetSpec(measurements=99)
    assert due(budget, "g" + "b" * 11) is None
    assert due(budget, "b" * 6 + "g" + "b" * 6) is None
    assert due(budget, "g" + "b" * 12) == "failures"


def test_the_hours_count_from_when_the_campaign_began():
    assert due(BudgetSpec(measurements=9, hours=2.6), "g", LATER) is None
    assert due(BudgetSpec(measurements=9, hours=2.4), "g", LATER) == "hours"


def test_the_hours_of_a_simulated_night_count_though_nobody_waits_for_them():
    night = history("g").plus(Duration(seq=1, kind="expose", seconds=2.5 * 3600))
    ending = ending_due(BudgetSpec(measurements=9, hours=2.4), night, BEGAN, BEGAN)
    assert ending is not None
    assert ending.sentence == "2.5 h have passed (limit 2.4 h)."
    assert ending_due(BudgetSpec(measurements=9, hours=2.6), night, BEGAN, BEGAN) is None


def test_a_simulated_night_is_not_ended_by_the_wall_s_clock():
    night = history("g").plus(Duration(seq=1, kind="expose", seconds=60.0))
    short = BudgetSpec(measurements=9, hours=0.02)
    assert ending_due(short, night, BEGAN, LATER) is not None
    assert ending_due(short, night, None, LATER) is None
    ending = ending_due(BudgetSpec(measurements=9, hours=0.015), night, None, LATER)
    assert ending is not None
    assert ending.sentence == "0.0167 h have passed (limit 0.015 h)."


def test_an_ending_survives_being_written_down_as_a_decision():
    ending = ending_due(BudgetSpec(measurements=1), history("g"), BEGAN, BEGAN)
    assert ending is not None
    stop = Decision(seq=2, kind="stop", point=None, reason=reason_of(ending))
    assert ending_of(stop) == ending
