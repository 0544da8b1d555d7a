"""The strongest correlation peak: position, spacing, width, and height over its background."""

import numpy as np

from models.domain.errors import FitFailed
from models.domain.scattering import Absence, Curve, Feature
from models.saxs.extractor import Extractor
from models.saxs.peak_fit import PeakFit, fit_peak
from models.saxs.peak_scan import MIN_SCORE, MODEL_ERROR, Scan, mean_strength, scan

MAX_RELATIVE_FWHM = 0.55
"""A bump that is wider, relative to its place, is form factor and no correlation peak."""
N_TRIED = 4
"""So many candidates are fitted before the answer is that there is no peak."""
SURE_SIGMA = 2.0
"""A place is as high as its height less so many sigma."""


def extract(curve: Curve) -> tuple[Feature | Absence, ...]:
    """Read the strongest peak.

    The curve is described, around each place and for each width, as B(q) (1 + s V(q)): a smooth background B
    (a power law whose exponent may drift) and a pseudo-Voigt V of height 1. `peak_strength` is s, the
    peak's height over the background divided by the background.

    It is always made. Without a significant peak it is the mean of s over all places and widths, weighted
    by their likelihoods, and sigma is the spread: about 0 +- sigma.

    Parameters
    ----------
    curve
        The curve.

    Returns
    -------
    tuple of Feature or Absence
        ``peak_strength`` (pure number), ``peak_q`` (1/nm), ``peak_d`` = 2 pi / peak_q (nm) and ``peak_width``
        (full width at half maximum, 1/nm).
    """
    found = scan(curve)
    best = float(found.score.max())
    why = f"the best candidate stands {best:.1f} sigma high, must stand {MIN_SCORE:g}"
    for _ in range(N_TRIED):
        if float(found.score.max(initial=0.0)) < MIN_SCORE:
            break
        place = strongest(found)
        try:
            return _with_peak(
                _checked(fit_peak(curve, float(found.q_inv_nm[place]), float(found.fwhm_inv_nm[place])))
            )
        except FitFailed as error:
            why = str(error)
            found = found.without(float(found.q_inv_nm[place]), float(found.fwhm_inv_nm[place]))
    return _without_peak(mean_strength(found), why)


def _checked(fit: PeakFit) -> PeakFit:
    """Refuse a bump that is no correlation peak."""
    if fit.fwhm_inv_nm > MAX_RELATIVE_FWHM * fit.q_inv_nm:
        limit = MAX_RELATIVE_FWHM * fit.q_inv_nm
        raise FitFailed(
            f"the bump at {fit.q_inv_nm:.3g} 1/nm is {fit.fwhm_inv_nm:.2g} 1/nm wide, "
            f"a peak is narrower than {limit:.2g}"
        )
    if fit.strength < fit.strength_sigma:
        raise FitFailed(
            f"the strength at {fit.q_inv_nm:.3g} 1/nm is {fit.strength:.2g} +- {fit.strength_sigma:.2g}"
        )
    return fit


def strongest(found: Scan) -> int:
    """Choose the strongest of the significant peaks.

    Parameters
    ----------
    found
        What `scan` found.

    Returns
    -------
    int
        Index into it: the most significant width at the place that is surely the highest.
    """
    noise = np.hypot(found.log_sigma, MODEL_ERROR)
    surely = np.where(found.score >= MIN_SCORE, found.log_height - SURE_SIGMA * noise, -np.inf)
    highest = int(np.argmax(surely))
    is_there = np.abs(found.q_inv_nm - found.q_inv_nm[highest]) <= 0.5 * found.fwhm_inv_nm[highest]
    return int(np.argmax(np.where(is_there, found.score, -np.inf)))


def _without_peak(strength: tuple[float, float], why: str) -> tuple[Feature | Absence, ...]:
    """Answer for a curve without a peak."""
    value, sigma = strength
    return (
        Feature(name="peak_strength", value=value, sigma=sigma, unit="1"),
        *(Absence(name=name, why=why) for name in ("peak_q", "peak_d", "peak_width")),
    )


def _with_peak(fit: PeakFit) -> tuple[Feature | Absence, ...]:
    """Answer for a curve with a peak."""
    d_nm = 2 * np.pi / fit.q_inv_nm
    return (
        Feature(name="peak_strength", value=fit.strength, sigma=fit.strength_sigma, unit="1"),
        Feature(name="peak_q", value=fit.q_inv_nm, sigma=fit.q_sigma_inv_nm, unit="1/nm"),
        Feature(name="peak_d", value=d_nm, sigma=d_nm * fit.q_sigma_inv_nm / fit.q_inv_nm, unit="nm"),
        Feature(name="peak_width", value=fit.fwhm_inv_nm, sigma=fit.fwhm_sigma_inv_nm, unit="1/nm"),
    )


EXTRACTOR = Extractor(
    makes={"peak_strength": "1", "peak_q": "1/nm", "peak_d": "nm", "peak_width": "1/nm"}, extract=extract
)
