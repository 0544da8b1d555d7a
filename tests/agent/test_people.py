"""People beside a run: heard at safe edges, obeyed once, answered on record; replay computes the rest."""

import time

import numpy as np
import pytest

from agent.loop import Loop
from agent.people import Terms
from agent.replay import Circumstances, replay
from agent.steering import Standing, pinned_point, place_of, refuse_idle, vetoed_decision
from agent.strategy.choices import Choices
from agent.strategy.pool import gather_pool
from agent.strategy.stack import build_strategy
from models.domain.campaign import BudgetSpec, Plug
from models.domain.decision import Decision, Reason
from models.domain.errors import BadInput
from models.domain.history import Failure, History
from models.domain.people import EmailSpec, NotifySpec, PeopleSpec
from models.domain.request import Request
from models.domain.space import Axis, Point, SearchSpace
from models.domain.veto import Veto
from models.gp.encoding import Encoding
from tests import fakes

CORNER = Point(coordinates={"surfactant": 0.2, "cosurfactant": 0.1, "water": 0.7})


class Waiting:
    """A run's patience: each time it sleeps, the next thing is said, and a second has passed."""

    def __init__(self, *said, veto_s=0.0):
        self.said, self.now_s, self.n_slept = list(said), 0.0, 0
        self.loop: Loop | None = None
        self.terms = Terms(fakes.TERNARY, veto_s, self.sleep, lambda: self.now_s)

    def sleep(self, seconds):
        self.now_s += seconds
        self.n_slept += 1
        assert self.n_slept < 200, "it waits without end"
        if self.said:
            request = self.said.pop(0)
            if callable(request):
                request(self.loop)
            elif request is not None:
                ask(self.loop, request)


def ask(loop, request):
    loop._parts.log.append(request)
    return loop._parts.log.requests()[-1].id


def pause(why="hutch search"):
    return Request(kind="pause", who="Ana", why=why)


def resume():
    return Request(kind="resume", who="Bob", why="hutch is closed")


def pin(point=CORNER):
    return Request(kind="pin", who="Bob", why="a ring, by eye", point=point, exposure_s=2.0)


def veto(point=CORNER, radius=0.1, hours=None):
    return Request(kind="veto", who="Ana", why="bubbles", point=point, radius=radius, hours=hours)


def answers(loop):
    return [(one.request.kind, a.seq, a.code) for one in loop._parts.log.requests() for a in one.answers]


def when_seq_is(loop, seq, act):
    """Do something while the decision of that number is measured."""
    perform = loop._parts.instrument.perform

    def performing(action, decision):
        if decision.seq == seq and action.kind == "load":
            act()
        return perform(action, decision)

    loop._parts.instrument.perform = performing


def test_a_paused_run_closes_the_shutter_moves_nothing_and_goes_on_when_somebody_resumes(make_loop, even):
    waiting = Waiting(None, None, resume())
    loop = waiting.loop = make_loop(even, terms=waiting.terms)
    instrument = loop._parts.instrument
    seen = []
    waiting.said[0] = lambda loop: seen.append((list(instrument.performed), instrument.n_safe))
    waiting.said[1] = lambda loop: seen.append((list(instrument.performed), instrument.n_safe))
    when_seq_is(loop, 2, lambda: ask(loop, pause()))
    loop.run()
    assert seen[0] == seen[1]
    assert seen[0][0][-1] == "fake-00002-2expose-1"
    assert seen[0][1] == 2, "once at the start, once for the pause"
    assert waiting.n_slept == 3
    assert answers(loop) == [("pause", 3, "obeyed"), ("resume", 3, "obeyed")]
    assert loop.history.n_measured == 6


def test_a_pause_changes_nothing_of_what_is_decided(make_loop, bayesian, tmp_path):
    waiting = Waiting(None, resume())
    loop = waiting.loop = make_loop(bayesian, terms=waiting.terms)
    when_seq_is(loop, 4, lambda: ask(loop, pause()))
    loop.run()
    undisturbed = make_loop(
        bayesian, campaign=fakes.spec("other"), instrument=fakes.FakeInstrument(campaign="other")
    )
    undisturbed.run()
    assert [d.point for d in undisturbed.history.decisions] == [d.point for d in loop.history.decisions]


