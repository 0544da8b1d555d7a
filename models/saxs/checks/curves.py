"""Checks of the curve that a frame became."""

import numpy as np

from models.domain.check_limits import CheckLimits
from models.domain.scattering import Curve, Verdict


def check_curve(curve: Curve, limits: CheckLimits | None = None) -> tuple[Verdict, ...]:
    """Run every check on a curve.

    Parameters
    ----------
    curve
        The curve.
    limits
        What it is held against.

    Returns
    -------
    tuple of Verdict
        One for each check.
    """
    limits = limits or CheckLimits()
    is_finite = np.isfinite(curve.intensity) & np.isfinite(curve.sigma)
    n_bad = len(curve) - int(np.count_nonzero(is_finite))
    return (
        Verdict(
            check="finite",
            is_ok=n_bad == 0,
            value=n_bad,
            limit=0,
            unit="points",
            remedy="Look at the curve, and reduce it again.",
        ),
        Verdict(
            check="points",
            is_ok=len(curve) >= limits.points_min,
            value=len(curve),
            limit=limits.points_min,
            unit="points",
            remedy="Widen q_min_inv_nm and q_max_inv_nm.",
        ),
    )
