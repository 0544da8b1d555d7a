"""Even draws from a body that linear equalities and inequalities cut out, however thin. Loads no torch."""

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
from scipy.linalg import null_space
from scipy.optimize import linprog

from models.domain.scattering import Floats

EXACT = 1e-9
"""What is smaller than this is nothing: widths and residues, in scaled coordinates."""
EDGE = 5e-7
"""How much limits give way when a total at their very edge lies beyond it by rounding, as a share."""
N_SCOUTS = 256
"""Walkers that find out how the body is stretched."""
N_MORE = 8
"""Steps of a walk besides two for each dimension."""
MAX_ROUNDS = 40
"""Rounds of scouting; each learns the shape from where the one before it went."""
SETTLED = 0.1
"""Scouting ends when the size of the cloud changes by less than this share in a round."""


@dataclass(frozen=True, eq=False)
class Polytope:
    """All x with ``equalities @ x = totals`` and ``inequalities @ x <= limits``; it is bounded."""

    equalities: Floats
    """Shape (n_equalities, n)."""
    totals: Floats
    """Shape (n_equalities,)."""
    inequalities: Floats
    """Shape (n_inequalities, n); bounds are among them."""
    limits: Floats
    """Shape (n_inequalities,)."""

    def loosened(self, by: float) -> "Polytope":
        """The same with every limit farther out."""
        return Polytope(self.equalities, self.totals, self.inequalities, self.limits + by)


@dataclass(frozen=True, eq=False)
class Inside:
    """A body with a point deep inside it, and the directions in which it extends."""

    centre: Floats
    """The point, shape (n,)."""
    directions: Floats
    """Orthonormal columns, shape (n, k); k is 0 for a body that is one point."""
    inequalities: Floats
    """What still bounds it, shape (n_inequalities, k), for steps along the directions."""
    slack: Floats
    """How far the centre is from each limit, shape (n_inequalities,)."""


def find_inside(body: Polytope) -> Inside | None:
    """The centre of the largest ball in a body; None when the body is empty.

    An inequality that leaves no room, since it must be tight everywhere, becomes an equality (after
    Boyd and Vandenberghe, Convex Optimization, 2004, ch. 8.5.1 for the centre).
    """
    for candidate in (body, body.loosened(EDGE)):
        found = _flattened(candidate)
        if found is not None:
            return found
    return None


def walk(inside: Inside, n_walkers: int, rng: np.random.Generator) -> Generator[Floats]:
    """Draw evenly by hit and run: each step goes along a random line to an even place on it.

    Lines are drawn as the body is stretched, which scouts find out first. Smith, Oper. Res. 32 (1984) 1296.

    Parameters
    ----------
    inside
        The body.
    n_walkers
        Draws at a time.
    rng
        Source of randomness.

    Yields
    ------
    Floats
        Shape (n_walkers, n); each batch is nearly independent of the one before.
    """
    n_dims = inside.directions.shape[1]
    if n_dims == 0:
        while True:
            yield np.repeat(inside.centre[np.newaxis], n_walkers, axis=0)
    places = np.zeros((N_SCOUTS, n_dims))
    shape, size = np.identity(n_dims, dtype=np.float64), 0.0
    for _ in range(MAX_ROUNDS):
        places = _step(inside, places, shape, 2 * n_dims + N_MORE, rng)
        spread = np.atleast_2d(np.cov(places.T))
        previous, size = size, float(np.sqrt(np.trace(spread)))
        shape = np.asarray(np.linalg.cholesky(spread + EXACT**2 * np.eye(n_dims)), dtype=np.float64)
        if abs(size - previous) < SETTLED * size:
            break
    places = np.resize(places, (n_walkers, n_dims))
    while True:
        places = _step(inside, places, shape, 2 * n_dims + 2 * N_MORE, rng)
        yield inside.centre + places @ inside.directions.T


def _step(inside: Inside, places: Floats, shape: Floats, n_steps: int, rng: np.random.Generator) -> Floats:
    """Let every walker take some steps; places are along the body's directions, shape (n, k)."""
    slack = np.maximum(inside.slack - places @ inside.inequalities.T, 0.0)
    for _ in range(n_steps):
        lines = rng.standard_normal(places.shape) @ shape.T
        pace = lines @ inside.inequalities.T
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = slack / pace
        ahead = np.where(pace > 0, reach, np.inf).min(axis=1)
        behind = np.where(pace < 0, reach, -np.inf).max(axis=1)
        length = behind + rng.random(len(places)) * (ahead - behind)
        length = np.where(np.isfinite(length), length, 0.0)[:, np.newaxis]
        places = places + length * lines
        slack = np.maximum(slack - length * pace, 0.0)
    return places


def _flattened(body: Polytope) -> Inside | None:
    """The inside of a body, its hidden equalities found."""
    equalities, totals = body.equalities, body.totals
    is_open = np.ones(len(body.limits), dtype=bool)
    while True:
        directions = null_space(equalities) if len(equalities) else np.eye(body.inequalities.shape[1])
        rows, limits = body.inequalities[is_open], body.limits[is_open]
        flat = Polytope(equalities, totals, rows, limits)
        norms = np.linalg.norm(rows @ directions, axis=1)
        centre, radius = _ball(flat, norms)
        if centre is None:
            return None
        if radius > EXACT or directions.shape[1] == 0:
            matters = norms > EXACT
            along = rows[matters] @ directions
            slack = np.maximum(limits[matters] - rows[matters] @ centre, 0.0)
            return Inside(centre, directions, along, slack)
        is_tight = np.array([_is_tight(flat, i) for i in range(len(rows))]) & (norms > EXACT)
        if not is_tight.any():  # as thin as rounding allows, and not flat: one point of it will do
            return Inside(centre, directions[:, :0], rows[:, :0], limits - rows @ centre)
        equalities, totals = np.vstack([equalities, rows[is_tight]]), np.append(totals, limits[is_tight])
        is_open[np.flatnonzero(is_open)[is_tight]] = False


def _ball(body: Polytope, norms: Floats) -> tuple[Floats | None, float]:
    """Centre and radius of the largest ball; None for an empty body."""
    n = body.inequalities.shape[1]
    found = linprog(
        np.append(np.zeros(n), -1.0),
        A_ub=np.column_stack([body.inequalities, np.where(norms > EXACT, norms, 0.0)]),
        b_ub=body.limits,
        A_eq=np.column_stack([body.equalities, np.zeros(len(body.equalities))]),
        b_eq=body.totals,
        bounds=[*[(None, None)] * n, (0.0, 1.0)],
    )
    if found.x is None:
        return None, 0.0
    centre = found.x[:n]
    if len(body.equalities):  # what the solver calls equal is equal to seven digits only
        miss = body.equalities @ centre - body.totals
        centre = centre - np.linalg.lstsq(body.equalities, miss, rcond=None)[0]
    return centre, float(found.x[n])


def _is_tight(body: Polytope, row: int) -> bool:
    """True when an inequality is an equality everywhere in the body."""
    found = linprog(
        body.inequalities[row], A_ub=body.inequalities, b_ub=body.limits,
        A_eq=body.equalities if len(body.equalities) else None,
        b_eq=body.totals if len(body.equalities) else None, bounds=(None, None),
    )  # fmt: skip
    return found.fun is not None and found.fun >= body.limits[row] - 1e3 * EXACT
