"""Checks by symmetry: at small angles a pattern is the same in opposite directions (Friedel 1913)."""

import numpy as np

from models.domain.scattering import Floats, Mask
from models.saxs.checks.census import N_SECTORS, Census
from models.saxs.checks.check import Check, Finding, Subject

HALF = N_SECTORS // 2
SYSTEMATIC_SHARE = 0.02
"""Opposite cells may differ by this share of themselves whatever the counts: flat field, air, windows."""
SLOPE_REACH = 2
"""Slopes are taken over so many rings to either side."""
CLEAR_SIGMA = 4.0
"""Rings with a slope less clear than this tell nothing of the centre."""
N_ROUNDS = 2
"""Fits of the centre, the last without the cells that the one before did not explain."""
FILLED_SHARE = 0.7
"""A cell with fewer of its pixels looks elsewhere than its opposite does."""
SHRINK_COUNTS = 4.0
"""So many counts at the ring's mean are added to those that tell how bright a direction is."""
MIN_ROUNDNESS = 0.05
"""Pairs must look in directions that differ: the root of the determinant over the trace, 0.5 at best."""
MIN_PAIRS = 24
"""Pairs of cells that a centre is found from at least."""
SURE_SIGMA = 5.0
"""A centre is off when it is by so many sigma as well."""
N_SPILL_RINGS = 10
"""Rings next to the beamstop in which spilt beam is looked for."""
LIT_SHARE = 0.3
"""The first of them is the innermost of which this share is usable."""
DARK_SHARE = 0.1
"""A direction darker than this share of the others' level is in a shadow, and opposite to no spill."""


def is_centred(subject: Subject) -> Finding | None:
    """How far the pattern's centre lies from the geometry's, from the first azimuthal harmonic, pixels.

    A pattern I(r) that is moved by d reads I(r) - I'(r) d n in the direction n: opposite cells differ by
    twice the second term. Both components of d are fitted to all pairs of cells by least squares.
    """
    found = None if subject.census is None else _find_shift(subject.census)
    if found is None:
        return None
    shift_px, sigma_px = found
    distance_px, limit = float(np.hypot(*shift_px)), subject.limits.centre_px
    remedy = (
        f"The pattern lies {shift_px[0]:+.2f} px along columns and {shift_px[1]:+.2f} px along rows of the "
        "geometry's centre: steer the beam back, or calibrate the geometry."
    )
    return Finding(distance_px <= max(limit, SURE_SIGMA * sigma_px), distance_px, limit, remedy)


def _find_shift(census: Census) -> tuple[Floats, float] | None:
    """Columns and rows by which the pattern is moved, px, and the larger standard deviation of both."""
    mean, pixels, k = census.ring_mean, census.ring_pixels, SLOPE_REACH
    slope, noise = np.zeros_like(mean), np.full_like(mean, np.inf)
    slope[k:-k] = (mean[2 * k :] - mean[: -2 * k]) / (2 * k)
    variance = np.where(pixels > 0, mean / np.maximum(pixels, 1), np.inf)
    noise[k:-k] = np.sqrt(variance[2 * k :] + variance[: -2 * k]) / (2 * k)
    rings = np.flatnonzero((np.abs(slope) > CLEAR_SIGMA * noise) & (mean > 0))
    if not len(rings):
        return None
    counts, n = census.counts[:, rings], census.n_pixels[:, rings]
    is_full = n >= np.maximum(FILLED_SHARE * n.max(axis=0), 2)
    is_pair = is_full[:HALF] & is_full[HALF:]
    if int(is_pair.sum()) < MIN_PAIRS:
        return None
    per_pixel = 1 / np.maximum(n, 1)
    difference = counts[:HALF] * per_pixel[:HALF] - counts[HALF:] * per_pixel[HALF:]
    # an oriented pattern is brighter in some directions, and so are its slopes and their noise
    both = counts[:HALF] + counts[HALF:] + SHRINK_COUNTS
    level = both / (n[:HALF] + n[HALF:] + SHRINK_COUNTS / mean[rings])
    variance = level * (per_pixel[:HALF] + per_pixel[HALF:]) + 2 * (SYSTEMATIC_SHARE * level) ** 2
    inverse_sigma = 1 / np.sqrt(variance)
    lever = -2 * (slope[rings] / mean[rings]) * level * inverse_sigma
    azimuth_rad = census.azimuth_rad[:HALF, None]
    design = np.stack([(lever * np.cos(azimuth_rad))[is_pair], (lever * np.sin(azimuth_rad))[is_pair]])
    pull = (difference * inverse_sigma)[is_pair]
    return _fit_robustly(design, pull)


