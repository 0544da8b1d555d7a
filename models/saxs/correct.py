"""Combine curves: subtract buffer and empty cell, average repeats, bring them to a scale."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from models.domain.errors import BadInput
from models.domain.scattering import Curve, Floats
from models.saxs.corrections import Scale

GRID_TOLERANCE = 1e-6
"""Relative difference of q below which two grids are one."""


def subtract(sample: Curve, buffer: Curve, factor: float = 1.0) -> Curve:
    """Take a buffer off a sample: `subtract_all` of one background.

    Parameters
    ----------
    sample
        What is subtracted from.
    buffer
        What is subtracted.
    factor
        The buffer is multiplied by it, such as 1 minus the volume fraction of solute.
    """
    return subtract_all(sample, [(buffer, factor)])


def subtract_cell(sample: Curve, buffer: Curve | None, empty: Curve, solute_fraction: float = 0.0) -> Curve:
    """Take buffer and cell off a sample, where solute has displaced buffer (Pauw 2013, JPCM 25, 383201).

    Sample and buffer both hold the cell: S - E - (1 - phi) (B - E), which is S - (1 - phi) B - phi E. Each
    was divided by its own transmission before.

    Parameters
    ----------
    sample, empty
        The sample in its cell, and the cell alone.
    buffer
        The buffer in the cell; None where there is none, as for a solid: S - E.
    solute_fraction
        Volume fraction phi of what is not buffer, 0 to 1; at 0 the empty cell cancels.

    Raises
    ------
    BadInput
        When `subtract_all` refuses them.
    """
    if buffer is None:
        return subtract_all(sample, [(empty, 1.0)])
    return subtract_all(sample, [(buffer, 1.0 - solute_fraction), (empty, solute_fraction)])


def subtract_all(sample: Curve, backgrounds: Sequence[tuple[Curve, float]]) -> Curve:
    """Take backgrounds, each times its factor, off a sample.

    sigma adds in quadrature. The errors that all points of a curve share (transmission, monitor) scale one
    curve against the others: what that leaves, each background by its own relative error and all of them
    together by the sample's, cannot be told apart per point and is added to sigma. What scales the
    difference as a whole, the sample's, stays in `common_relative_sigma`.

    Parameters
    ----------
    sample
        What is subtracted from.
    backgrounds
        What is subtracted, with factors.

    Returns
    -------
    Curve
        On the sample's points, where all backgrounds have points on both sides. On another grid a background
        is interpolated linearly, its sigma by the same weights; neighbouring points that lean on one of its
        points are then correlated, which sigma does not say.

    Raises
    ------
    BadInput
        When the curves share no q, or are in different units.
    """
    for background, _ in backgrounds:
        _check_units(sample, background)
        if not _is_same_grid(sample, background):
            sample = _within(sample, background)
    total, variance = np.zeros(len(sample)), sample.sigma**2
    for background, factor in backgrounds:
        blank, blank_sigma = (factor * values for values in _on_grid_of(sample, background))
        total = total + blank
        variance = variance + blank_sigma**2 + (background.common_relative_sigma * blank) ** 2
    return replace(
        sample,
        intensity=sample.intensity - total,
        sigma=np.sqrt(variance + (sample.common_relative_sigma * total) ** 2),
    )


def to_scale(curve: Curve, scale: Scale) -> Curve:
    """Bring a curve to the unit of a calibration.

    Parameters
    ----------
    curve
        The curve, without what is to be subtracted: the error of a scale is none between curves of one
        calibration.
    scale
        Factor, its error, and the unit.

    Returns
    -------
    Curve
        With the error of the scale in `common_relative_sigma`.
    """
    return replace(
        curve,
        intensity=curve.intensity * scale.factor,
        sigma=curve.sigma * scale.factor,
        unit=scale.unit,
        common_relative_sigma=float(np.hypot(curve.common_relative_sigma, scale.relative_sigma)),
    )


def average(curves: Sequence[Curve]) -> Curve:
    """Average repeats of one measurement.

    Parameters
    ----------
    curves
        Curves in one unit, at least one; each has its weight of `weights_of`.

    Returns
    -------
    Curve
        On the first curve's points. The errors that a curve's points share are taken as independent from
        curve to curve: as of a transmission that was measured for each.

    Raises
    ------
    BadInput
        When there is none, or they are in different units or on different grids.
    """
    if not curves:
        raise BadInput("average", "there is no curve to average", "Give at least one.")
    first = curves[0]
    check_alike(curves)
    weights = weights_of(curves)
    return Curve(
        q_inv_nm=first.q_inv_nm,
        intensity=np.einsum("c,cq->q", weights, np.array([curve.intensity for curve in curves])),
        sigma=np.sqrt(np.einsum("c,cq->q", weights**2, np.array([curve.sigma**2 for curve in curves]))),
        unit=first.unit,
        common_relative_sigma=float(np.hypot.reduce(weights * [c.common_relative_sigma for c in curves])),
        source=first.source if len(curves) == 1 else f"average of {len(curves)} from {first.source}",
    )


def weights_of(curves: Sequence[Curve]) -> Floats:
    """Share of each repeat in their average, shape (n_curves,), sum 1.

    Each curve has one weight for all its points, the inverse of its median variance, so that points
    which fluctuated low, and with them their Poisson sigma, do not pull the mean down.
    """
    tiny = float(np.finfo(float).tiny)
    weights = np.array([1.0 / max(float(np.median(curve.sigma**2)), tiny) for curve in curves])
    return weights / weights.sum()


def check_alike(curves: Sequence[Curve]) -> None:
    """Refuse curves that cannot be averaged or compared point by point: other units, other q."""
    for curve in curves[1:]:
        _check_units(curves[0], curve)
        if not _is_same_grid(curves[0], curve):
            raise BadInput(
                curve.source,
                f"has other q values than {curves[0].source}",
                "Average curves of one grid of q only.",
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


def _within(sample: Curve, background: Curve) -> Curve:
    """The part of a sample that a background on another grid covers."""
    if len(background) < 2:
        raise BadInput(background.source, f"has {len(background)} points, needs 2", "Give another buffer.")
    matched = sample.between(float(background.q_inv_nm[0]), float(background.q_inv_nm[-1]))
    if len(matched) == 0:
        raise BadInput(
            background.source,
            f"covers {background.q_inv_nm[0]:g} to {background.q_inv_nm[-1]:g} 1/nm, "
            f"and no point of {sample.source}",
            "Check the q units of both.",
        )
    return matched


def _on_grid_of(sample: Curve, background: Curve) -> tuple[Floats, Floats]:
    """A background's intensity and sigma at a sample's points."""
    if _is_same_grid(sample, background):
        return background.intensity, background.sigma
    q = background.q_inv_nm
    right = np.clip(np.searchsorted(q, sample.q_inv_nm), 1, len(q) - 1)
    left = right - 1
    share = (sample.q_inv_nm - q[left]) / (q[right] - q[left])
    blank = (1 - share) * background.intensity[left] + share * background.intensity[right]
    return blank, np.hypot((1 - share) * background.sigma[left], share * background.sigma[right])
