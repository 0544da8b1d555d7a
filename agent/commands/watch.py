"""`nightbeam watch`: reduce the frames of a folder as they land."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.commands.options import AsJson
from agent.signals import listening
from models.domain.errors import BadInput

if TYPE_CHECKING:
    from agent.watching.session import Order
    from agent.watching.watch import Teller

SETTLE_S = 0.5
"""A file is whole when it did not change for so long, s."""


def watch(  # noqa: PLR0913  each option of the command is an argument
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder into which frames are written.")],
    geometry: Annotated[
        str,
        typer.Option(
            metavar="FILE|header",
            help="Where the detector stands: a .poni file, a BioXTAS RAW .dat, or `header`: from each frame.",
        ),
    ] = "header",
    mask: Annotated[Path | None, typer.Option(metavar="FILE", help="Mask image; not 0 is not used.")] = None,
    buffer: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE...", help="Buffers: all files up to the next option. They are averaged."),
    ] = None,
    features: Annotated[
        str | None, typer.Option(metavar="a,b", help="Extractors to run; all that ship when left out.")
    ] = None,
    pattern: Annotated[
        str | None, typer.Option(metavar="'*.tif'", help="Names of frames; all image files when left out.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where results go; `DIR-watched` here when left out.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that reduce; one for each core when left out.")
    ] = None,
    poll: Annotated[
        float, typer.Option(min=0.1, metavar="SECONDS", help="How often the folder is looked at.")
    ] = 0.5,
    patience: Annotated[
        float,
        typer.Option(
            min=0, metavar="SECONDS", help="A file that cannot be read, and stays so for so long, is flagged."
        ),
    ] = 10.0,
    once: Annotated[bool, typer.Option("--once", help="Reduce what is there, and end.")] = False,
    as_json: AsJson = False,
) -> None:
    """Reduce frames as they land in a folder, and read features; Ctrl-C ends it.

    One row a frame goes into `features.csv`, its curve into `curves/` and `curves.h5`. Started again, it goes
    on where it stopped.

    Example: `nightbeam watch frames --geometry detector.poni --features guinier,peak`
    """
    from agent.plugs import add_home
    from agent.watching.crew import start_processes
    from agent.watching.ledger import TABLE
    from agent.watching.lines import summary_text
    from agent.watching.recipe import Recipe
    from agent.watching.session import Order, watch_folder
    from agent.watching.watch import Pace

    if not folder.is_dir():
        raise BadInput(
            str(folder), "there is no such folder", "Give the folder into which frames are written"
        )
    add_home(Path.cwd())
    out = out or Path(f"{folder.resolve().name}-watched")
    order = Order(
        folder=folder,
        out=out,
        recipe=Recipe(geometry, mask, tuple(buffer or ()), tuple(features.split(",")) if features else ()),
        pattern=pattern,
        pace=Pace(poll_s=poll, settle_s=SETTLE_S, patience_s=patience),
        once=once,
        n_workers=workers or os.cpu_count() or 1,
    )
    with listening() as signals:
        signals.open()
        counts = watch_folder(order, signals, partial(_teller, order, as_json), start_processes)
    typer.echo(f"{summary_text(counts)}. The table is {out / TABLE}", err=as_json)


@contextmanager
def _teller(order: "Order", as_json: bool) -> "Generator[Teller]":
    """Who is told: a program, a log file, or a person before a terminal."""
    from rich.console import Console

    from agent.watching.lines import JsonLines, PlainLines
    from agent.watching.screen import LiveScreen

    console = Console()
    if as_json:
        yield JsonLines(typer.echo)
    elif not console.is_terminal:
        yield PlainLines(typer.echo)
    else:
        with LiveScreen(console, f"{order.folder} → {order.out}", order.once) as screen:
            yield screen
