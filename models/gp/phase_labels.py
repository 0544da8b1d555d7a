"""Which curves are of one phase: found from the curves alone, with numbers that stay."""

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import cdist, pdist, squareform

from models.domain.errors import FitFailed
from models.domain.scattering import Floats
from models.domain.soft_log import soften
from models.gp.curve_set import CurveSet
from models.gp.phase_draws import Labels

FEWEST_CURVES = 4
"""Fewer curves make no groups."""
SMOOTHING = (0.25, 0.75, 1.0, 0.75, 0.25)
"""Weights of five neighbouring bins, of which a slope is taken."""
STEEPEST = 6.0
"""Slopes of log I over log q are cut off here: how sharp a peak is tells the order, not the phase."""
NEARLY = 0.05
"""Fewer groups are taken where their silhouette is lower than the best by no more than this."""
STEADY = 0.1
"""Groups like those before are taken where their silhouette is lower than the best by no more than this."""
APART = 1.5
"""A later curve is of a new phase when it is farther from all groups than the widest reaches, times this."""
FIRST_SIZE, GROWTH = 8, 1.25
"""Groups are found of so many curves, then of so many times more, so that numbers can be handed on."""


def label_curves(curves: CurveSet, n_context: int, n_most: int) -> Labels:
    """Number of the phase of each curve, from 1.

    Curves are compared by the slopes that they have, sorted: neither a factor on the intensity changes these,
    nor a lattice that swells, since both only shift a curve in the logarithms. The first curves are grouped
    by average linkage, into as many groups as make the largest silhouette (Rousseeuw, J. Comput. Appl. Math.
    20 (1987) 53), or nearly: then fewer are taken or, when curves were grouped before, those groups that
    change least. Later curves go to the nearest group or, far from all, open one. A group keeps its number
    when more curves are grouped: the one that shares most curves with it inherits it.

    Parameters
    ----------
    curves
        Whole curves, in the bins that all of them have.
    n_context
        How many of the measurements that were read first may shape the groups.
    n_most
        Most groups there can be.

    Returns
    -------
    array of int
        Shape (n,).

    Raises
    ------
    FitFailed
        When there are too few curves, or all are equal.
    """
    n = int((curves.order < n_context).sum())
    if n < FEWEST_CURVES:
        raise FitFailed(f"phases are told apart from {FEWEST_CURVES} curves or more, there are {n}")
    shapes = shapes_of(curves)
    if np.ptp(shapes[:n], axis=0).max() < 1e-9:
        raise FitFailed(f"all {n} curves are equal")
    labels = np.empty(0, dtype=np.int64)
    for size in _sizes(n):
        labels = _hand_on(labels, _group(shapes[:size], labels, n_most))
    for row in range(n, len(shapes)):
        labels = np.append(labels, _assign(shapes[: row + 1], labels, n, n_most))
    return labels


def shapes_of(curves: CurveSet) -> Floats:
    """What curves are compared by, shape (n, n_q): sorted slopes, softened where each is lost in noise."""
    return sorted_slopes(curves.q_inv_nm, curves.intensities, _floor(curves))


def group_shapes(shapes: Floats, n_most: int) -> Labels:
    """Number of the group of each curve, from 1, all grouped at once: for curves that nobody waits for."""
    return _group(shapes, np.empty(0, dtype=np.int64), n_most)


def sorted_slopes(q_inv_nm: Floats, intensities: Floats, floor: Floats) -> Floats:
    """Slopes of softened log I over log q, smoothed, cut off and sorted, shape (n, n_q).

    Parameters
    ----------
    q_inv_nm
        Middle of each bin, shape (n_q,), 1/nm.
    intensities
        Shape (n, n_q).
    floor
        Where the logarithm is softened: about the noise of each bin, shape (n, n_q) or (n_q,).
    """
    logs = soften(intensities, floor)
    weights = np.array(SMOOTHING) / sum(SMOOTHING)
    reach = len(weights) // 2
    padded = np.pad(logs, ((0, 0), (reach, reach)), mode="edge")
    smooth = np.lib.stride_tricks.sliding_window_view(padded, len(weights), axis=1) @ weights
    slopes = np.gradient(smooth, np.log(q_inv_nm), axis=1)
    return np.sort(np.clip(slopes, -STEEPEST, STEEPEST), axis=1)


def _floor(curves: CurveSet) -> Floats:
    """The noise of each bin of each curve, above 0: one that is lost in noise there has the noise's slope."""
    largest = np.abs(curves.intensities).max(axis=1, keepdims=True)
    return np.maximum(curves.sigmas, np.maximum(1e-9 * largest, 1e-300))


