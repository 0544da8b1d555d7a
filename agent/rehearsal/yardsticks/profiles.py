"""Whole curves of a truth as rows of numbers, and back: q, intensity and sigma, bin by bin."""

from dataclasses import dataclass

import numpy as np

from models.domain.errors import BadInput
from models.domain.misfit import as_arrays
from models.domain.scattering import CurveProfile, Floats, Mask
from models.gp.curve_set import FEWEST_BINS, CurveSet

N_PARTS = 3
"""q, intensity, sigma."""


def profile_row(profile: CurveProfile | None, n_bins: int) -> Floats:
    """A curve as a row, shape (3 n_bins,); NaN where there is none."""
    if profile is None or len(profile.q_inv_nm) != n_bins:
        return np.full(N_PARTS * n_bins, np.nan)
    return np.concatenate([np.array(profile.q_inv_nm), *as_arrays(profile)])


@dataclass(frozen=True, eq=False)
class Rows:
    """Curves as rows, in the bins that all of them have."""

    is_known: Mask
    """Which rows have a curve, shape (n,)."""
    is_shared: Mask
    """Which bins every curve has, shape (n_bins,)."""
    q_inv_nm: Floats
    """Middles of these bins, shape (n_shared,), 1/nm."""
    intensities: Floats
    """Of the curves there are, shape (n_known, n_shared)."""
    sigmas: Floats
    """One standard deviation of each, shape (n_known, n_shared)."""

    def as_set(self) -> CurveSet:
        """For whoever tells phases from them."""
        n = len(self.intensities)
        return CurveSet(
            np.zeros((n, 1)), self.q_inv_nm, self.intensities, self.sigmas, np.arange(n), "1",
            len(self.is_shared),
        )  # fmt: skip


def read_rows(rows: Floats) -> Rows:
    """Curves from rows.

    Parameters
    ----------
    rows
        Shape (n, 3 n_bins).

    Raises
    ------
    BadInput
        When there is no curve, or they share too few bins.
    """
    q, intensities, sigmas = np.split(rows, N_PARTS, axis=1)
    is_bin = np.isfinite(intensities) & np.isfinite(sigmas)
    is_known = is_bin.sum(axis=1) >= FEWEST_BINS
    is_shared: Mask = np.all(is_bin[is_known], axis=0) & is_known.any()
    if is_shared.sum() < FEWEST_BINS:
        raise BadInput(
            "--world",
            f"has {is_shared.sum()} bins of q that all its {is_known.sum()} curves share, {FEWEST_BINS} are "
            "needed",
            "Narrow analysis.q_min_inv_nm to q_max_inv_nm to what all curves reach, or take fewer bins",
        )
    kept = np.ix_(is_known, is_shared)
    return Rows(is_known, is_shared, q[is_known][0, is_shared], intensities[kept], sigmas[kept])
