"""``python -m benchmarks [NAME ...]``: run benchmarks, print a table, write the rows as JSON."""

import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.progress import Progress

from benchmarks.machine import keep_to_one_thread
from benchmarks.registry import NAMES, Measure, find_benchmark
from benchmarks.report import table_of, write_rows
from benchmarks.row import Row
from benchmarks.task import Skipped, Task

HERE = Path(__file__).parent
LATEST = HERE / "results" / "latest.json"
"""Where the rows of a full run go."""
SILICA = HERE.parent.parent / "shared" / "data" / "mesoporous-silica"
"""Measured curves that lie beside a developer's checkout."""

Step = TypeVar("Step")


def main(
    names: Annotated[
        list[str] | None, typer.Argument(help=f"Which to run: {', '.join(NAMES)}. All when left out.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="JSON file for the rows; a full run goes to benchmarks/results/latest.json."),
    ] = None,
    dataset: Annotated[Path, typer.Option(help="Folder of measured curves for sample_search.")] = SILICA,
    quick: Annotated[bool, typer.Option("--quick", help="Few repeats: to see that it works.")] = False,
) -> None:
    """Time Nightbeam beside its peers, and count how many measurements it saves.

    Example: `python -m benchmarks latency reduction`
    """
    unknown = [name for name in names or () if name not in NAMES]
    if unknown:
        raise typer.BadParameter(f"there is no benchmark {unknown[0]!r}; there are {', '.join(NAMES)}")
    keep_to_one_thread()
    console = Console()
    wanted = {name: find_benchmark(name) for name in names or NAMES}
    rows = run_all(wanted, console, dataset, is_quick=quick)
    console.print(table_of(rows))
    if out is None and (quick or len(wanted) < len(NAMES)):
        console.print(f"Not written: {LATEST.name} holds full runs only; name a file with --out.")
        return
    write_rows(rows, out or LATEST)
    console.print(f"{len(rows)} rows are in {out or LATEST}", soft_wrap=True)


def run_all(wanted: dict[str, Measure], console: Console, dataset: Path, *, is_quick: bool) -> list[Row]:
    """Run benchmarks one after another; one that cannot run here says why, and the others go on.

    Parameters
    ----------
    wanted
        Benchmarks by name.
    console
        Where sentences and progress go.
    dataset
        Folder of measured curves.
    is_quick
        True for few repeats.
    """
    rows: list[Row] = []
    with Progress(console=console, transient=True) as progress:
        every = progress.add_task("all benchmarks", total=len(wanted))

        def track(steps: Sequence[Step], label: str) -> Iterable[Step]:
            bar = progress.add_task(label, total=len(steps))
            yield from progress.track(steps, task_id=bar)
            progress.remove_task(bar)

        def say(sentence: str) -> None:
            console.print(sentence, soft_wrap=True, highlight=False)

        task = Task(track=track, say=say, dataset=dataset, is_quick=is_quick)
        for name, measure in wanted.items():
            begun = time.perf_counter()
            try:
                rows += measure(task)
                say(f"{name}: done in {time.perf_counter() - begun:.0f} s")
            except Skipped as reason:
                say(f"{name}: skipped, {reason}")
            progress.advance(every)
    return rows


if __name__ == "__main__":
    typer.run(main)