def _sizes(n: int) -> list[int]:
    """How many curves are grouped, time after time, up to all n."""
    sizes, size = list[int](), float(FIRST_SIZE)
    while size < n:
        sizes.append(int(size))
        size *= GROWTH
    return [*sizes, n]


def _group(shapes: Floats, earlier: Labels, n_most: int) -> Labels:
    """Groups, numbered from 1 in the order of their first curves; `earlier` are those of the first curves."""
    gaps = pdist(shapes)
    tree, square = linkage(gaps, "average"), squareform(gaps)
    found = [fcluster(tree, k, "maxclust") for k in range(2, min(n_most, len(shapes) - 1) + 1)]
    scores = np.array([_silhouette(square, labels) for labels in found])
    if len(earlier):
        near = [labels for labels, score in zip(found, scores, strict=True) if score >= scores.max() - STEADY]
        best = near[int(np.argmax([_agreement(earlier, labels) for labels in near]))]
    else:
        best = found[int(np.argmax(scores >= scores.max() - NEARLY))]
    order = list(dict.fromkeys(best.tolist()))
    return np.array([order.index(label) + 1 for label in best.tolist()], dtype=np.int64)


def _agreement(earlier: Labels, later: Labels) -> float:
    """How far the first curves are grouped as before: the adjusted Rand index (Hubert and Arabie 1985)."""
    later = later[: len(earlier)]
    shared = np.array([[((earlier == a) & (later == b)).sum() for b in set(later.tolist())]
                       for a in set(earlier.tolist())])  # fmt: skip
    both, first, second = (_pairs(counts) for counts in (shared, shared.sum(axis=1), shared.sum(axis=0)))
    by_chance = first * second / max(_pairs(np.array([len(earlier)])), 1.0)
    most = 0.5 * (first + second)
    return 1.0 if most == by_chance else (both - by_chance) / (most - by_chance)


def _pairs(counts: Labels) -> float:
    return float((counts * (counts - 1)).sum()) / 2.0


def _silhouette(gaps: Floats, labels: Labels) -> float:
    """Mean silhouette of groups, from the distances of all pairs, shape (n, n)."""
    is_in = labels[:, np.newaxis] == np.unique(labels)
    sizes = is_in.sum(axis=0)
    sums = gaps @ is_in
    own_size = is_in @ sizes
    own = (sums * is_in).sum(axis=1) / np.maximum(own_size - 1, 1)
    other = np.where(is_in, np.inf, sums / sizes).min(axis=1)
    wide = np.maximum(np.maximum(own, other), 1e-300)
    return float(np.where(own_size > 1, (other - own) / wide, 0.0).mean())


def _hand_on(earlier: Labels, later: Labels) -> Labels:
    """Later groups, under the numbers of the earlier ones with which they share most curves."""
    if len(earlier) == 0:
        return later
    pairs = [
        (-int(((earlier == old) & (later[: len(earlier)] == new)).sum()), int(old), int(new))
        for old in np.unique(earlier)
        for new in np.unique(later)
    ]
    names: dict[int, int] = {}
    for shared, old, new in sorted(pairs):
        if shared < 0 and new not in names and old not in names.values():
            names[new] = old
    free = int(max(earlier.max(), 0))
    for new in np.unique(later).tolist():
        if new not in names:
            free += 1
            names[new] = free
    return np.array([names[label] for label in later.tolist()], dtype=np.int64)


def _assign(shapes: Floats, labels: Labels, n: int, n_most: int) -> int:
    """Number for the last curve: that of the nearest group, or a new one.

    Parameters
    ----------
    shapes
        All curves up to this one, shape (n_known + 1, n_q).
    labels
        Numbers of all before it, shape (n_known,).
    n
        How many of them were grouped.
    n_most
        Most groups there can be.
    """
    numbers = np.unique(labels)
    middles = np.stack([shapes[: len(labels)][labels == number].mean(axis=0) for number in numbers])
    grouped = shapes[:n]
    reach = max(float(cdist(grouped[labels[:n] == k], middles[[i]]).max(initial=0.0))
                for i, k in enumerate(numbers))  # fmt: skip
    gaps = cdist(shapes[-1:], middles)[0]
    if len(numbers) < n_most and gaps.min() > APART * max(reach, 1e-9):
        return int(labels.max()) + 1
    return int(numbers[gaps.argmin()])
