"""The lattice that a series of peaks belongs to, and its parameter."""

import math

import numpy as np

from models.domain.scattering import Absence, Curve, Feature, Fit
from models.saxs.extractor import Extractor
from models.saxs.lattices import SQUARES, Reflections, weigh_lattices
from models.saxs.peak_fit import PeakFit
from models.saxs.peak_list import list_peaks
from models.saxs.peak_scan import MIN_SCORE
from models.saxs.steady import Steady, steady

PROBABILITIES = (*(f"p_{name}" for name in SQUARES), "p_no_lattice")
"""Features, the last for peaks of none of the lattices."""
MIN_PEAKS = 3
"""Fewer peaks do not tell lattices apart."""
MIN_PROBABILITY = 0.6
"""The parameter is that of a lattice at least so probable."""
MEAN_SHAPE = 0.7
"""Mean height of a peak within its full width, relative to its summit."""
FRINGE = 0.36
"""Full width of neighbours over their distance. The fringes of one particle's form fill 0.4 to 0.65 of their
distance (spheres, shells, cylinders); of reflections, some neighbours are farther apart."""
PAST_LAST = 0.02
"""Reflections are expected up to the last peak and this beyond, relative: behind it they fade."""


def extract(curve: Curve) -> tuple[Feature | Absence | Fit, ...]:
    """Weigh lamellar, hexagonal, bcc, sc, fcc, Ia3d and Pn3m lattices by the places of the peaks.

    Parameters
    ----------
    curve
        The curve.

    Returns
    -------
    tuple of Feature, Absence or Fit
        ``p_lamellar``, ``p_hexagonal``, ``p_bcc``, ``p_sc``, ``p_fcc``, ``p_ia3d``, ``p_pn3m``, and
        ``p_no_lattice`` for none of these: posterior probabilities that add up to 1, sigma as of a draw, the
        root of p (1 - p); ``lattice_parameter``, nm, of the most probable one where that is clear;
        ``n_peaks``; and a fit of each peak. All but ``n_peaks`` are absent below three peaks, and where the
        peaks follow each other as the fringes of one particle do.
    """
    points = steady(curve)
    peaks = list_peaks(points)
    count = Feature(name="n_peaks", value=float(len(peaks)), sigma=0.0, unit="1")
    fits = tuple(peak.fit for peak in peaks)
    why = _objection(peaks)
    if why is not None:
        return count, *(Absence(name=name, why=why) for name in ("lattice_parameter", *PROBABILITIES)), *fits
    posterior = weigh_lattices(_reflections(peaks, points))
    shares = [p for p, _ in posterior.values()]
    probabilities = (
        Feature(name=name, value=p, sigma=math.sqrt(max(p * (1 - p), 0.0)), unit="1")
        for name, p in zip(PROBABILITIES, [*shares, max(1.0 - sum(shares), 0.0)], strict=True)
    )
    p, best = max(posterior.values(), key=lambda item: item[0])
    parameter: Feature | Absence
    if p < MIN_PROBABILITY:
        why = (
            f"unresolved: the most probable lattice, {best.name}, has {p:.2f}, must have {MIN_PROBABILITY:g}"
        )
        parameter = Absence(name="lattice_parameter", why=why)
    else:
        parameter = Feature(name="lattice_parameter", value=best.parameter_nm, sigma=best.sigma_nm, unit="nm")
    return count, parameter, *probabilities, *fits


def _objection(peaks: list[PeakFit]) -> str | None:
    """Why no lattice is told by these peaks; None when one may be."""
    if len(peaks) < MIN_PEAKS:
        return f"unresolved: {len(peaks)} peaks, a lattice is told by {MIN_PEAKS}"
    q, fwhm = (np.array([getattr(peak, name) for peak in peaks]) for name in ("q_inv_nm", "fwhm_inv_nm"))
    filled = float(((fwhm[1:] + fwhm[:-1]) / 2 / np.diff(q)).min())
    if filled > FRINGE:
        return (
            f"unresolved: {len(peaks)} bumps fill {filled:.2f} of their distances or more, as the fringes of "
            f"one particle's form do; reflections fill {FRINGE:g} or less somewhere"
        )
    return None


def _reflections(peaks: list[PeakFit], points: Steady) -> Reflections:
    """Places of peaks, and where one as weak as the weakest would have been seen."""
    q, last = points.curve.q_inv_nm, peaks[-1].q_inv_nm * (1 + PAST_LAST)
    weakest = min(peak.strength for peak in peaks)
    fwhm = float(np.median([peak.fwhm_inv_nm for peak in peaks]))
    # (I / sigma)^2 of the points within a full width: how surely a change of all of them is seen
    surety = np.cumsum(np.maximum(points.curve.intensity, 0.0) ** 2 * points.weight)
    low, high = np.searchsorted(q, q - fwhm / 2), np.searchsorted(q, q + fwhm / 2) - 1
    score = weakest * MEAN_SHAPE * np.sqrt(surety[high] - surety[low])
    is_seen = (score > MIN_SCORE) & (q > q[0] + 2 * fwhm) & (q < last)
    return Reflections(
        q_inv_nm=np.array([peak.q_inv_nm for peak in peaks]),
        sigma_inv_nm=np.array([peak.q_sigma_inv_nm for peak in peaks]),
        seen_inv_nm=q[is_seen],
    )


EXTRACTOR = Extractor(
    makes={"n_peaks": "1", "lattice_parameter": "nm", **dict.fromkeys(PROBABILITIES, "1")},
    extract=extract,
)
