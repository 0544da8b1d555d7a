"""Fits of Porod's law to the upper part of a curve."""

from dataclasses import dataclass

import numpy as np

from models.domain.errors import FitFailed
from models.domain.scattering import Curve, Fit, Floats, Parameter
from models.saxs.fits import make_fit

MIN_POINTS = 10
"""A window has at least so many points."""


@dataclass(frozen=True, eq=False)
class PorodFit:
    """One fit of q^4 I = P + B q^4."""

    constant: float
    """P, intensity times 1/nm^4."""
    constant_sigma: float
    """One standard deviation of it."""
    background: float
    """B, in the curve's unit."""
    background_sigma: float
    """One standard deviation of it."""
    slope: float
    """Slope of ln(I - B) on ln q."""
    slope_sigma: float
    """One standard deviation of it."""
    part: Curve
    """The window."""


def fit_porod(curve: Curve, start: float) -> PorodFit:
    """Fit Porod's law with a constant background (Porod 1951) to the upper part of a curve.

    Parameters
    ----------
    curve
        The curve.
    start
        Where the window begins: 0 at the first point, 1 at the last, in ln q.

    Returns
    -------
    PorodFit
        sigma is the covariance's, times the root of reduced chi squared above 1.

    Raises
    ------
    FitFailed
        When the window holds too few points.
    """
    q_first, q_last = curve.q_inv_nm[curve.q_inv_nm > 0][[0, -1]]
    part = curve.between(float(q_first * (q_last / q_first) ** start), float(q_last))
    if len(part) < MIN_POINTS:
        raise FitFailed(f"{len(part)} points at high q, needs {MIN_POINTS}")
    q4 = part.q_inv_nm**-4.0
    design = np.stack([q4, np.ones_like(q4)], axis=1)
    found, covariance = _weighted(design, part.intensity, part.sigma)
    slope, slope_sigma = _slope(part, float(found[1]))
    sigma = np.sqrt(np.diag(covariance))
    return PorodFit(
        constant=float(found[0]),
        constant_sigma=float(sigma[0]),
        background=float(found[1]),
        background_sigma=float(sigma[1]),
        slope=slope,
        slope_sigma=slope_sigma,
        part=part,
    )


def _weighted(design: Floats, values: Floats, sigma: Floats) -> tuple[Floats, Floats]:
    """Solve weighted least squares; the covariance is scaled by reduced chi squared above 1."""
    scaled = design / sigma[:, None]
    covariance = np.asarray(np.linalg.pinv(scaled.T @ scaled), dtype=np.float64)
    found = covariance @ (scaled.T @ (values / sigma))
    n_free = max(values.size - design.shape[1], 1)
    chi2 = float(np.sum(((values - design @ found) / sigma) ** 2)) / n_free
    return found, np.asarray(covariance * max(1.0, chi2), dtype=np.float64)


def _slope(part: Curve, background: float) -> tuple[float, float]:
    """Fit the log-log slope of what stands above a background."""
    net = part.intensity - background
    use = net > part.sigma
    if np.count_nonzero(use) < MIN_POINTS:
        raise FitFailed(
            f"{np.count_nonzero(use)} points at high q stand above the background, needs {MIN_POINTS}"
        )
    x = np.log(part.q_inv_nm[use])
    design = np.stack([x, np.ones_like(x)], axis=1)
    found, covariance = _weighted(design, np.log(net[use]), part.sigma[use] / net[use])
    return float(found[0]), float(np.sqrt(covariance[0, 0]))


def porod_model(fit: PorodFit) -> Fit:
    """Put the law beside its points.

    Parameters
    ----------
    fit
        What `fit_porod` found.

    Returns
    -------
    Fit
        ``porod``: Porod's constant and invariant continue a curve by the same fit, which is kept once.
    """
    unit = fit.part.unit
    found = (
        Parameter(name="constant", value=fit.constant, sigma=fit.constant_sigma, unit=f"{unit}/nm^4"),
        Parameter(name="background", value=fit.background, sigma=fit.background_sigma, unit=unit),
    )
    model = fit.constant * fit.part.q_inv_nm**-4.0 + fit.background
    return make_fit("porod", fit.part, model, found, len(found))
