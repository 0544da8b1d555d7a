"""Turn a frame into a profile over azimuth: what a direction scatters, whatever the gaps of the detector."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from models.domain.errors import FitFailed
from models.domain.geometry import Geometry
from models.domain.scattering import AzimuthalProfile, Curve, Floats, Frame
from models.saxs.bins import Binning, bins_of
from models.saxs.corrections import NO_CORRECTIONS, Corrections
from models.saxs.integrate import add_up_frame, common_error, normaliser
from models.saxs.integrators import check_geometry
from models.saxs.sums import MIN_VARIANCE_COUNTS

N_AZIMUTHS = 36
"""Bins over half a turn."""
N_ROUNDS = 12
"""Rounds of the alternating fit; the remaining change is then far below any sigma."""
MIN_SIGNAL = 5.0
"""What is left of the counts after subtraction stands so many sigma above zero."""


@dataclass(frozen=True, eq=False)
class Cake:
    """A frame divided by azimuth and q, opposite azimuths added."""

    q_inv_nm: Floats
    """Middle of each bin of q, shape (n_q,), 1/nm."""
    azimuth_deg: Floats
    """Middle of each bin of azimuth, shape (n_azimuth,), deg."""
    counts: Floats
    """Counts, without losses to dead time and dark counts, shape (n_azimuth, n_q)."""
    variance: Floats
    """Their variance, shape (n_azimuth, n_q), counts squared; 0 where there was none."""
    weight: Floats
    """What counts are divided by to become intensity: pixels by solid angle, polarisation, flat field,
    monitor, transmission and thickness, shape (n_azimuth, n_q); 0 where there is no pixel."""
    common_relative_sigma: float
    """One standard deviation of a factor that all share (transmission, monitor), relative."""
    source: str

    def between(self, q_min_inv_nm: float, q_max_inv_nm: float) -> "Cake":
        """The part with q_min <= q <= q_max, 1/nm."""
        keep = (self.q_inv_nm >= q_min_inv_nm) & (self.q_inv_nm <= q_max_inv_nm)
        return replace(
            self,
            q_inv_nm=self.q_inv_nm[keep],
            counts=self.counts[:, keep],
            variance=self.variance[:, keep],
            weight=self.weight[:, keep],
        )


def add_up(cakes: Sequence[Cake]) -> Cake:
    """Frames of one grid as if they were one exposure; the error of their transmissions stays the first's."""
    first = cakes[0]
    return replace(
        first,
        counts=np.sum([cake.counts for cake in cakes], axis=0),
        variance=np.sum([cake.variance for cake in cakes], axis=0),
        weight=np.sum([cake.weight for cake in cakes], axis=0),
    )


def divide(
    frame: Frame, geometry: Geometry, binning: Binning, corrections: Corrections = NO_CORRECTIONS
) -> Cake:
    """Divide a frame by azimuth and q.

    Parameters
    ----------
    frame
        Counts, mask and what normalises them.
    geometry
        Where the detector stands.
    binning
        Bins of q, the same as the curve's.
    corrections
        What is known of the detector; what dark rate, dead time and flat field leave uncertain is small
        beside the counts of one direction, and is left out.

    Raises
    ------
    BadInput
        When `integrate` would refuse the frame.
    """
    check_geometry(geometry, frame.counts.shape, frame.source)
    per_pixel = normaliser(frame)
    sums = add_up_frame(frame, geometry, binning, 2 * N_AZIMUTHS, corrections)
    bins = bins_of(geometry, binning, 2 * N_AZIMUTHS, corrections)
    return Cake(
        q_inv_nm=bins.q_inv_nm,
        azimuth_deg=np.mod(bins.azimuth_deg[:N_AZIMUTHS], 180.0),
        counts=_fold(sums.counts),
        variance=_fold(sums.shot_variance),
        weight=_fold(sums.weight) * per_pixel,
        common_relative_sigma=common_error(frame),
        source=frame.source,
    )


