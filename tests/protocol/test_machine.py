"""A state machine that tries what a year of nights would bring, and looks after every step."""

import os
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.protocol import invariants
from tests.protocol.agents import Agent
from tests.protocol.world import PATIENCE_S, World, override

N_EXAMPLES = int(os.environ.get("NIGHTBEAM_EXAMPLES", "25"))
"""Stories that are told; `make torture` asks for more."""
N_STEPS = 20
"""Longest story."""
MANY_POINTS = 10_000

POINTS = st.integers(min_value=1, max_value=60)
"""How far an agent gets: a decision passes about forty points."""
FAULTS = st.sampled_from(
    [("mix", "refuses"), ("mix", "breaks"), ("load", "refuses"), ("load", "breaks"), ("expose", "refuses"),
     ("expose", "breaks"), ("expose", "no file")]
)  # fmt: skip


class Nights(RuleBasedStateMachine):
    """Agents come, work, die, are stopped, wake up again; people and devices do what they do."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.world: World | None = None

    @initialize(has_journal=st.booleans())
    def open_the_laboratory(self, has_journal: bool) -> None:
        self.world = World(has_journal=has_journal, template=self.template).__enter__()
        self.world.start()

    @property
    def agent(self) -> Agent:
        """The youngest agent."""
        assert self.world is not None
        return self.world.agents[-1]

    @property
    def is_running(self) -> bool:
        return self.world is not None and self.agent.state in ("unborn", "stopped")

    @precondition(lambda self: self.is_running)
    @rule(n_points=POINTS)
    def it_works(self, n_points: int) -> None:
        self.agent.go(n_points)

    @precondition(lambda self: self.is_running)
    @rule()
    def it_brings_a_decision_to_its_end(self) -> None:
        self.agent.go(1, until="before Decided")

    @precondition(lambda self: self.is_running)
    @rule(n_points=POINTS)
    def it_dies(self, n_points: int) -> None:
        self.agent.go(n_points, "die")

    @precondition(lambda self: self.world is not None)
    @rule(does_wait=st.booleans())
    def another_one_starts(self, does_wait: bool) -> None:
        """While the first is dead, stopped or alive; too early it is turned away."""
        if does_wait:
            self.world.outlast_the_term()
        self.world.start().go(1, until="before")

    @precondition(lambda self: self.world is not None and len(self.world.agents) > 1)
    @rule(n_points=POINTS, which=st.integers(min_value=0, max_value=5))
    def an_old_one_wakes_up(self, n_points: int, which: int) -> None:
        old = [agent for agent in self.world.agents[:-1] if agent.state == "stopped"]
        if old:
            old[which % len(old)].go(n_points)

    @precondition(lambda self: self.is_running and self.agent.loop is not None)
    @rule(number=st.integers(min_value=1, max_value=9), has_sample=st.booleans())
    def a_person_overrides(self, number: int, has_sample: bool) -> None:
        self.agent.loop.request_override(override(sample=f"S{number}" if has_sample else None))

    @precondition(lambda self: self.agent.life.fence > 0 and not self.world.is_locked)
    @rule(text=st.sampled_from(["a bubble", "the lights went out"]))
    def a_person_annotates(self, text: str) -> None:
        if invariants.Rows(self.world.database)["campaign"]:
            self.world.annotate(text)

    @precondition(lambda self: self.world is not None)
    @rule(for_s=st.sampled_from([PATIENCE_S / 2, 3 * PATIENCE_S]))
    def the_database_is_locked(self, for_s: float) -> None:
        self.world.lock(for_s)

    @precondition(lambda self: self.world is not None)
    @rule(fault=FAULTS)
    def a_device_fails(self, fault: tuple[str, str]) -> None:
        self.world.laboratory.faults.setdefault(*fault)

    @precondition(lambda self: self.world is not None)
    @rule()
    def the_journal_is_lost(self) -> None:
        self.world.laboratory.lose_the_journal()

    @precondition(lambda self: self.world is not None)
    @rule(hours=st.sampled_from([-1, 1]))
    def the_clock_jumps(self, hours: int) -> None:
        self.world.hours_off += hours

    @invariant()
    def everything_holds(self) -> None:
        if self.world is not None:
            invariants.check(self.world)

    def teardown(self) -> None:
        if self.world is None:
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
        before = len(invariants.Rows(world.database)["decision"])
        world.restart().go(2, until="before Decided")
        after = invariants.Rows(world.database)["decision"]
        assert len(after) > before, f"nobody can go on: {self.agent.error}"
        invariants.check(world)


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
