"""A curve in few bins, the same for every observation of a campaign: what whole curves are learned from."""

import numpy as np

from models.domain.scattering import Curve, CurveProfile, Floats
from models.saxs.precision import INTENSITY_DIGITS, Q_DIGITS, SIGMA_DIGITS, round_digits


def lay_bins(window_inv_nm: tuple[float, float], n_bins: int) -> tuple[Floats, Floats]:
    """Bins evenly spaced in log q.

    Parameters
    ----------
    window_inv_nm
        Lower edge of the first bin and upper edge of the last, 1/nm; both above 0.
    n_bins
        How many.

    Returns
    -------
    tuple
        Edges, shape (n_bins + 1,), and middles, the geometric mean of both edges, shape (n_bins,), 1/nm.
    """
    edges = np.geomspace(*window_inv_nm, n_bins + 1)
    edges[0], edges[-1] = window_inv_nm
    return edges, np.sqrt(edges[:-1] * edges[1:])


def bin_curve(curve: Curve, window_inv_nm: tuple[float, float], n_bins: int) -> CurveProfile:
    """Average a curve in bins that depend on the campaign alone.

    The mean is a plain one. Points of a curve are weak counts here and there: a point that came out low by
    chance also has the smaller error, so that a mean weighted by inverse variances leans to low intensities
    (Baker and Cousins, Nucl. Instrum. Methods 221 (1984) 437, on the same bias of chi squared). The plain
    mean has none, and its error follows from those of its points. A bin in which this curve has no point is
    left empty; nothing is made up for it.

    Parameters
    ----------
    curve
        The reduced curve; points outside the window are left aside.
    window_inv_nm
        Lower edge of the first bin and upper edge of the last, 1/nm.
    n_bins
        How many.

    Returns
    -------
    CurveProfile
        Mean intensity and its independent error in each bin. The factor that all points share
        (`Curve.common_relative_sigma`) is not in it: it does not shrink by averaging.
    """
    edges, middles = lay_bins(window_inv_nm, n_bins)
    inside = curve.between(*window_inv_nm)
    # the last bin holds its upper edge, as the window does
    bins = np.minimum(np.searchsorted(edges, inside.q_inv_nm, side="right") - 1, n_bins - 1)
    counts = np.bincount(bins, minlength=n_bins)
    filled = counts > 0
    n_points = np.maximum(counts, 1)
    means = np.bincount(bins, weights=inside.intensity, minlength=n_bins) / n_points
    sigmas = np.sqrt(np.bincount(bins, weights=inside.sigma**2, minlength=n_bins)) / n_points
    return CurveProfile(
        q_inv_nm=tuple(round_digits(middles, Q_DIGITS).tolist()),
        intensity=_where(filled, round_digits(means, INTENSITY_DIGITS)),
        sigma=_where(filled, round_digits(sigmas, SIGMA_DIGITS)),
        unit=curve.unit,
    )


def _where(filled: np.ndarray, values: Floats) -> tuple[float | None, ...]:
    return tuple(
        value if is_filled else None
        for value, is_filled in zip(values.tolist(), filled.tolist(), strict=True)
    )
