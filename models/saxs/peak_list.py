"""All the narrow peaks of a curve, by their place; neighbours may overlap in part."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.signal import find_peaks

from models.domain.errors import FitFailed
from models.domain.scattering import Floats
from models.saxs.peak_fit import PeakFit, fit_group, fit_peak
from models.saxs.peak_scan import MIN_SCORE, MODEL_ERROR, STEP, lay_on_log_grid
from models.saxs.steady import Steady

WIDTHS = (0.012, 0.02, 0.035, 0.06)
"""Standard deviations, in ln q, of the bumps that are looked for."""
WIDER = 2.5
"""What lies beside a bump is averaged over this many of its widths."""
N_MOST = 12
"""So many bumps are fitted at most."""
N_ROUNDS = 4
"""Each peak is fitted so often, with what is known of the others divided out."""
MIN_CELLS = 3.0
"""So many filled cells of ln q, weighted, lie in a bump."""
APART = 1.5
"""Bumps nearer than this, in standard deviations of the wider one, are one."""
FWHM_PER_SIGMA = 2.355
"""Full width at half maximum of a Gaussian, in standard deviations."""
CONTRAST = 1.6
"""Height of a Gaussian bump over its difference of two averages."""
OVERLAP = 2.0
"""Peaks nearer than this, in the sum of their full widths, are fitted at once in the end."""
MIN_STRENGTH = 3.0
"""A fitted peak stands so many sigma above a background that is fitted with it: less than a bump must, as the
background between near neighbours is uncertain."""
MIN_HEIGHT = 0.05
"""Height over background, divided by it, below which smooth backgrounds and the wings of other peaks do not
differ from a peak, whatever the counts."""
MAX_RELATIVE_FWHM = 0.2
"""A bump that is wider, relative to its place, is no reflection of a lattice."""


@dataclass(frozen=True)
class Bump:
    """A peak as far as it is known."""

    q_inv_nm: float
    """Position, 1/nm."""
    fwhm_inv_nm: float
    """Full width at half maximum, 1/nm."""
    strength: float
    """Height over background, divided by the background."""
    lorentzian_share: float = 0.0
    """Share of the Lorentzian in the peak's shape."""

    def raises(self, q_inv_nm: Floats) -> Floats:
        """What the peak multiplies its background by, same shape; two half widths are taken as one."""
        u = (q_inv_nm - self.q_inv_nm) / self.fwhm_inv_nm
        gauss = np.exp(-4 * np.log(2) * u**2)
        shape = self.lorentzian_share / (1 + 4 * u**2) + (1 - self.lorentzian_share) * gauss
        return 1 + self.strength * np.maximum(shape, 0.0)


def list_peaks(points: Steady) -> list[PeakFit]:
    """Fit every significant narrow bump.

    Bumps are found where ln I, averaged over a Gaussian, stands out of its average over a wider one. Each is
    fitted with all others divided out, in several rounds, and neighbours that overlap at once in the end.

    Parameters
    ----------
    points
        The curve, weighed.

    Returns
    -------
    list of PeakFit
        By increasing q.
    """
    bumps = _find_bumps(points)
    fits: list[PeakFit] = []
    for n_round in range(N_ROUNDS):
        fits, kept = [], list(bumps)
        for bump in bumps:
            others = [other for other in kept if other is not bump]
            fit = _fit(points, bump, others)
            if fit is None:
                kept = others
                continue
            if not _is_good(fit, others):
                # what its neighbours are is not known well at first: it stays as it was until the last round
                kept = others if n_round >= N_ROUNDS - 2 else kept
                continue
            kept[next(n for n, other in enumerate(kept) if other is bump)] = _as_bump(fit)
            fits.append(fit)
        bumps = kept
        if not fits:
            break
    return _join(points, sorted(fits, key=lambda fit: fit.q_inv_nm))


def _join(points: Steady, fits: list[PeakFit]) -> list[PeakFit]:
    """Fit neighbours that overlap at once, all others divided out; those whose fit fails stay as they are."""
    joined: list[PeakFit] = []
    for group in _group(fits):
        others = [_as_bump(fit) for fit in fits if fit not in group]
        try:
            together = fit_group(_without(points, [_as_bump(fit) for fit in group], others), group)
        except FitFailed:
            together = group
        beside = [[_as_bump(other) for other in together if other is not fit] for fit in together]
        is_good = all(_is_good(fit, near) for fit, near in zip(together, beside, strict=True))
        joined += together if is_good else group
    return joined


