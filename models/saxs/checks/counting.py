"""Checks of counts: too many, too few, pixels that nothing explains, and scatter against Poisson's."""

import math

import numpy as np
from scipy.special import betainc

from models.domain.scattering import Floats
from models.saxs.checks.census import Census
from models.saxs.checks.check import Check, Finding, Subject

GUINIER_BOUND = 3.10
"""sigma(Rg) / Rg times the root of the photons in 0 < q Rg < 1.3, from their Fisher information."""
SPREAD_SIGMA = 3.0
"""A cell whose pixels are uneven is taken to be as bright as this many standard deviations above its mean."""
MIN_CELL_PIXELS = 8
"""Smaller cells do not tell what a pixel should hold."""
MIN_SCATTER_COUNTS = 10_000
"""Fewer do not tell how pixels scatter."""
MAX_SLOPE_SHARE = 0.05
"""Rings whose slope adds more than this share to the variance of their cells are left out."""
FAR_SIGMA = 10.0
"""Cells that scatter farther hold something else than noise, which is for other checks to name."""


def is_below_cutoff(subject: Subject) -> Finding | None:
    """The brightest pixel beside the detector's cutoff; one that overflowed held that or more."""
    cutoff, census, overflow = subject.frame.saturation_counts, subject.census, subject.frame.overflow
    n_overflowed = 0 if overflow is None else int(np.count_nonzero(overflow))
    if n_overflowed:
        brightest = float(np.max(subject.frame.counts, initial=0, where=~subject.frame.mask))
        least = brightest if cutoff is None else max(cutoff, brightest)
        remedy = (
            f"Pixels that were given more counts than they hold: {n_overflowed}. Attenuate the beam or "
            "expose shorter; where they are dead, give the detector's mask."
        )
        return Finding(False, least, subject.limits.saturation_share * least, remedy)
    if cutoff is None or census is None:
        return None
    most, limit = float(census.most.max(initial=0)), subject.limits.saturation_share * cutoff
    return Finding(most < limit, most, limit)


def has_counts(subject: Subject) -> Finding | None:
    """The relative error of a radius of gyration to which all counts would be a bound."""
    if subject.census is None:
        return None
    total, limit = subject.census.total, subject.limits.counts_bound_share
    bound = GUINIER_BOUND / math.sqrt(max(total, 1))
    remedy = (
        f"So much is left open by {total} counts at best: expose {(bound / limit) ** 2:.2g} times longer, "
        "and check shutter and sample."
    )
    return Finding(bound <= limit, bound, limit, remedy)


def has_no_zingers(subject: Subject) -> Finding | None:
    """By how many sigma the worst pixel that nothing explains lifts the mean of its ring.

    A pixel is explained by the counts of its cell and the rings beside it: the chance of so many or more is
    that of a Poisson variable whose rate is known from them (a gamma density), a negative binomial.
    """
    census = subject.census
    if census is None:
        return None
    limit, chance = subject.limits.zinger_sigma, subject.limits.zinger_chance
    lift = (census.most - census.ring_mean) / np.sqrt(np.maximum(census.ring_counts - census.most, 0) + 1)
    sectors, rings = np.nonzero((lift > limit) & (census.most > 0))
    if len(rings):
        is_rare = _tail(census, sectors, rings) * float(census.n_pixels.sum()) < chance
        sectors, rings = sectors[is_rare], rings[is_rare]
    if not len(rings):
        return Finding(True, 0.0, limit)
    worst = int(np.argmax(lift[sectors, rings]))
    sector, ring = int(sectors[worst]), int(rings[worst])
    remedy = (
        f"A pixel with {census.most[sector, ring]} counts, {ring} px from the beam towards "
        f"{math.degrees(census.azimuth_rad[sector]):.0f} deg, stands alone: mask it if it does so in every "
        "frame, else measure again."
    )
    return Finding(False, float(lift[sector, ring]), limit, remedy)


def _tail(census: Census, sectors: np.ndarray, rings: np.ndarray) -> Floats:
    """Chance that one pixel of a cell holds as many counts as its brightest, shape (n,)."""
    last = census.counts.shape[1] - 1
    beside = (np.maximum(rings - 1, 0), rings, np.minimum(rings + 1, last))
    most = census.most[sectors, rings].astype(np.float64)
    n = np.sum([census.n_pixels[sectors, r] for r in beside], axis=0) - 1.0
    total = np.sum([census.counts[sectors, r] for r in beside], axis=0) - most
    squares = np.sum([census.squares[sectors, r] for r in beside], axis=0) - most**2
    is_known = n >= MIN_CELL_PIXELS
    n = np.where(is_known, n, 1.0)
    mean = total / n
    spread = np.sqrt(np.maximum(squares / n - mean**2 - mean, 0.0))
    others = (census.ring_counts[rings] - most) / np.maximum(census.ring_pixels[rings] - 1, 1)
    rate = np.maximum(mean + SPREAD_SIGMA * spread, others)
    return np.where(is_known, betainc(most, n * rate + 0.5, 1 / (n + 1)), 1.0)


def scatters_as_poisson(subject: Subject) -> Finding | None:
    """Scatter of a blank's pixels about their cell over that of Poisson counts, less 1."""
    census = subject.census
    if census is None or not subject.earlier.is_blank:
        return None
    n, total = census.n_pixels, census.counts
    mean = total / np.maximum(n, 1)
    slope = census.ring_slope**2 / 12
    is_even = (n >= MIN_CELL_PIXELS) & (total > 0) & (slope <= MAX_SLOPE_SHARE * census.ring_mean)
    n, mean = n[is_even], mean[is_even]
    expected = n - 1 + (n * np.broadcast_to(slope, is_even.shape)[is_even]) / mean
    found = (census.squares[is_even] - total[is_even] * mean) / mean
    sigma = np.sqrt(n * (2 + 1 / mean))
    is_noise = np.abs(found - expected) < FAR_SIGMA * sigma
    n_free = float((n - 1)[is_noise].sum())
    if n_free == 0 or float(total[is_even][is_noise].sum()) < MIN_SCATTER_COUNTS:
        return None
    excess = float((found - expected)[is_noise].sum()) / n_free
    scatter = math.sqrt(max(1 + excess, 0.0)) - 1
    noise = 1.5 * float(np.sqrt((sigma[is_noise] ** 2).sum())) / n_free  # three sigma of the root
    limit = subject.limits.error_model_share + noise
    return Finding(abs(scatter) <= limit, scatter, limit)


CHECKS = (
    Check("saturation", "counts", "Attenuate the beam or expose shorter.", is_below_cutoff),
    Check("counts", "1", "Expose longer, and check shutter and sample.", has_counts),
    Check("zingers", "sigma", "Mask the pixel, or measure again.", has_no_zingers),
    Check(
        "error_model", "1",
        "The pixels do not scatter as counts do: check threshold and gain, and that frames are not averaged.",
        scatters_as_poisson, is_warning=True,
    ),
)  # fmt: skip
"""In the order in which they are made."""
