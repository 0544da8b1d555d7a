"""What a frame holds, bin by bin, in one pass over its pixels; compiled."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.compiled import compiled
from models.domain.scattering import Counts, Floats, Mask
from models.saxs.bins import Bins


@dataclass(frozen=True, eq=False)
class Sums:
    """A frame added up; pixels that are masked, or negative as detectors mark dead ones, are in no bin."""

    counts: Floats
    """Counts in each bin, shape (n_bins,)."""
    weight: Floats
    """Sum of the weights of the pixels that counted, shape (n_bins,)."""
    n_pixels: NDArray[np.int64]
    """How many pixels counted, shape (n_bins,)."""


@compiled
def add_pixels(  # noqa: PLR0913  a compiled function takes arrays, no objects
    counts: Counts, of_pixel: NDArray[np.int32], weight: Floats, sums: NDArray[np.int64],
    lost: NDArray[np.int64], lost_weight: Floats,
) -> None:  # fmt: skip
    """Add each pixel to its bin; a negative one is counted as lost there.

    Parameters
    ----------
    counts
        Counts, row by row, shape (n,).
    of_pixel
        Bin of each pixel; negative: none.
    weight
        Weight of each pixel, shape (n,).
    sums, lost, lost_weight
        Counts, lost pixels and their weight, by bin; are added to, shape (n_bins,).
    """
    for i in range(len(counts)):
        row = of_pixel[i]
        if row < 0:
            continue
        count = np.int64(counts[i])
        if count < 0:
            lost[row] += 1
            lost_weight[row] += weight[i]
        else:
            sums[row] += count


def add_up(counts: Counts, mask: Mask, bins: Bins) -> Sums:
    """Add a frame up over bins.

    Parameters
    ----------
    counts
        Counts, shape (n_rows, n_columns), as the frame is stored.
    mask
        True where a pixel must not be used, same shape.
    bins
        Where its pixels go.
    """
    table, n_bins = bins.under(mask), bins.n_bins
    sums, lost, lost_weight = np.zeros(n_bins, np.int64), np.zeros(n_bins, np.int64), np.zeros(n_bins)
    flat = np.ascontiguousarray(counts).ravel()
    add_pixels(flat, table.of_pixel, bins.weight, sums, lost, lost_weight)
    return Sums(
        counts=sums.astype(np.float64),
        weight=table.weight - lost_weight,
        n_pixels=table.n_pixels - lost,
    )