def _group(fits: list[PeakFit]) -> list[list[PeakFit]]:
    """Peaks by increasing q, those together that a window of one shares with the next."""
    groups: list[list[PeakFit]] = []
    for fit in fits:
        last = groups[-1][-1] if groups else None
        if last and fit.q_inv_nm - last.q_inv_nm < OVERLAP * (fit.fwhm_inv_nm + last.fwhm_inv_nm):
            groups[-1].append(fit)
        else:
            groups.append([fit])
    return groups


def _as_bump(fit: PeakFit) -> Bump:
    return Bump(fit.q_inv_nm, fit.fwhm_inv_nm, fit.strength, fit.lorentzian_share)


def _find_bumps(points: Steady) -> list[Bump]:
    """Places that stand out by five sigma at any width, the most significant first."""
    log_q, log_i, weight = lay_on_log_grid(points.curve)
    noise2 = np.where(
        weight > 0, np.maximum(1 / np.where(weight > 0, weight, 1.0) - MODEL_ERROR**2, 0.0), 0.0
    )
    is_filled = (weight > 0).astype(np.float64)
    found: list[tuple[float, int, float, float]] = []
    for width in WIDTHS:
        near, beside = _kernel(width), _kernel(WIDER * width)
        height = _average(log_i * is_filled, is_filled, near) - _average(log_i * is_filled, is_filled, beside)
        n_near = np.maximum(np.convolve(is_filled, near, mode="same"), 1e-12)
        sigma = np.sqrt(np.convolve(noise2, near**2, mode="same")) / n_near
        score = height / np.hypot(sigma, MIN_HEIGHT / CONTRAST / MIN_SCORE / 2)
        # a knee stands out all along; a peak also stands above what lies on either side of it
        tops, _ = find_peaks(score, height=MIN_SCORE, prominence=MIN_SCORE)
        tops = tops[n_near[tops] >= MIN_CELLS]
        found += [(float(score[top]), int(top), width, float(height[top])) for top in tops]
    bumps: list[Bump] = []
    taken: list[tuple[float, float]] = []
    for _, top, width, height in sorted(found, reverse=True):
        place = float(log_q[top])
        if all(abs(place - other) > APART * max(width, other_width) for other, other_width in taken):
            taken.append((place, width))
            q_inv_nm = float(np.exp(place))
            bumps.append(
                Bump(q_inv_nm, FWHM_PER_SIGMA * width * q_inv_nm, float(np.expm1(CONTRAST * height)))
            )
    return bumps[:N_MOST]


def _kernel(width: float) -> Floats:
    reach = int(np.ceil(3 * width / STEP))
    return np.exp(-0.5 * (np.arange(-reach, reach + 1) * STEP / width) ** 2)


def _average(values: Floats, is_filled: Floats, kernel: Floats) -> Floats:
    """Average over the filled cells around each."""
    total = np.convolve(is_filled, kernel, mode="same")
    return np.asarray(np.convolve(values, kernel, mode="same") / np.maximum(total, 1e-12), dtype=np.float64)


def _fit(points: Steady, bump: Bump, others: list[Bump]) -> PeakFit | None:
    """Fit one peak, the others divided out; None where nothing is left of it."""
    try:
        return fit_peak(_without(points, [bump], others), bump.q_inv_nm, bump.fwhm_inv_nm)
    except (FitFailed, np.linalg.LinAlgError):
        return None


def _is_good(fit: PeakFit, others: list[Bump]) -> bool:
    """Narrow, significant, and not on the slope of another."""
    is_narrow = fit.fwhm_inv_nm < MAX_RELATIVE_FWHM * fit.q_inv_nm
    # of a peak that dwarfs its background the height is sure where its ratio to the background is not: what
    # counts is the peak's share of the summit, s / (1 + s)
    is_significant = (
        fit.strength > MIN_HEIGHT and fit.strength * (1 + fit.strength) > MIN_STRENGTH * fit.strength_sigma
    )
    is_apart = all(
        abs(fit.q_inv_nm - other.q_inv_nm) > 0.4 * (fit.fwhm_inv_nm + other.fwhm_inv_nm) for other in others
    )
    return is_narrow and is_significant and is_apart


def _without(points: Steady, kept: list[Bump], others: list[Bump]) -> Steady:
    """The curve with all peaks but those that are kept divided out; its relative errors stay.

    Peaks add up on one background: in the wing of another, dividing by that one alone would bend this one.
    """
    if not others:
        return points
    q = points.curve.q_inv_nm
    own = 1 + np.sum([bump.raises(q) - 1 for bump in kept], axis=0)
    factor = 1 + np.sum([other.raises(q) - 1 for other in others], axis=0) / own
    curve = replace(
        points.curve, intensity=points.curve.intensity / factor, sigma=points.curve.sigma / factor
    )
    return Steady(curve, points.variance / factor**2, points.weight * factor**2)
