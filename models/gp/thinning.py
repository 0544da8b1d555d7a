"""A few points that stand for many: one from each of as many cells of like count."""

import numpy as np
from numpy.typing import NDArray

from models.domain.scattering import Floats


def thin_out(points: Floats, n_most: int) -> NDArray[np.int64]:
    """Rows of points that lie as densely as all of them do, evenly.

    The points are halved at the median of the axis of largest extent until there are enough cells; of each
    the point nearest to its middle is taken.

    Parameters
    ----------
    points
        Scaled coordinates, shape (n, d).
    n_most
        How many rows are wanted; all of them when there are no more, else at most so many.

    Returns
    -------
    array of int
        Rows, rising.
    """
    if len(points) <= n_most:
        return np.arange(len(points))
    cells = [np.arange(len(points))]
    while 2 * len(cells) <= n_most:
        cells = [half for cell in cells for half in _halves(points, cell)]
    return np.sort(np.array([_middle(points, cell) for cell in cells]))


def _halves(points: Floats, cell: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    inside = points[cell]
    axis = int(np.ptp(inside, axis=0).argmax())
    order = np.argsort(inside[:, axis], kind="stable")
    half = len(cell) // 2
    return [cell[order[:half]], cell[order[half:]]]


def _middle(points: Floats, cell: NDArray[np.int64]) -> int:
    inside = points[cell]
    return int(cell[np.square(inside - inside.mean(axis=0)).sum(axis=1).argmin()])
