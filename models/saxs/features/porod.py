"""Porod's law at high q: constant, slope, and surface over volume."""

from dataclasses import dataclass

import numpy as np

from models.domain.errors import FitFailed
from models.domain.scattering import Absence, Curve, Feature, Fit, Floats, Parameter
from models.saxs.extractor import Extractor
from models.saxs.features.invariant import invariant_of
from models.saxs.fits import make_fit

STARTS = (0.65, 0.75, 0.85)
"""Windows begin at these parts of the curve, in ln q; the middle one answers, all give its spread."""
MIN_POINTS = 10
"""A window has at least so many points."""
SLOPE_LIMITS = (-4.6, -3.4)
"""A Porod window has a log-log slope, constant background removed, between these."""
MIN_SNR = 3.0
"""The Porod constant stands so many sigma above zero."""


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


def extract(curve: Curve) -> tuple[Feature | Absence | Fit, ...]:
    """Read Porod's constant, its slope, and surface over volume.

    Parameters
    ----------
    curve
        The curve.

    Returns
    -------
    tuple of Feature, Absence or Fit
        ``porod_slope`` (pure number), ``porod_constant`` (intensity times 1/nm^4) and ``surface_to_volume``
        (pi P / Q, 1/nm: surface over the volume of the thinner phase times the fraction of the other). The
        last two are absent where the slope is not Porod's. sigma holds the spread over where the
        window begins. The fit of the middle window comes with them in any case: it shows why.
    """
    fits = [fit_porod(curve, start) for start in STARTS]
    fit = fits[1]
    slope = Feature(
        name="porod_slope",
        value=fit.slope,
        sigma=float(np.hypot(fit.slope_sigma, np.std([other.slope for other in fits]))),
        unit="1",
    )
    spread = float(np.std([other.constant for other in fits]))
    sigma = float(
        np.sqrt(fit.constant_sigma**2 + spread**2 + (curve.common_relative_sigma * fit.constant) ** 2)
    )
    why = ""
    if not SLOPE_LIMITS[0] <= fit.slope <= SLOPE_LIMITS[1]:
        why = f"the slope is {fit.slope:.2f}, Porod's law asks for {SLOPE_LIMITS[0]} to {SLOPE_LIMITS[1]}"
    elif fit.constant < MIN_SNR * sigma:
        why = f"the constant is {fit.constant:.3g} +- {sigma:.3g}, must stand {MIN_SNR:g} sigma above 0"
    if why:
        absent = (Absence(name=name, why=why) for name in ("porod_constant", "surface_to_volume"))
        return slope, *absent, _as_fit(fit)
    constant = Feature(name="porod_constant", value=fit.constant, sigma=sigma, unit=f"{curve.unit}/nm^4")
    return slope, constant, _surface(curve, fit, sigma), _as_fit(fit)


def _as_fit(fit: PorodFit) -> Fit:
    """Put the law beside its points."""
    unit = fit.part.unit
    found = (
        Parameter(name="constant", value=fit.constant, sigma=fit.constant_sigma, unit=f"{unit}/nm^4"),
        Parameter(name="background", value=fit.background, sigma=fit.background_sigma, unit=unit),
    )
    model = fit.constant * fit.part.q_inv_nm**-4.0 + fit.background
    return make_fit("porod", fit.part, model, found, len(found))


def _surface(curve: Curve, fit: PorodFit, sigma: float) -> Feature | Absence:
    """Divide the Porod constant by the invariant; what both share cancels."""
    try:
        invariant, invariant_sigma = invariant_of(curve)
    except FitFailed as error:
        return Absence(name="surface_to_volume", why=f"the invariant is absent: {error}")
    value = np.pi * fit.constant / invariant
    relative = float(np.hypot(sigma / fit.constant, invariant_sigma / invariant))
    return Feature(name="surface_to_volume", value=float(value), sigma=float(value * relative), unit="1/nm")


EXTRACTOR = Extractor(
    makes={"porod_slope": "1", "porod_constant": "a.u./nm^4", "surface_to_volume": "1/nm"}, extract=extract
)
