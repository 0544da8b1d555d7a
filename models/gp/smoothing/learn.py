"""How rough a curve is along q, and how far its neighbours make it up: learned by marginal likelihood."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import minimize

from models.domain.scattering import Floats
from models.gp.smoothing.features import Dip, find_dips
from models.gp.smoothing.latent import begin, settle
from models.gp.smoothing.measured import Measured
from models.gp.smoothing.prior import Prior, Solved

N_KNOTS = 12
"""Places, evenly spaced in ln q, at which the correlation length along q may change."""
LENGTH, LENGTH_SPREAD = 0.5, 1.5
"""Median of the correlation length in ln q beforehand, and standard deviation of its logarithm."""
CHANGE_SPREAD = 1.0
"""Standard deviation of the change of that logarithm from knot to knot."""
AMPLITUDE, AMPLITUDE_SPREAD = 0.5, 1.5
"""The same of the spread of log-intensity about the shapes."""
SHARE, SHARE_SPREAD = 0.3, 1.0
"""The same of the share that a neighbour's curve has in this one."""
DEPTH, DEPTH_SPREAD = 2.0, 2.0
"""Mean and standard deviation of how much the logarithm of the length falls at a feature that was missed."""
LEVEL_SPREAD, SLOPE_SPREAD = 10.0, 4.0
"""Standard deviation of level and exponent of the power law beneath."""
LENGTHS, AMPLITUDES, SHARES, DEPTHS = (1e-3, 10.0), (3e-3, 30.0), (1e-3, 3.0), (0.0, 8.0)
"""Between what each is sought."""
N_LOOKS = 2
"""How often measurements are made straight anew."""
MOST_ROUNDS = 4
"""How often it is looked for features that were missed."""
MOST_STEPS, ENOUGH = 60, 1e-5
"""Steps of each search, and the relative gain at which it ends."""


@dataclass(frozen=True, eq=False)
class Task:
    """What is learned from: a curve, and what it may be made up of."""

    curve: Measured
    """What was measured."""
    floor: Floats
    """Where the logarithm gives way, shape (n_q,)."""
    neighbours: Floats
    """Curves that it may be made up of, softened logarithms less their mean, shape (n, n_q); n may be 0."""
    dips: tuple[Dip, ...] = ()
    """Where features were missed."""

    @cached_property
    def u(self) -> Floats:
        """Logarithm of q, shape (n_q,)."""
        return np.log(self.curve.q_inv_nm)

    @cached_property
    def shapes(self) -> Floats:
        """Level, slope and neighbours, shape (2 + n, n_q)."""
        return np.vstack([np.ones_like(self.u), self.u - self.u.mean(), self.neighbours])

    @cached_property
    def bounds(self) -> list[tuple[float, float]]:
        """Between what each hyperparameter is sought."""
        logs = [tuple(np.log(limits).tolist()) for limits in (AMPLITUDES, SHARES, *[LENGTHS] * N_KNOTS)]
        if len(self.neighbours) == 0:
            logs[1] = (float(np.log(SHARE)),) * 2
        return [*logs, *[DEPTHS] * len(self.dips)]

    def start(self) -> Floats:
        """Hyperparameters that are likeliest beforehand."""
        return np.append(np.log([AMPLITUDE, SHARE] + [LENGTH] * N_KNOTS), np.full(len(self.dips), DEPTH))

    def prior(self, x: Floats) -> Prior:
        """The prior of certain hyperparameters."""
        places, middles = np.linspace(self.u[0], self.u[-1], N_KNOTS), 0.5 * (self.u[1:] + self.u[:-1])
        lengths = np.interp(middles, places, x[2 : 2 + N_KNOTS])
        for dip, depth in zip(self.dips, x[2 + N_KNOTS :], strict=True):
            lengths = lengths - depth * dip.shape_at(middles)
        spreads = np.append([LEVEL_SPREAD, SLOPE_SPREAD], np.full(len(self.neighbours), np.exp(x[1])))
        steps = np.diff(self.u) * np.exp(-np.maximum(lengths, np.log(LENGTHS[0])))
        return Prior(steps, float(np.exp(x[0])), self.shapes, spreads)

    def with_dips(self, found: tuple[Dip, ...]) -> "Task":
        """The same, more features known."""
        return Task(self.curve, self.floor, self.neighbours, (*self.dips, *found))


def learn(task: Task) -> Solved:
    """Learn a curve.

    The length is learned at a few places. Where points then stand out of the curve together by more than
    chance would have them, it may fall at that very place, and all is learned again: a narrow peak is kept,
    and the band is wide beside it.

    Parameters
    ----------
    task
        The curve, and what it may be made up of.
    """
    believed, x = begin(task.curve, task.floor), task.start()
    for _ in range(N_LOOKS):
        believed, x = _look(task, believed, x)
    for _ in range(MOST_ROUNDS):
        solved, straight = settle(task.curve, task.floor, task.prior(x), believed)
        found = find_dips(task.u, (straight.values - solved.mean) * np.sqrt(straight.weights))
        if not found:
            break
        task, x = task.with_dips(found), np.append(x, np.full(len(found), DEPTH))
        believed, x = _look(task, solved.mean, x)
    return settle(task.curve, task.floor, task.prior(x), believed)[0]


def _look(task: Task, believed: Floats, x: Floats) -> tuple[Floats, Floats]:
    """Make measurements straight at the most probable curve, and learn hyperparameters there."""
    solved, straight = settle(task.curve, task.floor, task.prior(x), believed)

    def misfit(tried: Floats) -> float:
        return _against(tried) - task.prior(tried).evidence(straight.values, straight.weights)

    options = {"maxiter": MOST_STEPS, "ftol": ENOUGH}
    x = minimize(misfit, x, method="L-BFGS-B", bounds=task.bounds, options=options).x
    return solved.mean, x


def _against(x: Floats) -> float:
    """Minus the logarithm of the probability of hyperparameters beforehand."""
    amplitude, share, lengths, depths = x[0], x[1], x[2 : 2 + N_KNOTS], x[2 + N_KNOTS :]
    return 0.5 * float(
        ((amplitude - np.log(AMPLITUDE)) / AMPLITUDE_SPREAD) ** 2
        + ((share - np.log(SHARE)) / SHARE_SPREAD) ** 2
        + ((lengths.mean() - np.log(LENGTH)) / LENGTH_SPREAD) ** 2
        + ((np.diff(lengths) / CHANGE_SPREAD) ** 2).sum()
        + (((depths - DEPTH) / DEPTH_SPREAD) ** 2).sum()
    )