def test_a_pause_outlives_a_kill_and_is_answered_once(make_loop, even):
    def killed(_):
        raise KeyboardInterrupt

    waiting = Waiting(None, killed)
    loop = waiting.loop = make_loop(even, terms=waiting.terms)
    when_seq_is(loop, 2, lambda: ask(loop, pause()))
    with pytest.raises(KeyboardInterrupt):
        loop.run()
    instrument, again = fakes.FakeInstrument(), Waiting(None, None, resume())
    resumed = again.loop = make_loop(even, terms=again.terms, instrument=instrument)
    again.said[1] = lambda _: instrument.performed.append("still paused")
    resumed.run()
    assert instrument.performed[0] == "still paused"
    assert answers(resumed) == [("pause", 3, "obeyed"), ("resume", 3, "obeyed")]


def test_a_decision_that_was_on_record_and_not_begun_waits_for_the_resume_as_well(make_loop, even):
    loop = make_loop(even)
    append = loop._parts.log.append

    def dying(record):
        append(record)
        if getattr(record, "decision", None) is not None and record.decision.seq == 2:
            raise KeyboardInterrupt

    loop._parts.log.append = dying
    with pytest.raises(KeyboardInterrupt):
        loop.run()
    instrument, waiting = fakes.FakeInstrument(), Waiting(None, resume())
    resumed = waiting.loop = make_loop(even, terms=waiting.terms, instrument=instrument)
    ask(resumed, pause())
    waiting.said[0] = lambda _: instrument.performed.append("still paused")
    resumed.run()
    assert instrument.performed[:2] == ["still paused", "fake-00002-1load-1"]


def test_a_paused_run_that_was_killed_in_the_midst_of_an_exposure_does_not_take_it_again_before_the_resume(
    make_loop, even
):
    instrument = fakes.FakeInstrument()
    loop = make_loop(even, instrument=instrument)
    perform = instrument.perform

    def killed_in_the_exposure(action, decision):
        if action.action_id == "fake-00002-2expose-1":
            ask(loop, pause())
            raise KeyboardInterrupt
        return perform(action, decision)

    instrument.perform = killed_in_the_exposure
    with pytest.raises(KeyboardInterrupt):
        loop.run()
    again, waiting = fakes.FakeInstrument(), Waiting(None, resume())
    resumed = waiting.loop = make_loop(even, terms=waiting.terms, instrument=again)
    waiting.said[0] = lambda _: again.performed.append("still paused")
    resumed.run()
    assert again.performed[:3] == ["still paused", "fake-00002-1load-2", "fake-00002-2expose-2"]


def test_a_person_and_a_signal_may_stop_a_paused_run(make_loop, even):
    waiting = Waiting(lambda loop: loop.request_stop("SIGTERM"))
    loop = waiting.loop = make_loop(even, terms=waiting.terms)
    ask(loop, pause())
    assert loop.run().sentence == "SIGTERM asked to stop."
    waiting = Waiting(Request(kind="stop", who="Eve", why="beam dump"))
    loop = waiting.loop = make_loop(even, terms=waiting.terms)
    ending = loop.run()
    assert (ending.code, ending.sentence) == ("person", "Eve asked to stop: beam dump")
    assert answers(loop)[-1] == ("stop", 2, "obeyed")
    assert loop.history.decisions[-1].actor.name == "Eve"
    waiting = Waiting(resume())
    loop = waiting.loop = make_loop(even, terms=waiting.terms)
    assert loop.run().is_finished, "a stop that was obeyed is not obeyed twice"


def test_a_pause_that_was_taken_back_before_an_edge_is_told_so(make_loop, even):
    loop = make_loop(even)
    when_seq_is(loop, 2, lambda: [ask(loop, pause()), ask(loop, resume())])
    loop.run()
    assert answers(loop) == [("pause", 3, "overtaken"), ("resume", 3, "obeyed")]


def test_pins_are_measured_next_in_the_order_in_which_they_were_asked_and_only_once(make_loop, even):
    other = Point(coordinates={"surfactant": 0.5, "cosurfactant": 0.2, "water": 0.3})
    loop = make_loop(even, terms=Waiting().terms)
    when_seq_is(loop, 2, lambda: [ask(loop, pin()), ask(loop, pin(other))])
    loop.run()
    third, fourth = loop.history.decision(3), loop.history.decision(4)
    assert (third.kind, third.point, third.exposure_s) == ("human_override", CORNER, 2.0)
    assert (third.actor.name, third.reason.sentence, third.supersedes) == ("Bob", "a ring, by eye", 2)
    assert (fourth.kind, fourth.point) == ("human_override", other)
    assert [d.kind for d in loop.history.decisions].count("human_override") == 2
    assert answers(loop) == [("pin", 3, "obeyed"), ("pin", 4, "obeyed")]


