"""Find the point of largest acquisition: a pool of allowed points first, then gradients."""

from collections.abc import Callable

import numpy as np
import torch
from scipy.optimize import LinearConstraint, minimize

from models.domain.scattering import Floats
from models.domain.space import SearchSpace

Score = Callable[[torch.Tensor], torch.Tensor]
"""Acquisition at scaled coordinates: shape (n, n_axes) -> (n,)."""

N_STARTS = 4
"""Best points of the pool from which gradients climb."""
MAX_STEPS = 60
"""Steps of one climb."""


def score_pool(score: Score, pool: Floats) -> Floats:
    """Acquisition of every point of a pool, shape (n_pool, n_axes) -> (n_pool,)."""
    with torch.no_grad():
        return score(torch.from_numpy(pool)).numpy()


def climb(score: Score, space: SearchSpace, starts: Floats) -> Floats:
    """Follow the gradient of the acquisition from each start, inside bounds and sums (SLSQP).

    Parameters
    ----------
    score
        Acquisition.
    space
        A space without a list of candidates.
    starts
        Scaled coordinates, shape (n_starts, n_axes), all allowed.

    Returns
    -------
    Floats
        Where each climb ended; a climb that failed ends where it began. Shape (n_starts, n_axes).
    """
    ends = [_climb_one(score, space, start) for start in starts]
    return np.array(ends).reshape(len(starts), len(space.axes))


def _climb_one(score: Score, space: SearchSpace, start: Floats) -> Floats:
    def negative(unit_point: Floats) -> tuple[float, Floats]:
        x = torch.from_numpy(np.ascontiguousarray(unit_point)).unsqueeze(0).requires_grad_(True)
        value = score(x).sum()
        (gradient,) = torch.autograd.grad(value, x)
        return -float(value.detach()), -gradient.squeeze(0).numpy()

    sums, totals = _unit_sums(space)
    constraints = [
        LinearConstraint(row, float(total), float(total)) for row, total in zip(sums, totals, strict=True)
    ]
    bounds = [(0.0, 1.0 if axis.span > 0 else 0.0) for axis in space.axes]
    first, _ = negative(start)
    result = minimize(
        negative, start, jac=True, method="SLSQP", bounds=bounds, constraints=constraints,
        options={"maxiter": MAX_STEPS, "ftol": 1e-9},
    )  # fmt: skip
    end = np.clip(result.x, 0.0, [high for _, high in bounds])
    is_allowed = bool(np.all(np.abs(sums @ end - totals) < 1e-9)) if len(sums) else True
    is_better = np.isfinite(result.fun) and result.fun < first
    return end if is_allowed and is_better else start


def _unit_sums(space: SearchSpace) -> tuple[Floats, Floats]:
    """The sums in scaled coordinates: rows a and totals b of a . x = b, the largest of each row being 1."""
    rows, totals = np.zeros((len(space.sums), len(space.axes))), np.zeros(len(space.sums))
    for i, constraint in enumerate(space.sums):
        parts = [space.axis(name) for name in constraint.axes]
        widest = max(axis.span for axis in parts) or 1.0
        totals[i] = (constraint.total - sum(axis.low for axis in parts)) / widest
        for axis in parts:
            rows[i, space.names.index(axis.name)] = axis.span / widest
    return rows, totals
