"""Combine curves: subtract a buffer, average repeats."""

from collections.abc import Sequence

import numpy as np

from models.domain.errors import BadInput
from models.domain.scattering import Curve

GRID_TOLERANCE = 1e-6
"""Relative difference of q below which two grids are one."""


def subtract(sample: Curve, buffer: Curve, factor: float = 1.0) -> Curve:
    """Take a buffer off a sample.

    sigma adds in quadrature. The errors that all points of a curve share (transmission, monitor) scale the
    buffer against the sample: what that leaves, the buffer's intensity times both relative errors in
    quadrature, cannot be told apart per point and is added to sigma. What scales the difference as a whole
    stays in `common_relative_sigma`.

    Parameters
    ----------
    sample
        What is subtracted from.
    buffer
        What is subtracted.
    factor
        The buffer is multiplied by it, such as 1 minus the volume fraction of solute.

    Returns
    -------
    Curve
        On the sample's points, where the buffer has points on both sides. On another grid the buffer is
        interpolated linearly, its sigma by the same weights; neighbouring points that lean on one
        buffer point are then correlated, which sigma does not say.

    Raises
    ------
    BadInput
        When the curves share no q, or are in different units.
    """
    _check_units(sample, buffer)
    matched, blank, blank_sigma = _on_grid_of(sample, buffer)
    shared = np.hypot(sample.common_relative_sigma, buffer.common_relative_sigma) * factor * blank
    return Curve(
        q_inv_nm=matched.q_inv_nm,
        intensity=matched.intensity - factor * blank,
        sigma=np.sqrt(matched.sigma**2 + (factor * blank_sigma) ** 2 + shared**2),
        unit=sample.unit,
        common_relative_sigma=sample.common_relative_sigma,
        source=sample.source,
    )


def average(curves: Sequence[Curve]) -> Curve:
    """Average repeats of one measurement.

    Each curve has one weight for all its points, the inverse of its median relative variance, so that points
    which fluctuated low, and with them their Poisson sigma, do not pull the mean down.

    Parameters
    ----------
    curves
        Curves in one unit, at least one.

    Returns
    -------
    Curve
        On the first curve's points.

    Raises
    ------
    BadInput
        When there is none, or they are in different units or on different grids.
    """
    if not curves:
        raise BadInput("average", "there is no curve to average", "Give at least one.")
    first = curves[0]
    for curve in curves[1:]:
        _check_units(first, curve)
        if not _is_same_grid(first, curve):
            raise BadInput(
                curve.source,
                f"has other q values than {first.source}",
                "Average curves of one grid of q only.",
            )
    weights = np.array(
        [1.0 / max(float(np.median(curve.sigma**2)), np.finfo(float).tiny) for curve in curves]
    )
    weights /= weights.sum()
    return Curve(
        q_inv_nm=first.q_inv_nm,
        intensity=np.einsum("c,cq->q", weights, np.array([curve.intensity for curve in curves])),
        sigma=np.sqrt(np.einsum("c,cq->q", weights**2, np.array([curve.sigma**2 for curve in curves]))),
        unit=first.unit,
        common_relative_sigma=float(np.hypot.reduce(weights * [c.common_relative_sigma for c in curves])),
        source=first.source if len(curves) == 1 else f"average of {len(curves)} from {first.source}",
    )


def _is_same_grid(one: Curve, other: Curve) -> bool:
    """Say whether two curves have the same q, to the precision of text files."""
    return len(one) == len(other) and np.allclose(one.q_inv_nm, other.q_inv_nm, rtol=GRID_TOLERANCE, atol=0)


def _check_units(one: Curve, other: Curve) -> None:
    """Refuse to combine intensities of different units."""
    if one.unit != other.unit:
        raise BadInput(
            other.source, f"is in {other.unit}, {one.source} in {one.unit}", "Scale both to one unit first."
        )


def _on_grid_of(sample: Curve, buffer: Curve) -> tuple[Curve, np.ndarray, np.ndarray]:
    """Bring a buffer onto a sample's points; the sample loses points outside of the buffer."""
    if _is_same_grid(sample, buffer):
        return sample, buffer.intensity, buffer.sigma
    if len(buffer) < 2:
        raise BadInput(buffer.source, f"has {len(buffer)} points, needs 2", "Give another buffer.")
    matched = sample.between(float(buffer.q_inv_nm[0]), float(buffer.q_inv_nm[-1]))
    if len(matched) == 0:
        raise BadInput(
            buffer.source,
            f"covers {buffer.q_inv_nm[0]:g} to {buffer.q_inv_nm[-1]:g} 1/nm, and no point of {sample.source}",
            "Check the q units of both.",
        )
    right = np.clip(np.searchsorted(buffer.q_inv_nm, matched.q_inv_nm), 1, len(buffer) - 1)
    left = right - 1
    share = (matched.q_inv_nm - buffer.q_inv_nm[left]) / (buffer.q_inv_nm[right] - buffer.q_inv_nm[left])
    blank = (1 - share) * buffer.intensity[left] + share * buffer.intensity[right]
    blank_sigma = np.hypot((1 - share) * buffer.sigma[left], share * buffer.sigma[right])
    return matched, blank, blank_sigma
