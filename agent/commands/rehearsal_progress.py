"""How far a rehearsal is: a bar with the time that is left, or a line now and then where nobody looks."""

import time
from collections.abc import Generator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

EVERY_S = 15.0
"""Between two lines, where there is no terminal, s."""
SECONDS_PER_MINUTE = 60.0


class Telling:
    """Tells on a terminal, in a log file, or nowhere."""

    def __init__(self, console: Console, progress: Progress | None, *, is_silent: bool) -> None:
        """Begin with nothing to do.

        Parameters
        ----------
        console
            Where lines go.
        progress
            The bars, on a terminal.
        is_silent
            True to tell nothing.
        """
        self._console, self._progress, self._is_silent = console, progress, is_silent
        self._name, self._n_all, self._n_done, self._n_before = "", 0, 0, 0
        self._begun_s = self._told_s = time.monotonic()

    def stage(self, name: str, n_all: int, n_done: int) -> None:
        """A part begins."""
        self._name, self._n_all, self._n_done, self._n_before = name, n_all, n_done, n_done
        self._begun_s = self._told_s = time.monotonic()
        known = f", {n_done} of them on record already" if n_done else ""
        if n_all and not self._is_silent:
            self._console.print(f"{name}: {n_all} campaigns{known}", highlight=False)
        if self._progress is not None and n_all:
            for task in self._progress.task_ids:
                self._progress.remove_task(task)
            self._progress.add_task(name, total=n_all - n_done)

    def advance(self) -> None:
        """One campaign more is on record."""
        self._n_done += 1
        if self._progress is not None:
            for task in self._progress.task_ids:
                self._progress.advance(task)
            return
        now_s = time.monotonic()
        if self._is_silent or now_s - self._told_s < EVERY_S:
            return
        self._told_s = now_s
        each_s = (now_s - self._begun_s) / max(self._n_done - self._n_before, 1)
        left = each_s * (self._n_all - self._n_done) / SECONDS_PER_MINUTE
        self._console.print(
            f"{self._name}: {self._n_done} of {self._n_all} campaigns, {left:.1f} min left", highlight=False
        )

    def say(self, sentence: str) -> None:
        """Something else."""
        if not self._is_silent:
            self._console.print(sentence, highlight=False, markup=False)


@contextmanager
def telling(*, is_silent: bool = False) -> Generator[Telling]:
    """Someone to tell how far it is."""
    console = Console(soft_wrap=True)
    if is_silent or not console.is_terminal:
        yield Telling(console, None, is_silent=is_silent)
        return
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("left:"),
        TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console, transient=True) as progress:
        yield Telling(console, progress, is_silent=False)
