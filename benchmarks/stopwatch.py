"""The loop's neighbours with a stopwatch in hand: each does what it did, and its time is noted."""

import time
from collections import defaultdict
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from agent.narrators import Silent
from agent.ports import Analysis, DecisionLog, Instrument, Strategy
from models.domain.action import Action, ActionReport, Exposure
from models.domain.decision import Decision
from models.domain.history import History
from models.domain.records import LoggedAction, Observed, Record
from models.domain.request import LoggedRequest
from sims.stand import Stand
from sims.world import Shot, World, WorldSpec


class Stopwatch:
    """Time spent by phase, turn by turn."""

    def __init__(self) -> None:
        """Nothing has been timed."""
        self.turns: list[tuple[Decision, Mapping[str, float]]] = []
        """Each finished turn: its decision, and seconds by phase; ``turn`` is all of it."""
        self.commits_s: list[float] = []
        """Time of every commit, s."""
        self._spent_s: dict[str, float] = defaultdict(float)
        self._begun = time.perf_counter()

    @contextmanager
    def phase(self, name: str) -> Generator[None]:
        """Note the time of what happens inside."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            self._spent_s[name] += time.perf_counter() - begun

    def end_turn(self, decision: Decision) -> None:
        """A turn is over; the next one begins."""
        now = time.perf_counter()
        self.turns.append((decision, {**self._spent_s, "turn": now - self._begun}))
        self._spent_s.clear()
        self._begun = now


@dataclass(frozen=True)
class TimedStrategy:
    """A strategy."""

    inner: Strategy
    watch: Stopwatch

    def propose(self, history: History) -> Decision:
        """Decide."""
        with self.watch.phase("decide"):
            return self.inner.propose(history)


@dataclass(frozen=True)
class TimedInstrument:
    """An instrument; each kind of action is a phase of its own."""

    inner: Instrument
    watch: Stopwatch

    def actions(self, decision: Decision) -> tuple[Action, ...]:
        """Say what follows from a decision."""
        return self.inner.actions(decision)

    def perform(self, action: Action, decision: Decision) -> ActionReport:
        """Act."""
        with self.watch.phase("act"), self.watch.phase(f"act.{action.kind}"):
            return self.inner.perform(action, decision)

    def reconcile(self, action: Action, decision: Decision) -> ActionReport:
        """Say what became of an action."""
        return self.inner.reconcile(action, decision)

    def make_safe(self) -> None:
        """Close the shutter."""
        self.inner.make_safe()


@dataclass(frozen=True)
class TimedAnalysis:
    """An analysis."""

    inner: Analysis
    watch: Stopwatch

    def __call__(self, exposure: Exposure, blank: Exposure | None, history: History) -> Observed:
        """Read."""
        with self.watch.phase("read"):
            return self.inner(exposure, blank, history)


@dataclass(frozen=True)
class TimedLog:
    """A log; each commit is noted."""

    inner: DecisionLog
    watch: Stopwatch

    def append(self, record: Record) -> None:
        """Commit."""
        begun = time.perf_counter()
        with self.watch.phase("log"):
            self.inner.append(record)
        self.watch.commits_s.append(time.perf_counter() - begun)

    def history(self) -> History:
        """All that is on record."""
        return self.inner.history()

    def actions(self, seq: int) -> tuple[LoggedAction, ...]:
        """The commands of a decision."""
        return self.inner.actions(seq)

    def requests(self) -> tuple[LoggedRequest, ...]:
        """What people ask."""
        with self.watch.phase("log"):
            return self.inner.requests()


class TimedWorld(World):
    """A virtual beamline; rendering the frame is no cost of a real one, so it is noted apart."""

    def __init__(self, spec: WorldSpec, seed: int, watch: Stopwatch) -> None:
        """Lay out the detector."""
        super().__init__(spec, seed)
        self._watch = watch

    def expose(
        self, composition: Mapping[str, float], *, seq: int, exposure_s: float, stand: Stand | None = None
    ) -> Shot:
        """Render a frame."""
        with self._watch.phase("render"):
            return super().expose(composition, seq=seq, exposure_s=exposure_s, stand=stand)


class EndsTurns(Silent):
    """Told when a turn is over."""

    def __init__(self, watch: Stopwatch) -> None:
        """Take the stopwatch."""
        self._watch = watch

    def learned(self, decision: Decision, history: History) -> None:
        """Note it."""
        del history
        self._watch.end_turn(decision)
