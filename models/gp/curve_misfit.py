"""The misfit to a target curve as a form of the coefficients: what makes a match a composite goal."""

from dataclasses import dataclass

import numpy as np

from models.domain.errors import FitFailed
from models.domain.misfit import FEWEST_BINS, LEAST_FLOOR, Scale, as_arrays, common_factor, weigh
from models.domain.scattering import CurveProfile, Floats
from models.domain.soft_log import harden, soften
from models.gp.curve_basis import CurveBasis

MOST_MISSED = 1.0
"""Largest share of what is missed in what is told that is believed: few curves say little of it."""


@dataclass(frozen=True, eq=False)
class CurveMisfit:
    """Distance from a target: ``root @ (coefficients - centre)``, its length stretched by what is missed."""

    form: Floats
    """Rows whose squares add up to the square of the misfit, of a difference of log-intensity, (n_q, n_q)."""
    sought: Floats
    """Log-intensity of the target, shape (n_q,)."""
    root: Floats
    """Shape (n_components, n_components)."""
    centre: Floats
    """Coefficients nearest to the target, shape (n_components,)."""
    stretch: float
    """Length of a difference over that of its components: what of a difference lies beside them, as it did
    for curves that the basis was not made from, goes with it."""

    def distances(self, coefficients: Floats) -> Floats:
        """Rms difference of log-intensity from the target, shape (..., n_components) -> (...)."""
        ways = (coefficients - self.centre) @ self.root.T
        return self.stretch * np.sqrt((ways**2).sum(axis=-1))

    def of_curves(self, logs: Floats, noise: Floats) -> tuple[Floats, Floats]:
        """Square of the misfit of measured curves, each shape (n, n_q), less noise, and the noise, (n,)."""
        own = (noise**2 @ (self.form**2).T).sum(axis=1)
        return (((logs - self.sought) @ self.form.T) ** 2).sum(axis=1) - own, own


@dataclass(frozen=True, eq=False)
class Sought:
    """A target in the bins of a basis, and how differences from it count."""

    logs: Floats
    """Softened log-intensity, shape (n_q,)."""
    form: Floats
    """Rows whose squares add up to the square of the misfit, of a difference of log-intensity, (n_q, n_q)."""


def target_in(basis: CurveBasis, target: CurveProfile, scale: Scale) -> Sought:
    """A target as a basis sees it.

    With y the softened log-intensity of a curve, t that of the target and w the weight of each bin, the
    square of the misfit is the weighted mean of (y - t)^2, less, where the scale is free, the square of the
    weighted mean of y - t: a quadratic form of y, hence of the coefficients.

    Raises
    ------
    FitFailed
        When the target has too few bins in common with the curves.
    """
    intensity = _in_bins(target, basis)
    floor = np.maximum(basis.floor, LEAST_FLOOR * intensity.max())
    if scale == "free":
        # the weights are those of a target as strong as the curves of this campaign
        strong = harden(basis.mean, floor)
        intensity = intensity * common_factor(strong, floor, intensity, np.zeros_like(floor))
    weights = weigh(intensity, floor)
    weights /= weights.sum()
    form = np.diag(np.sqrt(weights))
    if scale == "free":
        form -= np.outer(np.sqrt(weights), weights)
    return Sought(soften(intensity, basis.floor), form)


def misfit_in(basis: CurveBasis, sought: Sought) -> CurveMisfit:
    """The misfit as a form of the coefficients."""
    form = sought.form
    rows = form @ basis.vectors.T
    centre, *_ = np.linalg.lstsq(rows, form @ (sought.logs - basis.mean))
    missed = float(((basis.misses @ form.T) ** 2).sum(axis=1).mean())
    told = float((basis.spreads**2 * (rows**2).sum(axis=0)).sum())
    stretch = float(np.sqrt(1.0 + min(missed / told, MOST_MISSED)))
    return CurveMisfit(form, sought.logs, np.linalg.qr(rows).R, np.asarray(centre, dtype=np.float64), stretch)


def _in_bins(target: CurveProfile, basis: CurveBasis) -> Floats:
    """Intensity of the target in the bins of a basis, 0 where it has none: such bins have no weight."""
    at = dict(zip(target.q_inv_nm, as_arrays(target)[0].tolist(), strict=True))
    found = np.array([at.get(q, np.nan) for q in basis.q_inv_nm.tolist()])
    known = np.isfinite(found)
    if known.sum() < FEWEST_BINS or not (found[known] > 0).any():
        raise FitFailed(f"the target has {known.sum()} bins in common with the curves, needs {FEWEST_BINS}")
    return np.where(known, found, 0.0)
