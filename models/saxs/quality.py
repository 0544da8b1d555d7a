"""Judge a frame before anything is learned from it."""

import numpy as np
from pydantic import Field

from models.domain.frozen import Frozen
from models.domain.scattering import Curve, Frame, Verdict


class QualityLimits(Frozen):
    """What a frame is held against."""

    saturated_share: float = Field(default=0.8, gt=0, le=1)
    """Counts at or above this share of the detector's saturation are too many."""
    lost_beam_share: float = Field(default=0.1, ge=0, lt=1)
    """Monitor rate below this share of the blank's is a lost beam."""
    transmission_max: float = Field(default=1.02, gt=0)
    """No sample transmits more."""
    bubble_rise: float = Field(default=0.02, gt=0)
    """A sample that transmits this much more than its blank, relative, is a bubble or an empty cell."""
    min_counts: float = Field(default=1000, ge=0)
    """Counts that a frame holds at least."""
    min_points: int = Field(default=16, ge=2)
    """Points that a curve holds at least."""


def check_frame(
    frame: Frame, blank: Frame | None = None, limits: QualityLimits | None = None
) -> tuple[Verdict, ...]:
    """Run every check on a frame.

    Parameters
    ----------
    frame
        The frame.
    blank
        The blank that goes with it; some checks compare.
    limits
        What it is held against.

    Returns
    -------
    tuple of Verdict
        One for each check that could be made.
    """
    limits = limits or QualityLimits()
    not_finite = _not_finite(frame)
    verdicts = [not_finite, *_counts(frame, limits)]
    if not not_finite.is_ok:
        return tuple(verdicts)
    verdicts.append(
        Verdict(
            check="transmission",
            is_ok=0 < frame.transmission <= limits.transmission_max,
            value=frame.transmission,
            limit=limits.transmission_max,
            unit="1",
            remedy="Check the beamstop diode and the incident monitor.",
        )
    )
    verdicts.append(_beam(frame, blank, limits))
    if blank is not None and np.isfinite(blank.transmission) and blank.transmission > 0:
        limit = blank.transmission * (1 + limits.bubble_rise)
        verdicts.append(
            Verdict(
                check="bubble",
                is_ok=frame.transmission <= limit,
                value=frame.transmission,
                limit=limit,
                unit="1",
                remedy="Push the sample on by a little and measure again.",
            )
        )
    return tuple(verdicts)


def check_curve(curve: Curve, limits: QualityLimits | None = None) -> tuple[Verdict, ...]:
    """Run every check on a curve.

    Parameters
    ----------
    curve
        The curve.
    limits
        What it is held against.

    Returns
    -------
    tuple of Verdict
        One for each check.
    """
    limits = limits or QualityLimits()
    is_finite = np.isfinite(curve.intensity) & np.isfinite(curve.sigma)
    n_bad = len(curve) - int(np.count_nonzero(is_finite))
    return (
        Verdict(
            check="finite",
            is_ok=n_bad == 0,
            value=n_bad,
            limit=0,
            unit="points",
            remedy="Look at the curve, and reduce it again.",
        ),
        Verdict(
            check="points",
            is_ok=len(curve) >= limits.min_points,
            value=len(curve),
            limit=limits.min_points,
            unit="points",
            remedy="Widen q_min_inv_nm and q_max_inv_nm.",
        ),
    )


def _not_finite(frame: Frame) -> Verdict:
    """Count the numbers that normalise a frame and cannot."""
    numbers = (
        frame.exposure_s,
        frame.monitor,
        frame.transmission,
        frame.transmission_sigma,
        frame.thickness_mm,
    )
    n_bad = sum(not np.isfinite(x) for x in numbers)
    return Verdict(
        check="finite",
        is_ok=n_bad == 0,
        value=n_bad,
        limit=0,
        unit="numbers",
        remedy="Check monitor, transmission and thickness: one of them is not a number.",
    )


def _beam(frame: Frame, blank: Frame | None, limits: QualityLimits) -> Verdict:
    """Compare the incident flux with the blank's, or with none at all."""
    rate = frame.monitor / frame.exposure_s if frame.exposure_s > 0 else 0.0
    limit = 0.0
    if blank is not None and np.isfinite(blank.monitor) and blank.exposure_s > 0:
        limit = limits.lost_beam_share * blank.monitor / blank.exposure_s
    return Verdict(
        check="beam",
        is_ok=rate > limit,
        value=rate,
        limit=limit,
        unit="monitor counts/s",
        remedy="Wait for the beam, and check shutter and monitor.",
    )


def _counts(frame: Frame, limits: QualityLimits) -> list[Verdict]:
    """Look at the counts of the pixels that are used."""
    counts = frame.counts[~frame.mask & (frame.counts >= 0)]
    total = float(counts.sum(dtype=np.float64))
    most = float(counts.max()) if counts.size else 0.0
    verdicts = [
        Verdict(
            check="counts",
            is_ok=total >= limits.min_counts,
            value=total,
            limit=limits.min_counts,
            unit="counts",
            remedy="Expose longer, and check shutter and sample.",
        )
    ]
    if frame.saturation_counts is not None:
        limit = limits.saturated_share * frame.saturation_counts
        verdicts.append(
            Verdict(
                check="saturation",
                is_ok=most < limit,
                value=most,
                limit=limit,
                unit="counts",
                remedy="Attenuate the beam or expose shorter.",
            )
        )
    return verdicts
