"""A state machine that tries what a year of nights would bring, and looks after every step."""

import os
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.protocol.agents import Agent
from tests.protocol.invariants import Rows, check
from tests.protocol.scenarios import BIRTH, FAULTS, KILL_POINTS, NEXT, STOP_POINTS
from tests.protocol.world import PATIENCE_S, World, override

N_EXAMPLES = int(os.environ.get("NIGHTBEAM_EXAMPLES", "12"))
"""Stories that are told; `make torture` asks for more."""
Place = tuple[int, str]
N_STEPS = 12
"""Longest story."""
PLACES = st.one_of(
    st.sampled_from(STOP_POINTS).map(lambda point: (1, point)),
    st.tuples(st.integers(min_value=1, max_value=60), st.just("")),
)
"""Where something comes over an agent: at the next point of a name, or after so many points of any."""
LATER = [point for point in KILL_POINTS if point not in BIRTH]
DEATHS = st.one_of(st.sampled_from(LATER).map(lambda point: (1, point)), PLACES)
"""Where a process dies."""
SUDDEN_FAULTS = [fault for fault in FAULTS if fault[1] not in ("deaf", "hangs")]
"""Those that nobody has to wait for."""
STEPS = {
    "works": st.integers(min_value=1, max_value=2),
    "dies": st.tuples(DEATHS, st.booleans()),
    "is relieved": st.tuples(PLACES, PLACES, st.integers(min_value=0, max_value=60)),
    "wakes up": st.tuples(st.integers(min_value=1, max_value=60), st.integers(min_value=0, max_value=3)),
    "is overruled": st.integers(min_value=0, max_value=5),
    "meets a fault": st.sampled_from(SUDDEN_FAULTS),
    "meets a lock": st.tuples(st.sampled_from([PATIENCE_S / 2, 3 * PATIENCE_S]), PLACES),
    "sees the clock jump": st.sampled_from([-1, 1]),
    "loses the journal": st.sampled_from(["dosing", "dosed", "before Ended", "before Started"]),
    "is annotated": st.sampled_from(["a bubble", "the lights went out"]),
}
"""What may happen to an agent, and how."""


class Nights(RuleBasedStateMachine):
    """Agents come, work, die, are stopped, wake up again; people and devices do what they do."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.world: World

    @initialize(has_journal=st.booleans())
    def open_the_laboratory(self, has_journal: bool) -> None:
        self.world = World(has_journal=has_journal, template=self.template).__enter__()
        self._another_one_starts()

    @property
    def agent(self) -> Agent:
        """The youngest agent."""
        return self.world.agents[-1]

    def _another_one_starts(self) -> None:
        self.world.restart().go(1, until="before ")

    # One rule with a table of its own: Hypothesis' choice among many rules left some of them out for long.
    @rule(step=st.one_of([st.tuples(st.just(name), how) for name, how in STEPS.items()]))
    def an_agent(self, step: tuple[str, Any]) -> None:
        if self.agent.state in ("ended", "dead"):
            self._another_one_starts()
        name, how = step
        getattr(self, f"_{name.replace(' ', '_')}")(how)

    def _works(self, n_decisions: int) -> None:
        for _ in range(n_decisions):
            self.agent.go(1, until=NEXT)

    def _dies(self, how: tuple[Place, bool]) -> None:
        (n_points, point), is_hasty = how
        self.agent.go(n_points, "die", until=point)
        if is_hasty:
            self.world.start().go(200)  # turned away: nobody knows yet that the other is gone
        self._another_one_starts()

    def _is_relieved(self, how: tuple[Place, Place, int]) -> None:
        """It is stopped, another one works on for a while, and the first may wake up meanwhile."""
        (n_points, point), (n_more, until), n_awake = how
        first = self.agent.go(n_points, until=point)
        second = self.world.restart().go(n_more, until=until)
        if n_awake:
            first.go(n_awake)
            second.go(1, until=NEXT)

    def _wakes_up(self, how: tuple[int, int]) -> None:
        """One that was stopped long ago."""
        n_points, which = how
        old = [agent for agent in self.world.agents[:-1] if agent.state == "stopped"]
        if old:
            old[which % len(old)].go(n_points)

    def _is_overruled(self, which: int) -> None:
        if self.agent.loop is not None:
            barred = [quarantine.sample for quarantine in self.agent.loop.history.quarantines]
            samples = [None, *barred, *self.world.laboratory.doses()]
            self.agent.loop.request_override(override(sample=samples[which % len(samples)]))
            self._works(2)

    def _meets_a_fault(self, fault: tuple[str, str]) -> None:
        self.world.laboratory.faults.setdefault(*fault)
        self._works(1)

    def _meets_a_lock(self, how: tuple[float, Place]) -> None:
        for_s, (n_points, point) = how
        self.world.lock(for_s)
        self.agent.go(n_points, until=point)

    def _sees_the_clock_jump(self, hours: int) -> None:
        self.world.hours_off += hours

    def _loses_the_journal(self, point: str) -> None:
        """And dies."""
        self.agent.go(1, "die", until=point)
        self.world.laboratory.lose_the_journal()

    def _is_annotated(self, text: str) -> None:
        if not self.world.is_locked and Rows(self.world.database)["campaign"]:
            self.world.annotate(text)

    @invariant()
    def everything_holds(self) -> None:
        check(self.world)

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        try:
            self._a_new_agent_goes_on()
        finally:
            self.world.__exit__(None, None, None)

    def _a_new_agent_goes_on(self) -> None:
        """Whatever happened, the campaign can be resumed, and a decision is brought to its end."""
        world = self.world
        world.unlock()
        world.laboratory.faults.clear()
        before = len(Rows(world.database)["decision"])
        world.restart().go(2, until=NEXT)
        after = Rows(world.database)["decision"]
        assert len(after) > before, f"nobody can go on: {self.agent.error}"
        check(world)


def test_no_story_breaks_an_invariant(template):
    Nights.template = template
    told = settings(
        max_examples=N_EXAMPLES,
        stateful_step_count=N_STEPS,
        deadline=None,
        derandomize="NIGHTBEAM_EXAMPLES" not in os.environ,  # the short form tells the same stories each time
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Nights, settings=told)
