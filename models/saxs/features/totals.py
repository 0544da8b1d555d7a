"""Sums over the whole curve: what it scatters in all, and on average."""

import numpy as np

from models.domain.errors import FitFailed
from models.domain.scattering import Absence, Curve, Feature
from models.saxs.extractor import Extractor
from models.saxs.steady import steady

MIN_POINTS = 2
"""An integral needs so many points."""


def extract(curve: Curve) -> tuple[Feature | Absence, ...]:
    """Integrate the intensity over the curve's window of q, by the trapezoidal rule.

    sigma is propagated from the points, with the error that they share added in quadrature. Nothing is
    extrapolated: set the window by ``q_min_inv_nm`` and ``q_max_inv_nm``.

    Parameters
    ----------
    curve
        The curve.

    Returns
    -------
    tuple of Feature or Absence
        ``integrated_intensity``, intensity times 1/nm, and ``mean_intensity``, that over the window's width.
    """
    if len(curve) < MIN_POINTS:
        raise FitFailed(f"{len(curve)} points, needs {MIN_POINTS}")
    step = np.diff(curve.q_inv_nm)
    weight = np.zeros(len(curve))
    weight[:-1] += 0.5 * step
    weight[1:] += 0.5 * step
    total = float(weight @ curve.intensity)
    sigma = float(np.hypot(np.sqrt(weight**2 @ steady(curve).variance), curve.common_relative_sigma * total))
    width_inv_nm = float(step.sum())
    return (
        Feature(name="integrated_intensity", value=total, sigma=sigma, unit=f"{curve.unit}/nm"),
        Feature(
            name="mean_intensity", value=total / width_inv_nm, sigma=sigma / width_inv_nm, unit=curve.unit
        ),
    )


EXTRACTOR = Extractor(makes={"integrated_intensity": "a.u./nm", "mean_intensity": "a.u."}, extract=extract)
