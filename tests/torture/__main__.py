"""``python -m tests.torture``: kill campaigns a thousand times and print what came of it."""

import argparse
import json
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from tests.torture.postgresql import Server
from tests.torture.storm import Storm
from tests.torture.torture import Figures, Torture, sqlite

MUST_BE_NONE = (
    "lost", "duplicated", "double_dispensed", "orphaned", "broken_chain", "diverged", "unlogged", "fallen",
    "late",
)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--kills", type=int, default=1000, help="how often to kill")
    parser.add_argument("--stops", type=int, default=0, help="how often to stop PostgreSQL at once, besides")
    parser.add_argument("--seed", type=int, default=1, help="all points and times follow from it")
    parser.add_argument("--db", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--workers", type=int, default=2, help="campaigns at a time")
    parser.add_argument("--out", type=Path, help="write the figures to this file as JSON")
    chosen = parser.parse_args()
    if chosen.stops and chosen.db == "sqlite":
        parser.error("--stops needs --db postgresql")
    console = Console()
    with (
        tempfile.TemporaryDirectory(prefix="torture-") as folder,
        database_of(chosen.db) as server,
        _progress(console) as progress,
    ):
        torture = Torture(
            chosen.seed, chosen.kills, Path(folder), server.url if server else sqlite, chosen.workers
        )
        kills = progress.add_task("kills", total=chosen.kills)
        figures = torture.carry_out(lambda n: progress.advance(kills, n))
        if server is not None and chosen.stops:
            stops = progress.add_task("stops", total=chosen.stops)
            storm = Storm(chosen.seed, chosen.stops, Path(folder), server)
            add_stops(figures, storm.carry_out(lambda n: progress.advance(stops, n)))
    _show(console, figures)
    if chosen.out:
        chosen.out.write_text(json.dumps(figures.as_json(), indent=1) + "\n")
    return 1 if figures.objections else 0


@contextmanager
def database_of(kind: str) -> Generator[Server | None]:
    """A server for PostgreSQL, none for SQLite."""
    if kind == "sqlite":
        yield None
        return
    server = Server()
    try:
        yield server
    finally:
        server.close()


def add_stops(figures: Figures, stopped: Figures) -> None:
    """Add up two parts."""
    for name in (*MUST_BE_NONE, "campaigns", "quarantined", "unknown_dispenses", "same_sequence"):
        setattr(figures, name, getattr(figures, name) + getattr(stopped, name))
    figures.stops, figures.runs_ended_by_stops = stopped.stops, stopped.runs_ended_by_stops
    figures.objections += stopped.objections


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        TextColumn("left"), TimeRemainingColumn(), console=console,
    )  # fmt: skip


def _show(console: Console, figures: Figures) -> None:
    table = Table(
        title=f"Killed {figures.kills} times in {figures.campaigns} campaigns (seed {figures.seed})"
    )
    table.add_column("what")
    table.add_column("count", justify="right")
    table.add_column("required")
    for name in MUST_BE_NONE:
        table.add_row(name.replace("_", " "), str(getattr(figures, name)), "0")
    table.add_row(
        "same sequence as in peace",
        f"{figures.same_sequence} of {figures.campaigns}",
        "all without an unknown",
    )
    table.add_row("unknown dispenses", str(figures.unknown_dispenses), "as many as quarantined")
    table.add_row("samples quarantined", str(figures.quarantined), "")
    table.add_row("resume, median", f"{figures.resume_median_s:.2f} s", "")
    table.add_row("resume, longest", f"{figures.resume_longest_s:.2f} s", "5 s")
    console.print(table)
    if figures.stops:
        console.print(
            f"PostgreSQL was stopped at once {figures.stops} times; {figures.runs_ended_by_stops} times the "
            "run ended for it and the next went on, else it went on by itself"
        )
    if figures.points_never_passed:
        console.print("never killed at:", ", ".join(figures.points_never_passed))
    for objection in figures.objections[:20]:
        console.print(objection, style="red", markup=False)


if __name__ == "__main__":
    sys.exit(main())
