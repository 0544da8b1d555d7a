"""`nightbeam export`: the record in forms that spreadsheets, programs, analysts and archives read."""

import json
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.commands.options import DEFAULT_DATABASE, AsJson, Database

if TYPE_CHECKING:
    from db.export.formats import Exported

N_SHOWN = 12
"""So many files and notes are listed."""


def export(  # noqa: PLR0913  each option of the command is an argument
    form: Annotated[
        str, typer.Option("--format", metavar="csv|jsonl|parquet|nxcansas|ro-crate", help="What is written.")
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where to; a folder that is new or empty.")],
    campaign: Annotated[
        str | None, typer.Option("--campaign", metavar="NAME", help="Only this campaign.")
    ] = None,
    db: Database = DEFAULT_DATABASE,
    files: Annotated[
        bool, typer.Option("--files", help="Put the frames into a research object (ro-crate), too.")
    ] = False,
    licence: Annotated[
        str | None, typer.Option(metavar="URL", help="Licence of a research object (ro-crate).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write the record in a form that others read, whole or not at all.

    `csv`: tables for spreadsheets. `parquet`: the same for programs. `jsonl`: the ledger with its rows, which
    proves itself. `nxcansas`: the curves, for SasView. `ro-crate`: all of it, described for an archive.

    Example: `nightbeam export --format csv --out tables`
    """
    from agent.clock import system_clock
    from db.engine import open_to_read
    from db.export.formats import Order
    from db.export.formats import export as write

    order = Order(form, out, system_clock()().utc, _own_version(), campaign, files, licence)
    with _bar(as_json) as tell:
        exported = write(open_to_read(db), order, tell)
    if as_json:
        names = [str(path) for path in exported.files]
        facts = {"out": str(out), "files": names, "n_bytes": exported.n_bytes, "notes": exported.notes}
        typer.echo(json.dumps(facts, ensure_ascii=False))
    else:
        _report(out, exported)


def _own_version() -> str:
    from importlib.metadata import version

    return version("nightbeam")


def _report(out: Path, exported: "Exported") -> None:
    from rich.filesize import decimal

    _list([str(out / path) for path in exported.files], "files")
    _list(list(exported.notes), "notes")
    n = len(exported.files)
    typer.echo(f"{n} file{'' if n == 1 else 's'}, {decimal(exported.n_bytes)} in {out}")


def _list(lines: list[str], what: str) -> None:
    for line in lines[:N_SHOWN]:
        typer.echo(line)
    if len(lines) > N_SHOWN:
        typer.echo(f"... and {len(lines) - N_SHOWN} more {what}")


@contextmanager
def _bar(is_silent: bool) -> Generator[Callable[[str, int, int], None]]:
    """A bar for each file on a terminal; nothing elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    is_shown = console.is_terminal and not is_silent
    with Progress(*columns, console=console, transient=True, disable=not is_shown) as progress:
        tasks = {}

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = progress.add_task(what)
            progress.update(tasks[what], completed=done, total=total or None)

        yield tell
