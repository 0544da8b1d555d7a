"""A worker thread in which a strategy that can think ahead decides while the instrument measures."""

from concurrent.futures import Future, ThreadPoolExecutor, wait

from agent.ports import Strategy, ThinksAhead
from models.domain.decision import Decision
from models.domain.history import History


class Thinker:
    """Asks a strategy: one question at a time, from whatever thread.

    The thread changes nothing but when the work is done: what it found is a function of the history like
    any decision, and an error in it comes back where the decision is asked for, since it is made anew there.
    """

    def __init__(self, strategy: Strategy) -> None:
        """Take a strategy; no thread begins before it has to think ahead."""
        self._strategy = strategy
        self._executor: ThreadPoolExecutor | None = None
        self._thought: Future[None] | None = None

    def think(self, history: History) -> None:
        """Begin to make the decision after the last one, whose outcome is not known, if the strategy can."""
        if not isinstance(self._strategy, ThinksAhead):
            return
        if self._executor is None:
            self._executor = ThreadPoolExecutor(1, thread_name_prefix="nightbeam-think")
        self._thought = self._executor.submit(self._strategy.think, history)

    def propose(self, history: History) -> Decision:
        """The next decision; waits for a thought that is not finished."""
        if self._thought is not None:
            wait([self._thought])
        return self._strategy.propose(history)

    def close(self) -> None:
        """Wait for the end of a thought, and of the thread."""
        if self._executor is not None:
            self._executor.shutdown()
        self._executor = self._thought = None