@pytest.mark.parametrize("n_appends", [4, 5, 7])
def test_a_pin_that_was_obeyed_before_a_crash_is_not_obeyed_twice(make_loop, even, n_appends):
    """It dies before the pin's decision, right after it, and within it."""
    loop = make_loop(even, terms=Waiting().terms)
    append, left = loop._parts.log.append, []

    def dying(record):
        if left and not left.pop():
            raise KeyboardInterrupt
        append(record)

    def asking():
        append(pin())
        left.extend([False, *[True] * n_appends])

    when_seq_is(loop, 2, asking)
    loop._parts.log.append = dying
    with pytest.raises(KeyboardInterrupt):
        loop.run()
    assert (loop.history.next_seq > 3) == (n_appends > 4)
    resumed = make_loop(even, terms=Waiting().terms)
    resumed.run()
    assert [d.kind for d in resumed.history.decisions].count("human_override") == 1
    assert answers(resumed) == [("pin", 3, "obeyed")]


def test_of_two_people_at_once_a_veto_wins_over_a_pin(make_loop, even):
    loop = make_loop(even, terms=Waiting().terms)
    when_seq_is(loop, 2, lambda: [ask(loop, pin()), ask(loop, veto())])
    loop.run()
    assert answers(loop) == [("pin", 3, "refused"), ("veto", 3, "obeyed")]
    assert not any(d.kind == "human_override" for d in loop.history.decisions)
    refused = loop._parts.log.requests()[0].answers[0].sentence
    assert "vetoed" in refused
    assert "bubbles" in refused


def covered(loop, box, seqs):
    return [box.covers(loop.history.decision(seq).point.coordinates, fakes.TERNARY.axes) for seq in seqs]


STRATEGIES = {
    "bayes": {"kind": "bayes", "initial": 3, "pool": 256},
    "ahead": {"kind": "bayes", "initial": 3, "pool": 256, "ahead": True},
    "space_filling": {"kind": "space_filling", "pool": 256},
    "random": {"kind": "random"},
}


@pytest.mark.parametrize("name", STRATEGIES)
def test_what_is_vetoed_is_not_proposed_the_log_says_so_and_replay_computes_it(make_loop, problem, name):
    campaign = fakes.spec(strategy=Plug.model_validate(STRATEGIES[name]), budget=BudgetSpec(measurements=7))
    top = Point(coordinates={"surfactant": 0.30, "cosurfactant": 0.15, "water": 0.55})
    box = Veto(request=1, who="Ana", why="bubbles", coordinates=top.coordinates, radius=0.45, since=4)
    free = make_loop(
        build_strategy(campaign, problem), campaign=campaign.model_copy(update={"name": "free"}),
        instrument=fakes.FakeInstrument(campaign="free"),
    )  # fmt: skip
    free.run()
    assert any(covered(free, box, range(4, 8))), "the box is where it would look"
    loop = make_loop(build_strategy(campaign, problem), campaign=campaign, terms=Waiting().terms)
    when_seq_is(loop, 3, lambda: ask(loop, veto(top, radius=0.45)))
    loop.run()
    assert not any(covered(loop, box, range(4, 8)))
    for decision in loop.history.decisions[3:7]:
        assert "Left out as vetoed" in decision.reason.sentence
        assert "by Ana: bubbles" in decision.reason.sentence
    for seq, decision in enumerate(loop.history.decisions, start=1):
        model = decision.model.sha256 if decision.model else None
        under = Circumstances(campaign, loop._began_utc, "2026-01-01T00:10:00+00:00", model)
        again = replay(problem, loop.history, seq, under)
        assert again.verdict == "exact", (seq, again.sentence)
    assert make_loop(build_strategy(campaign, problem), campaign=campaign).history == loop.history


def test_a_veto_lapses_after_its_hours_and_a_lifted_one_at_once(make_loop, even):
    loop = make_loop(even, terms=Waiting().terms, campaign=fakes.spec(budget=BudgetSpec(measurements=9)))
    numbers = []
    when_seq_is(loop, 2, lambda: numbers.append(ask(loop, veto(hours=3.0 / 3600.0))))
    when_seq_is(loop, 3, lambda: numbers.append(ask(loop, veto(radius=0.2))))
    lift = lambda: ask(loop, Request(kind="lift", who="Bob", why="gone", lifts=numbers[1]))  # noqa: E731
    when_seq_is(loop, 5, lift)
    loop.run()  # the clock of these tests ticks by a second each time it is read
    first, second = loop.history.vetoes
    assert first.since == 3
    assert first.until is not None
    assert (second.since, second.until) == (4, 6)
    assert ("lift", 6, "obeyed") in answers(loop)
    assert make_loop(even).history == loop.history