def profile_of(sample: Cake, blank: Cake | None) -> AzimuthalProfile:
    """What each direction scatters, over the mean of all directions.

    The pattern is taken as a curve times a profile, and both are fitted in turn to the counts (the fixed
    point of a Poisson likelihood: Lee & Seung 2001, Adv. NIPS 13, 556), so that a gap which hides other
    directions at each q favours none. Each direction counts all its photons alike. The blank is taken as
    the same in all directions. sigma is Poisson's, at least one count; the blank's own error, and that of
    both transmissions, shift all directions together: `offset_sigma`.

    Parameters
    ----------
    sample, blank
        Frames divided in one way; None subtracts nothing.

    Raises
    ------
    FitFailed
        When too little is left after subtraction, or too few directions are seen.
    """
    background, background_sigma = _background(sample, blank)
    net = sample.counts - sample.weight * background
    noise = math.sqrt(max(float(sample.variance.sum()), MIN_VARIANCE_COUNTS))
    if float(net.sum()) < MIN_SIGNAL * noise:
        raise FitFailed(
            f"{net.sum():.0f} counts stand above the blank, directions need {MIN_SIGNAL * noise:.0f}"
        )
    has_pixels = sample.weight.sum(axis=1) > 0
    net, weight = net[has_pixels], sample.weight[has_pixels]
    shape, expected = _separate(net, weight)
    common = math.hypot(sample.common_relative_sigma, blank.common_relative_sigma if blank else 0.0)
    shift = math.hypot(
        float(np.linalg.norm(weight.sum(axis=0) * background_sigma)),
        common * float((weight.sum(axis=0) * background).sum()),
    )
    return AzimuthalProfile(
        azimuth_deg=sample.azimuth_deg[has_pixels],
        intensity=shape,
        sigma=np.sqrt(np.maximum(sample.variance[has_pixels].sum(axis=1), MIN_VARIANCE_COUNTS)) / expected,
        step_deg=180.0 / N_AZIMUTHS,
        offset_sigma=shift / float(expected.sum()),
        source=sample.source,
    )


def even_out(curve: Curve, cake: Cake, profile: AzimuthalProfile) -> Curve:
    """What a curve would be if no gap favoured a direction.

    Where the pixels of a bin look into bright directions only, their mean is too high; the profile says
    by how much. What it leaves uncertain is added to sigma.

    Parameters
    ----------
    curve
        Blank subtracted, on points of the cake's q.
    cake, profile
        Of the same frame.

    Returns
    -------
    Curve
        On the same points.
    """
    weight = cake.weight[cake.weight.sum(axis=1) > 0]
    seen = weight.sum(axis=0)
    share = weight / np.where(seen > 0, seen, np.inf)
    brightness = np.where(seen > 0, profile.intensity @ share, 1.0)
    # the mean of the profile is 1 by definition, so its noise enters only as far as the shares differ
    uneven = np.where(seen > 0, share - 1 / len(profile), 0.0)
    noise = np.sqrt(profile.sigma**2 @ uneven**2)
    factor, factor_sigma = (np.interp(curve.q_inv_nm, cake.q_inv_nm, x) for x in (brightness, noise))
    intensity = curve.intensity / factor
    return replace(
        curve,
        intensity=intensity,
        sigma=np.hypot(curve.sigma, intensity * factor_sigma) / factor,
    )


def _fold(values: Floats) -> Floats:
    """Add opposite azimuths: at small angles a pattern has a centre of symmetry (Friedel 1913)."""
    whole = values.reshape(2 * N_AZIMUTHS, -1)
    return whole[:N_AZIMUTHS] + whole[N_AZIMUTHS:]


def _background(sample: Cake, blank: Cake | None) -> tuple[Floats, Floats]:
    """The blank's intensity and its sigma at each q, shape (n_q,); nothing where it has no pixel."""
    if blank is None:
        nothing = np.zeros(sample.counts.shape[1])
        return nothing, nothing
    weight, counts = blank.weight.sum(axis=0), blank.counts.sum(axis=0)
    variance = np.maximum(blank.variance.sum(axis=0), MIN_VARIANCE_COUNTS)
    safe = np.where(weight > 0, weight, np.inf)
    return counts / safe, np.sqrt(variance) / safe


def _separate(net: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Profile over azimuth, mean 1, and the counts that each azimuth would hold if all were alike."""
    shape = np.ones(net.shape[0])
    expected = shape
    for _ in range(N_ROUNDS):
        seen = shape @ weight
        curve = net.sum(axis=0) / np.where(seen > 0, seen, np.inf)
        expected = weight @ curve
        if np.any(expected <= 0):
            raise FitFailed("a direction holds no counts above the blank; expose longer")
        shape = net.sum(axis=1) / expected
        shape = shape / shape.mean()
    return shape, expected
