"""The front of best compromises between several goals, and the room beyond it, cut into boxes.

All is counted as badness: smaller is better in each goal.
"""

from dataclasses import dataclass

import numpy as np

from models.domain.scattering import Floats, Mask

BEYOND = 0.1
"""The reference point lies this share of the range behind the worst."""


@dataclass(frozen=True, eq=False)
class Boxes:
    """Boxes that fill, without overlap, all that no point of a front is as good as, up to the reference."""

    lower: Floats
    """Their best corners, shape (n_boxes, n_goals); minus infinity where a box has no end."""
    upper: Floats
    """Their worst corners, shape (n_boxes, n_goals)."""


def is_on_front(badness: Floats) -> Mask:
    """True for each row that no other is as good as in everything, and better in something.

    Parameters
    ----------
    badness
        One row a point, shape (n, n_goals).
    """
    is_as_good = (badness[:, np.newaxis] <= badness[np.newaxis]).all(axis=2)
    is_better = (badness[:, np.newaxis] < badness[np.newaxis]).any(axis=2)
    is_beaten: Mask = np.any(is_as_good & is_better, axis=0)
    return ~is_beaten


def reference_of(badness: Floats) -> Floats:
    """The point that is just not good enough any more: a tenth of the range behind the worst of a design.

    The margin is that of Ishibuchi, Akedo and Nojima (GECCO 2011), as in BoTorch's `infer_reference_point`,
    but counted from the worst of all, not of the front: the front of a few first points says little about
    how far the front will reach, and what lies beyond the reference is never sought. Where all are equal in
    a goal, the size of the value counts.

    Parameters
    ----------
    badness
        One row a point of the design, shape (n, n_goals), n at least 1.

    Returns
    -------
    Floats
        Shape (n_goals,).
    """
    worst, spread = badness.max(axis=0), np.ptp(badness, axis=0)
    size = np.where(worst == 0.0, 1.0, np.abs(worst))
    return worst + BEYOND * np.where(spread > 0, spread, size)


def boxes_beyond(badness: Floats, reference: Floats) -> Boxes:
    """Cut the room that is not dominated, slice by slice along the last goal.

    In each slice the points that are at least as good in the last goal make a front in the others. For two
    goals these are the steps of a staircase, one box more than the front has points.

    Parameters
    ----------
    badness
        Points, one a row, shape (n, n_goals); those worse than the reference in something do not count.
    reference
        Worst corner, shape (n_goals,).
    """
    inside = badness[(badness < reference).all(axis=1)]
    front = np.unique(inside[is_on_front(inside)], axis=0)
    pairs = _slices(front, reference)
    return Boxes(np.array([low for low, _ in pairs]), np.array([high for _, high in pairs]))


def _slices(front: Floats, reference: Floats) -> list[tuple[tuple[float, ...], tuple[float, ...]]]:
    """Lower and upper corners of the boxes beyond a front inside the reference, shape (n, n_goals)."""
    if front.shape[1] == 1:
        return [((-np.inf,), (float(min(front.min(initial=np.inf), reference[0])),))]
    order = np.argsort(front[:, -1], kind="stable")
    base, heights = front[order, :-1], front[order, -1]
    boxes: list[tuple[tuple[float, ...], tuple[float, ...]]] = []
    bottom, section = -np.inf, base[:0]
    for row, top in zip((*base, None), (*heights.tolist(), float(reference[-1])), strict=True):
        grown = section if row is None else np.vstack([section, row])
        grown = grown[is_on_front(grown)]
        is_same = row is not None and len(grown) == len(section) and np.array_equal(grown, section)
        if is_same:
            continue  # no step here: the slice goes on
        if top > bottom:
            boxes += [((*low, bottom), (*high, top)) for low, high in _slices(section, reference[:-1])]
            bottom = top
        section = np.unique(grown, axis=0)
    return boxes


def dominated_volume(badness: Floats, reference: Floats) -> float:
    """Volume of all that some point is better than, up to the reference.

    Parameters
    ----------
    badness
        Points, one a row, shape (n, n_goals).
    reference
        Worst corner, shape (n_goals,).
    """
    inside = badness[(badness < reference).all(axis=1)]
    if len(inside) == 0:
        return 0.0
    ideal = inside.min(axis=0)
    boxes = boxes_beyond(inside, reference)
    sides = np.maximum(boxes.upper - np.maximum(boxes.lower, ideal), 0.0)
    return float(np.prod(reference - ideal) - sides.prod(axis=1).sum())
