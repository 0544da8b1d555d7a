"""Processes that reduce frames: results come in the order of the frames, and a crash costs one frame."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from multiprocessing import get_context

from agent.watching.arrivals import Arrival
from agent.watching.outcome import Flag, Outcome
from agent.watching.worker import serve_parent

N_AHEAD = 2
"""Frames that each process has in hand and in line."""
CRASHED = Flag(
    "crash", "the process that reduced it died twice. Look at the file, and at extractors of your own."
)
Task = Callable[[Arrival], Outcome]


def start_processes(n_workers: int) -> Executor:
    """Processes that begin anew: what this one has open, and its threads, are no business of theirs."""
    return ProcessPoolExecutor(n_workers, mp_context=get_context("spawn"), initializer=serve_parent)


class Crew:
    """Hands frames to processes, and gives back what came of them in order."""

    def __init__(self, executor: Executor, start: Callable[[], Executor], task: Task, n_workers: int) -> None:
        """Begin with idle processes.

        Parameters
        ----------
        executor
            The processes.
        start
            Starts others in their place.
        task
            What is done to each frame; it goes to the processes.
        n_workers
            How many there are.
        """
        self._start, self._task, self._n_in_line = start, task, N_AHEAD * n_workers
        self._executor = executor
        self._todo: deque[Arrival] = deque()
        self._line: deque[tuple[Arrival, Future[Outcome]]] = deque()
        self._n_suspects = 0
        """Frames that go one by one: one of them has killed its process."""

    def __len__(self) -> int:
        """Count of the frames in hand and in line."""
        return len(self._todo) + len(self._line)

    def take(self, arrival: Arrival) -> None:
        """Put a frame into the line."""
        self._todo.append(arrival)
        self._feed()

    def drop_line(self) -> int:
        """Forget the frames that nobody has begun with, and count them; those in hand are finished."""
        n_dropped = len(self._todo)
        self._todo.clear()
        return n_dropped

    def finished(self) -> list[tuple[Arrival, Outcome]]:
        """What came of the frames at the head of the line."""
        made: list[tuple[Arrival, Outcome]] = []
        while self._line and self._line[0][1].done():
            arrival, future = self._line[0]
            try:
                outcome = future.result()
            except BrokenExecutor:
                if self._n_suspects == 0 or len(self._line) > 1:
                    self._begin_anew()
                    break
                outcome = Outcome("reduced", flags=(CRASHED,))
                self._executor.shutdown(wait=False)
                self._executor = self._start()
            self._line.popleft()
            self._n_suspects = max(0, self._n_suspects - 1)
            made.append((arrival, outcome))
            self._feed()
        return made

    def wait(self, timeout_s: float) -> None:
        """Wait until some frame is finished, no longer than so many seconds."""
        wait([f for _, f in self._line if not f.done()], timeout_s, FIRST_COMPLETED)

    def close(self) -> None:
        """End the processes; with frames in hand, nobody waits for them."""
        self._executor.shutdown(wait=not self._line, cancel_futures=True)

    def _begin_anew(self) -> None:
        """Start new processes, and give them the frames in hand one by one."""
        self._executor.shutdown(wait=False)
        self._executor = self._start()
        suspects = [arrival for arrival, _ in self._line]
        self._line.clear()
        self._todo.extendleft(reversed(suspects))
        self._n_suspects = len(suspects)
        self._feed()

    def _feed(self) -> None:
        """Hand out what may be handed out."""
        while self._todo and len(self._line) < (1 if self._n_suspects else self._n_in_line):
            try:
                future = self._executor.submit(self._task, self._todo[0])
            except BrokenExecutor:
                if self._line:  # the head of the line will tell
                    return
                self._executor.shutdown(wait=False)
                self._executor = self._start()
                continue
            self._line.append((self._todo.popleft(), future))
