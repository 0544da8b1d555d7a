"""Porod's law at high q: constant, slope, and surface over volume."""

import numpy as np

from models.domain.errors import FitFailed
from models.domain.scattering import Absence, Curve, Feature, Fit
from models.saxs.extractor import Extractor
from models.saxs.porod_fit import porod_model
from models.saxs.slope_fit import Slope, fit_slope
from models.saxs.two_phase import TwoPhase, read_two_phases

SLOPE_LIMITS = (-4.6, -3.4)
"""Porod's law holds where the log-log slope, constant background removed, may lie between these."""
SLOPE_SIGMA = 2.0
"""It may lie where it is within so many sigma."""
MIN_QT = 2.5
"""A window begins at this or above, q times the length T: below there are whole grains, and no surface."""
MIN_SNR = 3.0
"""The Porod constant stands so many sigma above zero."""
MIN_SNR_RATIO = 5.0
"""A ratio by it asks for so many: its error is then near enough to Gaussian."""


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
        last two are absent where the slope is not Porod's. sigma holds noise and what is known beforehand of
        the next term of the law. The fit comes with them in any case: it shows why.
    """
    found = read_two_phases(curve)
    slope = fit_slope(found.fit)
    why = why_no_law(found, slope)
    model = porod_model(found.fit)
    if why:
        return (
            _as_feature(slope),
            *(Absence(name=x, why=why) for x in ("porod_constant", "surface_to_volume")),
            model,
        )
    shared = curve.common_relative_sigma * found.constant.value
    constant = Feature(
        name="porod_constant",
        value=found.constant.value,
        sigma=float(np.hypot(found.constant.sigma, shared)),
        unit=f"{curve.unit}/nm^4",
    )
    return _as_feature(slope), constant, _surface(found), model


def _as_feature(slope: Slope) -> Feature | Absence:
    """The slope, where the points tell it from a background."""
    if slope.why_untold:
        return Absence(name="porod_slope", why=slope.why_untold)
    return Feature(name="porod_slope", value=slope.value, sigma=slope.sigma, unit="1")


def why_no_law(found: TwoPhase, slope: Slope | None = None) -> str:
    """Say why Porod's law does not hold; empty where it may.

    Parameters
    ----------
    found
        What `read_two_phases` found.
    slope
        The slope, where it is known already.
    """
    slope, (low, high) = slope or fit_slope(found.fit), SLOPE_LIMITS
    if not slope.has_settled and not low < slope.value < high:
        return f"{slope.why_untold}; it ends at {slope.value:.2f}, Porod's law asks for {low} to {high}"
    reach = SLOPE_SIGMA * slope.sigma
    if not slope.why_untold and (slope.value + reach < low or slope.value - reach > high):
        return f"the slope is {slope.value:.2f} +- {slope.sigma:.2g}, Porod's law asks for {low} to {high}"
    if found.fit.length_nm is not None:
        begins = float(found.fit.part.curve.q_inv_nm[0]) * found.fit.length_nm
        if begins < MIN_QT:
            return f"the window begins at q T = {begins:.2g}, Porod's law asks for {MIN_QT:g}"
    value, sigma = found.constant.value, found.constant.sigma
    if value < MIN_SNR * sigma:
        return f"the constant is {value:.3g} +- {sigma:.3g}, must stand {MIN_SNR:g} sigma above 0"
    return ""


def ratio_sigma(found: TwoPhase) -> float:
    """Relative sigma of invariant over Porod's constant, for a feature that divides them.

    Raises
    ------
    FitFailed
        When one of them is absent or too uncertain to divide by.
    """
    value, sigma = found.constant.value, found.constant.sigma
    if value < MIN_SNR_RATIO * sigma:
        raise FitFailed(
            f"the Porod constant is {value:.3g} +- {sigma:.3g}, must stand {MIN_SNR_RATIO:g} sigma above 0"
        )
    return found.ratio_sigma()


def _surface(found: TwoPhase) -> Feature | Absence:
    """Divide the Porod constant by the invariant; what both share cancels."""
    try:
        relative = ratio_sigma(found)
    except FitFailed as error:
        return Absence(name="surface_to_volume", why=str(error))
    assert not isinstance(found.invariant, str)
    value = float(np.pi * found.constant.value / found.invariant.value)
    return Feature(name="surface_to_volume", value=value, sigma=value * relative, unit="1/nm")


EXTRACTOR = Extractor(
    makes={"porod_slope": "1", "porod_constant": "a.u./nm^4", "surface_to_volume": "1/nm"}, extract=extract
)
