"""Find the point of largest acquisition: from the best of a pool, along the gradient."""

from typing import Any

import numpy as np
from scipy.optimize import minimize

from models.domain.scattering import Floats
from models.gp.acquisitions.worth import Worth
from models.gp.encoding import Encoding

ROUNDING = 1e-9
"""How far an end may miss a constraint, scaled."""


def climb(worth: Worth, encoding: Encoding, starts: Floats) -> Floats:
    """Follow the gradient of the acquisition from each start, inside bounds and linear constraints (SLSQP).

    Columns that take certain values only stay as they are.

    Parameters
    ----------
    worth
        What is to be large.
    encoding
        That of a space without a list of candidates.
    starts
        Columns, shape (n_starts, n_columns), all allowed.

    Returns
    -------
    Floats
        Where each climb ended; a climb that failed ends where it began. Shape (n_starts, n_columns).
    """
    ends = [_climb_one(worth, encoding, start) for start in starts]
    return np.array(ends).reshape(starts.shape)


def _climb_one(worth: Worth, encoding: Encoding, start: Floats) -> Floats:
    def negative(columns: Floats) -> tuple[float, Floats]:
        value, gradient = worth.slope(columns)
        return -value, -gradient

    low, high = (np.where(encoding.is_discrete, start, bound) for bound in encoding.bounds)
    (sums, totals), (rows, limits) = encoding.equalities, encoding.inequalities
    constraints = [
        _constraint(kind, matrix, right)
        for kind, matrix, right in (("eq", sums, totals), ("ineq", rows, limits))
        if len(matrix)
    ]
    first, _ = negative(start)
    result = minimize(
        negative, start, jac=True, method="SLSQP", bounds=np.stack([low, high], axis=1),
        constraints=constraints, options={"maxiter": worth.n_steps, "ftol": 1e-9},
    )  # fmt: skip
    end = np.clip(result.x, low, high)
    is_allowed = bool(
        np.all(np.abs(sums @ end - totals) < ROUNDING) and np.all(rows @ end < limits + ROUNDING)
    )
    is_better = np.isfinite(result.fun) and result.fun < first
    return end if is_allowed and is_better else start


def _constraint(kind: str, matrix: Floats, right: Floats) -> dict[str, Any]:
    """``matrix @ columns`` equal to, or at most, the right-hand side, in the library's words."""

    def room(columns: Floats) -> Floats:
        return right - matrix @ columns

    def slope(columns: Floats) -> Floats:
        del columns
        return -matrix

    return {"type": kind, "fun": room, "jac": slope}
