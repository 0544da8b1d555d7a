"""One watch from its first process to its last row: everything is opened here, and closed."""

import hashlib
from collections.abc import Callable, Generator
from concurrent.futures import Executor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import monotonic

from agent.signals import Signals
from agent.watching.arrivals import Arrivals, wanted_names
from agent.watching.crew import Crew
from agent.watching.curve_book import CurveBook
from agent.watching.ledger import Ledger
from agent.watching.newest import NewestPicture
from agent.watching.recipe import Announced, Recipe
from agent.watching.watch import Counts, Pace, Shelf, Teller, Watch
from agent.watching.worker import announce, reduce_frame
from models.domain.errors import BadInput

N_HEX = 12
"""Digits of a file's SHA-256 by which a person tells it."""


@dataclass(frozen=True)
class Order:
    """What a person asked for."""

    folder: Path
    """Where frames land."""
    out: Path
    """Where results go."""
    recipe: Recipe
    pattern: str | None
    """Names of frames; None takes all image files."""
    pace: Pace
    once: bool
    """True to end when what is there is reduced."""
    n_workers: int


def watch_folder(
    order: Order,
    signals: Signals,
    tell: Callable[[], AbstractContextManager[Teller]],
    start: Callable[[int], Executor],
) -> Counts:
    """Watch a folder to the end.

    Parameters
    ----------
    order
        What a person asked for.
    signals
        A first one ends the watch when the frames in hand are written down.
    tell
        Opens what tells a person what goes on.
    start
        Starts so many processes.

    Returns
    -------
    Counts
        How far it came.

    Raises
    ------
    BadInput
        When the order cannot be followed.
    LogUnavailable
        When the disk refuses.
    """
    executor = start(order.n_workers)
    try:
        announced = executor.submit(announce, order.recipe).result()
    except BaseException:
        executor.shutdown(wait=False, cancel_futures=True)
        raise
    with _crew(order, executor, start) as crew:
        _refuse_mistakes(announced)
        with Ledger(order.out, dict(announced.units), settings_of(order)) as ledger, tell() as teller:
            arrivals = Arrivals(
                order.folder,
                wanted_names(order.pattern, announced.suffixes),
                order.pace.settle_s,
                ledger.stamps,
            )
            shelf = Shelf(ledger, CurveBook(order.out, monotonic), NewestPicture(order.out, monotonic))
            watch = Watch(arrivals, crew, shelf, teller, order.pace)
            signals.follow(watch)
            return watch.run(order.once)


@contextmanager
def _crew(order: Order, executor: Executor, start: Callable[[int], Executor]) -> Generator[Crew]:
    crew = Crew(
        executor, partial(start, order.n_workers), partial(reduce_frame, order.recipe), order.n_workers
    )
    try:
        yield crew
    finally:
        crew.close()


def _refuse_mistakes(announced: Announced) -> None:
    """Raise what a worker could only tell."""
    if announced.mistake is not None:
        raise BadInput(*announced.mistake)


def settings_of(order: Order) -> dict[str, str]:
    """What rows depend on, each under the option by which it is given; files count by what they hold."""
    recipe = order.recipe
    geometry = Path(recipe.geometry)
    settings = {
        "DIR": str(order.folder.resolve()),
        "--geometry": _content(geometry) if geometry.is_file() else recipe.geometry,
        "--mask": "" if recipe.mask is None else _content(recipe.mask),
        "--buffer": ", ".join(_content(path) for path in recipe.buffers),
        "--features": ",".join(recipe.features),
    }
    return {option: said for option, said in settings.items() if said}


def _content(path: Path) -> str:
    with path.open("rb") as file:
        return f"of SHA-256 {hashlib.file_digest(file, 'sha256').hexdigest()[:N_HEX]}"
