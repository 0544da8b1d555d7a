"""Porod's law at high q: constant, slope, and surface over volume."""

import numpy as np

from models.domain.errors import FitFailed
from models.domain.scattering import Absence, Curve, Feature, Fit
from models.saxs.extractor import Extractor
from models.saxs.features.invariant import invariant_of
from models.saxs.porod_fit import PorodFit, fit_porod, porod_model

STARTS = (0.65, 0.75, 0.85)
"""Windows begin at these parts of the curve, in ln q; the middle one answers, all give its spread."""
SLOPE_LIMITS = (-4.6, -3.4)
"""A Porod window has a log-log slope, constant background removed, between these."""
MIN_SNR = 3.0
"""The Porod constant stands so many sigma above zero."""


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
        return slope, *absent, porod_model(fit)
    constant = Feature(name="porod_constant", value=fit.constant, sigma=sigma, unit=f"{curve.unit}/nm^4")
    return slope, constant, _surface(curve, fit, sigma), porod_model(fit)


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