def test_where_all_is_vetoed_the_night_ends_and_says_why(make_loop, even):
    loop = make_loop(even, terms=Waiting().terms)
    when_seq_is(loop, 2, lambda: ask(loop, veto(radius=1.0)))
    ending = loop.run()
    assert (ending.code, ending.is_finished) == ("vetoed", False)
    assert "bubbles" in ending.sentence


def test_each_measurement_waits_for_a_veto_and_the_next_best_takes_its_place(make_loop, problem):
    campaign = fakes.spec(
        strategy=Plug.model_validate(STRATEGIES["bayes"]), budget=BudgetSpec(measurements=5)
    )
    forbid = lambda loop: ask(loop, Request(kind="veto", who="Ana", why="bubbles", seq=4, radius=0.05))  # noqa: E731
    waiting = Waiting(*[None] * 9, forbid, veto_s=3.0)
    loop = waiting.loop = make_loop(build_strategy(campaign, problem), campaign=campaign, terms=waiting.terms)
    loop.run()
    failure, performed = loop.history.failure(4), loop._parts.instrument.performed
    assert failure is not None
    assert (failure.code, failure.sentence) == ("vetoed", "Vetoed by Ana: bubbles")
    assert not any("00004" in action for action in performed)
    assert [d.kind for d in loop.history.decisions] == ["initial_design"] * 3 + ["suggest"] * 3 + ["stop"]
    assert loop.history.decision(5).point != loop.history.decision(4).point
    assert loop.history.n_measured == 5, "what was called off spends no budget"
    assert waiting.n_slept == 5 * 3 + 1
    assert answers(loop) == [("veto", 5, "obeyed")]
    again = make_loop(build_strategy(campaign, problem), campaign=campaign)
    assert again.history == loop.history


def test_a_stop_while_a_decision_waits_withdraws_it_and_a_later_run_measures_elsewhere_or_there(
    make_loop, even
):
    waiting = Waiting(None, Request(kind="stop", who="Eve", why="beam dump"), veto_s=5.0)
    loop = waiting.loop = make_loop(even, terms=waiting.terms)
    assert loop.run().code == "person"
    assert loop._parts.instrument.performed == []
    assert loop.history.failure(1).code == "withdrawn"
    resumed = make_loop(even)
    assert resumed.run().is_finished
    assert resumed.history.decision(3).point == loop.history.decision(1).point
    assert resumed.history.n_measured == 6


def test_a_veto_that_was_heard_before_a_crash_still_holds_for_the_decision_that_waited(make_loop, even):
    def killed(loop):
        loop._people.hear(loop._book, lambda: False)
        raise KeyboardInterrupt

    forbid = Request(kind="veto", who="Ana", why="bubbles", seq=1, radius=0.05)
    waiting = Waiting(veto_s=5.0)
    waiting.said = [lambda loop: [ask(loop, forbid), killed(loop)]]
    loop = waiting.loop = make_loop(even, terms=waiting.terms)
    with pytest.raises(KeyboardInterrupt):
        loop.run()
    resumed = make_loop(even, terms=Waiting().terms)
    resumed.run()
    assert resumed.history.failure(1).code == "vetoed"
    assert not any("00001" in action for action in resumed._parts.instrument.performed)


def test_a_poll_takes_less_than_five_milliseconds(make_loop, even):
    loop = make_loop(even)
    for _ in range(20):
        ask(loop, pause())
    log = loop._parts.log
    log.requests()
    began = time.process_time()
    for _ in range(50):
        log.requests()
    assert (time.process_time() - began) / 50 < 0.005


