"""Find the shadow of a beamstop in a frame that comes without a mask."""

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from models.domain.geometry import Geometry
from models.domain.scattering import Frame, Mask

DARK_SHARE = 0.15
"""A shadowed pixel sees less than this share of what its ring sees."""
RING_PERCENTILE = 75.0
"""What a ring sees: this percentile, so that a shadow may cover half of it."""
SMOOTHING_PX = 5
"""Counts are averaged over a square of so many pixels."""
MIN_RING_COUNTS = 2.0
"""Rings that see less per pixel are too dim to tell a shadow from noise."""
REACH_PX = 8.0
"""A shadow begins within so many pixels of the innermost ring that sees light."""
PENUMBRA_PX = 2
"""The shadow is grown by so many pixels, over its half-lit edge."""


def find_shadow(frame: Frame, geometry: Geometry) -> Mask:
    """Find the pixels that a beamstop and its arm keep dark.

    A shadow is one connected patch that begins where the innermost light is and sees less than 15 % of what
    most pixels of the same ring see. Rings that are dark all round are left alone: nothing in
    them tells what light would be.

    Parameters
    ----------
    frame
        The frame, as it is stored.
    geometry
        Where the detector stands.

    Returns
    -------
    Mask
        True in the shadow, shape of the frame; all False when there is none.
    """
    step = -1 if geometry.is_flipped_left_right else 1
    is_usable = (~frame.mask & (frame.counts >= 0))[:, ::step]
    counts = np.where(is_usable, frame.counts[:, ::step], 0).astype(np.float64)
    rows, columns = np.ogrid[: counts.shape[0], : counts.shape[1]]
    radius_px = np.hypot(rows + 0.5 - geometry.beam_row_px, columns + 0.5 - geometry.beam_column_px)
    mean = _mean_about(counts, is_usable)
    level = _ring_levels(mean, radius_px.astype(np.uint16), is_usable)
    is_lit = level >= MIN_RING_COUNTS
    is_dark = is_usable & is_lit & (mean < DARK_SHARE * level)
    # rings behind the stop are dark all round; they join the patch to the direct beam
    is_core = radius_px <= float(radius_px[is_lit].min(initial=np.inf)) + REACH_PX
    if not np.any(is_lit):
        return np.zeros_like(frame.mask)
    labelled: Any = ndimage.label(is_dark | is_core)
    labels = np.asarray(labelled[0])
    touching = np.unique(labels[is_core])
    shadow = is_dark & np.isin(labels, touching[touching > 0])
    if np.any(shadow):
        grown = np.asarray(ndimage.binary_dilation(shadow, iterations=PENUMBRA_PX), dtype=np.bool_)
        shadow = grown & is_lit & is_usable
    return np.asarray(shadow[:, ::step])


def _mean_about(counts: NDArray[np.float64], is_usable: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Average the usable pixels about each pixel."""
    total = ndimage.uniform_filter(counts, SMOOTHING_PX, mode="constant")
    share = ndimage.uniform_filter(is_usable.astype(np.float64), SMOOTHING_PX, mode="constant")
    return total / np.maximum(share, 1.0 / SMOOTHING_PX**2)


def _ring_levels(
    mean: NDArray[np.float64], ring: NDArray[np.uint16], is_usable: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Give every pixel what most pixels of its ring see."""
    order = np.argsort(ring[is_usable], kind="stable")  # a radix sort, for 16 bits
    rings, values = ring[is_usable][order], mean[is_usable][order]
    edges = np.searchsorted(rings, np.arange(int(ring.max()) + 2))
    levels = np.zeros(edges.size - 1)
    for number, (first, last) in enumerate(pairwise(edges.tolist())):
        if last > first:
            levels[number] = _percentile(values[first:last])
    return levels[ring]


def _percentile(values: NDArray[np.float64]) -> float:
    """What `np.percentile` gives, without the time that it takes to begin: there are many rings."""
    place = RING_PERCENTILE / 100 * (values.size - 1)
    below = int(place)
    above = min(below + 1, values.size - 1)
    parted = np.partition(values, (below, above))
    return float(parted[below] + (place - below) * (parted[above] - parted[below]))
