"""Moments of a curve over the window that is used: where it lies, how wide, and how heavy its wings are."""

import numpy as np

from models.domain.errors import FitFailed
from models.domain.scattering import Absence, Curve, Feature, Floats
from models.saxs.extractor import Extractor
from models.saxs.steady import steady

MIN_POINTS = 5
"""A fourth moment needs so many points."""
MIN_SNR = 5.0
"""Whatever is divided by stands so many sigma above zero: a ratio's error is then near enough to Gaussian."""


def extract(curve: Curve) -> tuple[Feature | Absence, ...]:
    """Read centre of mass and kurtosis of I(q), taken as a density over q.

    Each point weighs by its step in q. Nothing is extrapolated and no background is taken off: set the window
    by ``q_min_inv_nm`` and ``q_max_inv_nm``. sigma is propagated from the points' noise in first order; what
    all points share cancels.

    Parameters
    ----------
    curve
        The curve.

    Returns
    -------
    tuple of Feature or Absence
        ``com_q``, the mean of q, and ``width_q``, its standard deviation, both 1/nm; and ``kurtosis_q``, the
        fourth central moment over the square of the second: 3 for a Gaussian, 1.8 for a flat curve.
    """
    if len(curve) < MIN_POINTS:
        raise FitFailed(f"{len(curve)} points, needs {MIN_POINTS}")
    q, variance = curve.q_inv_nm, steady(curve).variance
    step = np.gradient(q)
    total = float(step @ curve.intensity)
    _check("the integral of I", total, float(np.sqrt(step**2 @ variance)))
    share = step * curve.intensity / total
    mean = float(share @ q)
    second, third, fourth = (float(share @ (q - mean) ** n) for n in (2, 3, 4))
    per_point = step / total
    # the mean moves with each point, but the second moment about it does not in first order
    by_mean = per_point * (q - mean)
    by_second = per_point * ((q - mean) ** 2 - second)
    found: list[Feature | Absence] = [_feature("com_q", mean, by_mean, variance, "1/nm")]
    try:
        _check("the second moment", second, float(np.sqrt(by_second**2 @ variance)))
    except FitFailed as error:
        return *found, *(Absence(name=name, why=str(error)) for name in ("width_q", "kurtosis_q"))
    by_fourth = per_point * ((q - mean) ** 4 - fourth) - 4 * third * by_mean
    width = float(np.sqrt(second))
    return (
        *found,
        _feature("width_q", width, by_second / (2 * width), variance, "1/nm"),
        _feature(
            "kurtosis_q",
            fourth / second**2,
            by_fourth / second**2 - 2 * fourth / second**3 * by_second,
            variance,
            "1",
        ),
    )


def _check(what: str, value: float, sigma: float) -> None:
    """Refuse to divide by what may be nothing."""
    if not value > MIN_SNR * sigma:
        raise FitFailed(f"{what} is {value:.3g} +- {sigma:.2g}, must stand {MIN_SNR:g} sigma above 0")


def _feature(name: str, value: float, by_intensity: Floats, variance: Floats, unit: str) -> Feature:
    """A feature from its derivatives by the intensities."""
    return Feature(name=name, value=value, sigma=float(np.sqrt(by_intensity**2 @ variance)), unit=unit)


EXTRACTOR = Extractor(makes={"com_q": "1/nm", "width_q": "1/nm", "kurtosis_q": "1"}, extract=extract)