def _fit_robustly(design: Floats, pull: Floats) -> tuple[Floats, float] | None:
    """Least squares in rounds, without what lies far off."""
    is_used = np.ones(pull.shape, dtype=np.bool_)
    shift, sigma = np.zeros(2), np.inf
    for _ in range(N_ROUNDS):
        used = design[:, is_used]
        (xx, xy), (_, yy) = (used @ used.T).tolist()
        determinant = xx * yy - xy**2
        if used.shape[1] < MIN_PAIRS or determinant < (MIN_ROUNDNESS * (xx + yy)) ** 2:
            return None
        x, y = (used @ pull[is_used]).tolist()
        shift = np.array([yy * x - xy * y, xx * y - xy * x]) / determinant
        sigma = float(np.sqrt(max(xx, yy) / determinant))
        left = np.abs(pull - shift @ design)
        is_used = left < CLEAR_SIGMA * max(1.0, 1.5 * float(np.median(left)))  # 1.5 medians: one sigma
    return shift, sigma


def has_no_spill(subject: Subject) -> Finding | None:
    """The brightest direction beside the beamstop above the opposite one, sigma, less what a shift explains.

    Sigma is Poisson's and 2 % of what both are on average. What a shift of the centre explains is taken from
    the other directions.
    """
    census = subject.census
    zone = None if census is None else _zone(census)
    if census is None or zone is None:
        return None
    expected = census.n_pixels[:, zone] @ census.ring_mean[zone]
    is_seen = census.n_pixels[:, zone].sum(axis=1) > LIT_SHARE * census.ring_pixels[zone].sum() / N_SECTORS
    level = census.counts[:, zone].sum(axis=1) / np.where(expected > 0, expected, np.inf)
    if not np.any(is_seen & (expected > 0)):
        return None
    usual = float(np.median(level[is_seen]))
    is_seen &= (expected > 0) & (level >= DARK_SHARE * usual)
    is_pair = is_seen[:HALF] & is_seen[HALF:]
    safe = np.where(expected > 0, expected, np.inf)
    # an oriented pattern is brighter in some directions, and so is the noise there
    here = np.maximum(0.5 * (level[:HALF] + level[HALF:]), usual)
    variance = here / safe[:HALF] + here / safe[HALF:] + 2 * (SYSTEMATIC_SHARE * here) ** 2
    z = _worst_alone(
        level[:HALF] - level[HALF:], np.maximum(variance, 1e-12), census.azimuth_rad[:HALF], is_pair
    )
    return None if z is None else Finding(z <= subject.limits.spill_sigma, z, subject.limits.spill_sigma)


def _zone(census: Census) -> slice | None:
    """The rings next to the beamstop."""
    around = 2 * np.pi * (np.arange(len(census.ring_pixels)) + 0.5)
    lit = np.flatnonzero((census.ring_pixels > LIT_SHARE * around) & (census.ring_counts > 0))
    return slice(int(lit[0]), int(lit[0]) + N_SPILL_RINGS) if len(lit) else None


def _worst_alone(difference: Floats, variance: Floats, azimuth_rad: Floats, is_pair: Mask) -> float | None:
    """The pair that the others, fitted by a dipole without its neighbours, explain worst; sigma."""
    apart = np.abs(np.arange(HALF)[:, None] - np.arange(HALF))
    weight = (np.minimum(apart, HALF - apart) > 1) & is_pair[None, :] & is_pair[:, None]
    weight = weight / variance
    x, y = np.cos(azimuth_rad), np.sin(azimuth_rad)
    xx, xy, yy = weight @ (x * x), weight @ (x * y), weight @ (y * y)
    xd, yd = weight @ (x * difference), weight @ (y * difference)
    determinant = xx * yy - xy**2
    is_round = determinant > (MIN_ROUNDNESS * (xx + yy)) ** 2
    if not np.any(is_round):
        return None
    safe = np.where(is_round, determinant, np.inf)
    explained = (x * (yy * xd - xy * yd) + y * (xx * yd - xy * xd)) / safe
    noise = variance + (x**2 * yy - 2 * x * y * xy + y**2 * xx) / safe
    return float((np.abs(difference - explained) / np.sqrt(noise))[is_round].max())


CHECKS = (
    Check("spill", "sigma", "Centre the beamstop on the beam: light passes beside it.", has_no_spill),
    Check("centre", "px", "Steer the beam back, or calibrate the geometry.", is_centred),
)
"""In the order in which they are made."""
