"""A reader of our output that leaves early is no fault of the program."""

import pytest
from rich.console import Console

from agent.cli import ForeignExit, answering


class GoneReader:
    """A stream whose other end was closed."""

    encoding = "utf-8"

    def write(self, text: str) -> int:
        raise BrokenPipeError(32, "Broken pipe")

    def flush(self) -> None:
        raise BrokenPipeError(32, "Broken pipe")


def test_a_table_that_nobody_reads_to_its_end_ends_quietly(monkeypatch):
    monkeypatch.setattr("os.dup2", lambda *_: None)  # what draws tables gives its output away on the way out

    def tell() -> None:
        Console(file=GoneReader()).print("a table")  # pyright: ignore[reportArgumentType]

    with pytest.raises(BrokenPipeError):
        answering(tell)()


def test_an_exit_that_somebody_elses_code_asks_for_is_told_as_such():
    def leave() -> None:
        raise SystemExit(1)

    with pytest.raises(ForeignExit, match="SystemExit"):
        answering(leave)()
