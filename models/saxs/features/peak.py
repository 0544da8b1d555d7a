"""The strongest correlation peak: position, spacing, width, and height over its background."""

from dataclasses import dataclass

import numpy as np

from models.domain.errors import FitFailed
from models.domain.scattering import Absence, Curve, Feature, Fit
from models.saxs.extractor import Extractor
from models.saxs.peak_fit import PeakFit, fit_peak
from models.saxs.peak_height import Height, measure_height
from models.saxs.peak_scan import MIN_SCORE, MODEL_ERROR, Scan, mean_height, scan
from models.saxs.steady import Steady, steady

N_TRIED = 4
"""So many significant places are measured; the highest is the strongest peak."""
SURE_SIGMA = 2.0
"""A place is as high as its height less so many sigma."""
OVERTONES = (3**0.5, 2.0, 7**0.5, 3.0)
"""q of higher orders over that of the first, in lamellar and hexagonal lattices."""
OVERTONE_TOLERANCE = 0.02
"""Relative error of that ratio."""
MIN_FUNDAMENTAL = 0.25
"""A first order stands at least so high, relative to its overtone."""
MAX_RELATIVE_FWHM = 0.55
"""A bump that is wider, relative to its place, is form factor and no correlation peak."""
NAMES = ("peak_q", "peak_d", "peak_width")
"""What only a significant peak has."""


@dataclass(frozen=True)
class Candidate:
    """A place where a peak surely is."""

    q_inv_nm: float
    """Position, 1/nm."""
    fwhm_inv_nm: float
    """Full width at half maximum, 1/nm."""
    height: Height
    """Height over background, divided by the background."""


def extract(curve: Curve) -> tuple[Feature | Absence | Fit, ...]:
    """Read the strongest peak.

    A scan over places and widths finds bumps that stand out of a smooth background by 5 sigma or more. Of
    these, the strongest has the largest I(q) / sqrt(I(q / 1.25) I(1.25 q)) - 1: its height over a local power
    law, divided by that. Position and width are those of a pseudo-Voigt peak fitted there, as measured: what
    the instrument adds to the width is not taken off.

    sigma is that of noise. A lattice's peak is seen through the form factor P(q), whose slope moves the
    summit by about width^2 d ln P / dq, width in standard deviations. The curve does not tell that slope from
    the background's: it is a bias of position and spacing.

    ``peak_strength`` is always made. Without a significant bump it is the mean of the heights that all places
    and widths might have, weighted by likelihood, with their spread: about 0 +- sigma.

    Parameters
    ----------
    curve
        The curve.

    Returns
    -------
    tuple of Feature, Absence or Fit
        ``peak_strength`` (pure number), ``peak_q`` (1/nm), ``peak_d`` = 2 pi / peak_q (nm) and ``peak_width``
        (full width at half maximum, 1/nm), and the fit of the peak where there is one.
    """
    points = steady(curve)
    found = scan(curve)
    candidates = find_candidates(points, found)
    if not candidates:
        best = float(found.score.max())
        why = (
            f"the best candidate stands {best:.1f} sigma high, must stand {MIN_SCORE:g} with measured flanks"
        )
        return (_strength(mean_height(found)), *(Absence(name=name, why=why) for name in NAMES))
    best = choose_fundamental(candidates)
    try:
        fit = _checked(fit_peak(points, best.q_inv_nm, best.fwhm_inv_nm))
        height = measure_height(points, fit.q_inv_nm, fit.fwhm_inv_nm)
    except FitFailed as error:
        return (_strength(best.height), *(Absence(name=name, why=str(error)) for name in NAMES))
    return (_strength(height), *_place(fit), fit.fit)


def find_candidates(points: Steady, found: Scan) -> list[Candidate]:
    """Measure the most significant bumps.

    Parameters
    ----------
    points
        The curve, weighed.
    found
        What `scan` found in it.

    Returns
    -------
    list of Candidate
        At most four, none overlapping.
    """
    candidates: list[Candidate] = []
    while len(candidates) < N_TRIED and float(found.score.max(initial=0.0)) >= MIN_SCORE:
        noise = np.hypot(found.log_sigma, MODEL_ERROR)
        surely = np.where(found.score >= MIN_SCORE, found.log_height - SURE_SIGMA * noise, -np.inf)
        highest = int(np.argmax(surely))
        # of the widths at that place, the most significant one
        is_there = np.abs(found.q_inv_nm - found.q_inv_nm[highest]) <= 0.5 * found.fwhm_inv_nm[highest]
        place = int(np.argmax(np.where(is_there, found.score, -np.inf)))
        q_inv_nm, fwhm_inv_nm = float(found.q_inv_nm[place]), float(found.fwhm_inv_nm[place])
        found = found.without(q_inv_nm, fwhm_inv_nm)
        try:
            height = measure_height(points, q_inv_nm, fwhm_inv_nm)
        except FitFailed:
            continue  # at the ends of a curve the background cannot be read
        candidates.append(Candidate(q_inv_nm, fwhm_inv_nm, height))
    return candidates


def choose_fundamental(candidates: list[Candidate]) -> Candidate:
    """Choose the strongest peak, or the one of which it is an overtone.

    Parameters
    ----------
    candidates
        What `find_candidates` found, at least one.

    Returns
    -------
    Candidate
        A lamellar or hexagonal lattice is named by its first order, also where a higher one stands on a lower
        background.
    """
    best = max(candidates, key=lambda x: x.height.value - SURE_SIGMA * x.height.sigma)
    for other in sorted(candidates, key=lambda x: x.q_inv_nm):
        ratio = best.q_inv_nm / other.q_inv_nm
        is_overtone = any(abs(ratio / overtone - 1) < OVERTONE_TOLERANCE for overtone in OVERTONES)
        if is_overtone and other.height.value > MIN_FUNDAMENTAL * best.height.value:
            return other
    return best


def _checked(fit: PeakFit) -> PeakFit:
    """Refuse a bump that is no correlation peak."""
    limit = MAX_RELATIVE_FWHM * fit.q_inv_nm
    if fit.fwhm_inv_nm > limit:
        raise FitFailed(
            f"the bump at {fit.q_inv_nm:.3g} 1/nm is {fit.fwhm_inv_nm:.2g} 1/nm wide, "
            f"a peak is narrower than {limit:.2g}"
        )
    return fit


def _strength(height: Height) -> Feature:
    """Name a height."""
    return Feature(name="peak_strength", value=height.value, sigma=height.sigma, unit="1")


def _place(fit: PeakFit) -> tuple[Feature, ...]:
    """Name position, spacing and width."""
    d_nm, q_sigma_inv_nm = 2 * np.pi / fit.q_inv_nm, fit.q_sigma_inv_nm
    return (
        Feature(name="peak_q", value=fit.q_inv_nm, sigma=q_sigma_inv_nm, unit="1/nm"),
        Feature(name="peak_d", value=d_nm, sigma=d_nm * q_sigma_inv_nm / fit.q_inv_nm, unit="nm"),
        Feature(name="peak_width", value=fit.fwhm_inv_nm, sigma=fit.fwhm_sigma_inv_nm, unit="1/nm"),
    )


EXTRACTOR = Extractor(
    makes={"peak_strength": "1", "peak_q": "1/nm", "peak_d": "nm", "peak_width": "1/nm"}, extract=extract
)
