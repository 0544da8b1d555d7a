"""What a frame holds, bin by bin, in one pass over its pixels; compiled."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.compiled import compiled
from models.domain.errors import BadInput
from models.domain.scattering import Counts, Floats, Mask
from models.saxs.bins import Bins
from models.saxs.corrections import Corrections, DarkFrame, DarkRate

MIN_VARIANCE_COUNTS = 1.0
"""Variance of a bin that caught no photon, counts squared: one count more would have made it one."""


@dataclass(frozen=True, eq=False)
class Sums:
    """A frame added up; pixels that are masked, or negative as detectors mark dead ones, are in no bin."""

    counts: Floats
    """Counts in each bin, without losses to dead time and without dark counts, shape (n_bins,)."""
    shot_variance: Floats
    """Variance of `counts` that photons and dark counts make, shape (n_bins,), counts squared; 0 where there
    was none."""
    variance: Floats
    """All variance of `counts`, shape (n_bins,), counts squared: at least one count where there was none, and
    the errors of dark rate, dead time and flat field."""
    weight: Floats
    """Sum of the weights of the pixels that counted, shape (n_bins,)."""
    n_pixels: NDArray[np.int64]
    """How many pixels counted, shape (n_bins,)."""
    dark_counts: float
    """Dark counts that were subtracted in all."""


@compiled
def add_pixels(  # noqa: PLR0913  a compiled function takes arrays, no objects
    counts: Counts, of_pixel: NDArray[np.int32], terms: Floats, sums: NDArray[np.int64],
    lost: NDArray[np.int64], lost_terms: Floats,
) -> None:  # fmt: skip
    """Add each pixel to its bin; a negative one is counted as lost there.

    Parameters
    ----------
    counts
        Counts, row by row, shape (n,).
    of_pixel
        Bin of each pixel; negative: none.
    terms
        Weight of each pixel and what else is summed, shape (n_terms, n).
    sums, lost, lost_terms
        Counts, lost pixels and their terms, by bin; are added to, shape (n_bins,) and (n_terms, n_bins).
    """
    for i in range(len(counts)):
        row = of_pixel[i]
        if row < 0:
            continue
        count = np.int64(counts[i])
        if count < 0:
            lost[row] += 1
            for k in range(len(terms)):
                lost_terms[k, row] += terms[k, i]
        else:
            sums[row] += count


@compiled
def add_busy_pixels(
    counts: Counts, of_pixel: NDArray[np.int32], blind_share: float, moments: Floats
) -> np.int64:
    """Add each pixel's counts, with those that it missed while it was blind, to its bin.

    A pixel that recorded N counts was blind for the share x = N tau / t of the time; N / (1 - x) had come.
    The loop has no branch on counts, which no processor could predict.

    Parameters
    ----------
    counts, of_pixel
        As of `add_pixels`.
    blind_share
        Dead time over exposure time, tau / t.
    moments
        Counts that had come, and their squares, by bin; are added to, shape (2, n_bins).

    Returns
    -------
    np.int64
        The most that one pixel recorded; where its x is 1 or more, the moments mean nothing.
    """
    most = np.int64(0)
    for i in range(len(counts)):
        row = of_pixel[i]
        if row < 0:
            continue
        count = max(np.int64(counts[i]), np.int64(0))
        most = max(most, count)
        came = count / max(1.0 - count * blind_share, 1e-12)
        moments[0, row] += came
        moments[1, row] += came * came
    return most


def add_up(counts: Counts, mask: Mask, bins: Bins, exposure_s: float = 1.0) -> Sums:
    """Add a frame up over bins, corrected for dead time and dark counts.

    Parameters
    ----------
    counts
        Counts, shape (n_rows, n_columns), as the frame is stored.
    mask
        True where a pixel must not be used, same shape.
    bins
        Where its pixels go, and what is corrected.
    exposure_s
        Exposure time, s: what rates are multiplied by.

    Raises
    ------
    BadInput
        When a pixel counts faster than its dead time allows.
    """
    table, n_bins, applied = bins.under(mask), bins.n_bins, bins.corrections
    flat = np.ascontiguousarray(counts).ravel()
    sums, lost = np.zeros(n_bins, np.int64), np.zeros(n_bins, np.int64)
    lost_terms = np.zeros((len(bins.terms), n_bins))
    add_pixels(flat, table.of_pixel, bins.terms, sums, lost, lost_terms)
    came = photons = sums.astype(np.float64)  # a Poisson number is its own variance
    # errors that all pixels share add up linearly in a bin
    shared = np.zeros(n_bins)
    if applied.dead_time_s > 0:
        blind_share, moments = applied.dead_time_s / exposure_s, np.zeros((2, n_bins))
        most = add_busy_pixels(flat, table.of_pixel, blind_share, moments)
        _refuse_too_fast(int(most), exposure_s, applied.dead_time_s)
        came, squares = moments
        # recorded counts N fluctuate less than a Poisson number, by (1 - x)^2 (a renewal process: Mueller
        # 1973, Nucl. Instrum. Methods 112, 47), and are stretched by (1 - x)^-4: N / (1 - x)^2, which is this
        photons = came + blind_share * squares
        shared += (applied.dead_time_sigma_s / exposure_s * squares) ** 2
    n_pixels, terms = table.n_pixels - lost, table.terms - lost_terms
    dark, dark_variance, dark_floor = _dark(applied, terms, n_pixels, exposure_s)
    if isinstance(applied.dark, DarkRate):
        shared += (applied.dark.sigma_hz * exposure_s * n_pixels) ** 2
    if len(terms) > 1:
        shared += (came - dark) ** 2 * terms[3] / np.where(n_pixels > 0, terms[0], np.inf) ** 2
    at_least = np.maximum(photons, MIN_VARIANCE_COUNTS) + np.maximum(dark_variance, dark_floor)
    return Sums(
        counts=came - dark,
        shot_variance=photons + dark_variance,
        variance=at_least + shared,
        weight=terms[0],
        n_pixels=n_pixels,
        dark_counts=float(dark.sum()),
    )


def _dark(
    applied: Corrections, terms: Floats, n_pixels: NDArray[np.int64], exposure_s: float
) -> tuple[Floats, Floats, float]:
    """Dark counts of each bin in this time, their variance by counting, and the least that it may be."""
    if isinstance(applied.dark, DarkFrame):
        floor = MIN_VARIANCE_COUNTS * (exposure_s / applied.dark.exposure_s) ** 2
        return terms[1] * exposure_s, terms[2] * exposure_s**2, floor
    rate_hz = 0.0 if applied.dark is None else applied.dark.rate_hz
    return n_pixels.astype(np.float64) * (rate_hz * exposure_s), np.zeros(len(n_pixels)), 0.0


def _refuse_too_fast(most: int, exposure_s: float, dead_time_s: float) -> None:
    if most * dead_time_s >= exposure_s:
        raise BadInput(
            "dead time",
            f"is {dead_time_s:g} s, but a pixel counted {most} in {exposure_s:g} s, "
            f"more than the {exposure_s / dead_time_s:.4g} that leaves room for",
            "Check dead_time_s and the exposure time, or mask that pixel",
        )
