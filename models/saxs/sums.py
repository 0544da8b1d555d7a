"""What a frame holds, bin by bin, in one pass over its pixels; compiled."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.compiled import compiled
from models.domain.scattering import Counts, Floats, Mask
from models.saxs.bins import Bins

NO_LIMIT = np.iinfo(np.int64).max
"""Stands for the saturation of a detector of which none is known."""


@dataclass(frozen=True, eq=False)
class Sums:
    """A frame added up. Pixels that are masked, negative or saturated are in no bin."""

    counts: Floats
    """Counts in each bin, shape (n_bins,)."""
    weight: Floats
    """Sum of the weights of the pixels that counted, shape (n_bins,)."""
    n_pixels: NDArray[np.int64]
    """How many pixels counted, shape (n_bins,)."""
    total: int
    """Counts of all pixels that are not masked, those outside of all bins among them."""
    most: int
    """Largest count of a pixel that is not masked."""
    n_negative: int
    """Pixels with negative counts: the detector's own word for dead ones."""
    n_saturated: int
    """Pixels at or above the saturation."""


@compiled
def add_pixels(  # noqa: PLR0913  a compiled function takes arrays, no objects
    counts: Counts, of_pixel: NDArray[np.int32], limit: int, sums: NDArray[np.int64], lost: NDArray[np.int64],
    lost_weight: Floats, weight: Floats,
) -> tuple[int, int, int]:  # fmt: skip
    """Add each pixel to its bin; what cannot be used is counted as lost there.

    Parameters
    ----------
    counts
        Counts, row by row, shape (n,).
    of_pixel
        Bin of each pixel; negative: none.
    limit
        Counts from which on a pixel is saturated.
    sums, lost, lost_weight
        Counts, pixels that cannot be used, and their weight, by bin; are added to, shape (n_bins,).
    weight
        Weight of each pixel, shape (n,).

    Returns
    -------
    int, int, int
        Largest count that is below the limit, and how many pixels of bins are negative and saturated.
    """
    most, n_negative, n_saturated = 0, 0, 0
    for i in range(len(counts)):
        row = of_pixel[i]
        if row < 0:
            continue
        count = np.int64(counts[i])
        if count < 0 or count >= limit:
            lost[row] += 1
            lost_weight[row] += weight[i]
            if count < 0:
                n_negative += 1
            else:
                n_saturated += 1
            continue
        sums[row] += count
        most = max(most, int(count))
    return most, n_negative, n_saturated


def add_up(counts: Counts, mask: Mask, bins: Bins, saturation_counts: float | None = None) -> Sums:
    """Add a frame up over bins.

    Parameters
    ----------
    counts
        Counts, shape (n_rows, n_columns), as the frame is stored.
    mask
        True where a pixel must not be used, same shape.
    bins
        Where its pixels go.
    saturation_counts
        Counts from which on a pixel tells nothing; None where it is not known.
    """
    table, n_bins = bins.under(mask), bins.n_bins
    sums, lost, lost_weight = np.zeros(n_bins, np.int64), np.zeros(n_bins, np.int64), np.zeros(n_bins)
    limit = NO_LIMIT if saturation_counts is None else int(np.ceil(saturation_counts))
    flat = np.ascontiguousarray(counts).ravel()
    most, n_negative, n_saturated = add_pixels(
        flat, table.of_pixel, limit, sums, lost, lost_weight, bins.weight
    )
    return Sums(
        counts=sums.astype(np.float64),
        weight=table.weight - lost_weight,
        n_pixels=table.n_pixels - lost,
        total=int(sums.sum()),
        most=most,
        n_negative=n_negative,
        n_saturated=n_saturated,
    )