@pytest.fixture
def standing(problem):
    decision = problem.measure(History(), "suggest", CORNER, Reason(code="x", sentence="y"))
    return Standing("fake", problem, 1.0, History(decisions=(decision,)), (), ())


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("surfactant=0.9", "cosurfactant=0.1", "water=0.7"), "surfactant = 0.9 1 is outside 0 to 0.6"),
        (("surfactant=0.2",), "no value for cosurfactant, water"),
        (("salt=1",), "names no axis"),
        (("water=wet",), "'wet' is no number"),
        (("water=nan",), "'nan' is not finite"),
        (("water=0.7", "water=0.7"), "is the second value for water"),
    ],
)
def test_a_pin_that_cannot_be_had_is_refused_in_one_line(standing, words, complaint):
    with pytest.raises(BadInput) as refused:
        pinned_point(standing, words, None)
    assert complaint in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_pin_names_a_point_of_a_list_by_its_place_or_its_sample(standing):
    points = [Point(coordinates={"x": float(i)}, sample=f"S{i}") for i in range(3)]
    space = SearchSpace(axes=(Axis(name="x", low=0, high=2),), candidates=tuple(points))
    problem = standing.problem.model_copy(update={"space": space})
    listed = Standing("fake", problem, 1.0, standing.history, (), ())
    assert pinned_point(listed, ["x=1"], None) == points[1]
    assert pinned_point(listed, [], "S2") == points[2]
    for words, sample in ((["x=0.5"], None), ([], "S9"), ([], None)):
        with pytest.raises(BadInput, match="of the list are so"):
            pinned_point(listed, words, sample)


def test_a_veto_comes_too_late_for_what_has_begun_or_is_over(standing):
    assert vetoed_decision(standing, None) == 1
    with pytest.raises(BadInput, match="it is decision 1 that is at hand"):
        vetoed_decision(standing, 7)
    over = standing.history.plus(Failure(seq=1, code="x", sentence="y"))
    with pytest.raises(BadInput, match="no decision is waiting"):
        vetoed_decision(Standing("fake", standing.problem, 1.0, over, (), ()), None)


def test_to_resume_what_is_not_paused_and_to_lift_what_is_not_vetoed_is_refused(standing):
    with pytest.raises(BadInput, match="is not paused"):
        refuse_idle(standing, resume())
    with pytest.raises(BadInput, match="there is no such veto"):
        refuse_idle(standing, Request(kind="lift", who="a", why="b", lifts=3))


def test_a_veto_may_name_some_axes_only_and_levels_must_be_equal():
    axes = (Axis(name="x", low=0, high=10), Axis(name="cell", kind="categorical", levels=("kapton", "mica")))
    space = SearchSpace(axes=axes)
    box = Veto(request=1, who="a", why="b", coordinates=place_of(["cell=mica"], space), radius=0.1, since=1)
    narrowed = Encoding(space.model_copy(update={"vetoed": (box,)}))
    drawn = gather_pool(Encoding(space), 64, 1)
    is_free = narrowed.is_allowed(drawn.columns)
    cells = [point.coordinates["cell"] for point in narrowed.decode(drawn.columns)]
    assert is_free.tolist() == [cell == "kapton" for cell in cells]
    choices = Choices(Encoding(space), History(vetoes=(box,)), drawn)
    assert np.array_equal(choices.is_open, is_free)


def test_what_the_campaign_file_says_of_people_is_checked():
    assert PeopleSpec().veto_s == 0
    mail = {"server": "mx", "from": "a@b", "to": ["c@d"]}
    assert EmailSpec.model_validate(EmailSpec.model_validate(mail).model_dump()).sender == "a@b"
    for wrong, words in (
        ({"email": mail | {"user": "me"}}, "user and password_env"),
        ({"email": mail | {"user": "me", "password_env": "P", "tls": "never"}}, "plain text"),
        ({"webhook": "https://me:secret@host/x"}, "webhook_env"),
        ({"webhook": "ftp://host"}, "no http or https address"),
    ):
        with pytest.raises(ValueError, match=words):
            NotifySpec.model_validate(wrong)


def test_a_strategy_that_knows_of_no_veto_is_held_to_it(problem):
    campaign = fakes.spec(strategy=Plug.model_validate({"kind": "tests.agent.test_people:stubborn"}))
    history = History(
        vetoes=(Veto(request=1, who="a", why="b", coordinates=CORNER.coordinates, radius=0.1, since=1),)
    )
    proposed = build_strategy(campaign, problem).propose(history)
    assert (proposed.kind, proposed.reason.code) == ("fallback", "vetoed")
    assert proposed.point != CORNER


class Stubborn:
    def __init__(self, problem):
        self._problem = problem

    def propose(self, history: History) -> Decision:
        return self._problem.measure(history, "suggest", CORNER, Reason(code="x", sentence="Always there."))


def stubborn(options: dict[str, object], problem):
    del options
    return Stubborn(problem)
