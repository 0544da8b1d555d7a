"""What is supposed of points that are still being measured: draws that stand for all their outcomes."""

from copy import copy

import numpy as np
from scipy.special import ndtri

from models.domain.scattering import Floats
from models.gp.belief import Belief
from models.gp.hyperparameters import Standardised

FEWEST_DRAWS = 4
"""A belief of fewer members is there in copies: one outcome alone would be believed in."""


def suppose_draws(belief: Belief, points: Floats, seed: int) -> Belief:
    """The belief with points that are pending, each at a value drawn from what is expected there.

    Averaged over the members, an acquisition is then averaged over the outcomes ("fantasies", Snoek,
    Larochelle and Adams, NeurIPS 2012). The draws are stratified: for each point the members, in an order of
    its own, divide the distribution among them in proportion to their weights.

    Parameters
    ----------
    belief
        What is believed; it is left as it is.
    points
        Scaled coordinates, shape (n_points, d).
    seed
        Seed of the draws.
    """
    n_members = len(belief.weights)
    n_copies = -(-FEWEST_DRAWS // n_members)
    shares = np.tile(belief.weights, n_copies) / n_copies
    rng = np.random.default_rng(seed)
    draws = np.empty((len(shares), len(points)))
    for i in range(len(points)):
        order = rng.permutation(len(shares))
        upper = np.cumsum(shares[order])
        draws[order, i] = ndtri(np.clip(upper - 0.5 * shares[order], 0.0, 1.0))
    return _suppose(belief, points, draws)


def suppose_means(belief: Belief, points: Floats) -> Belief:
    """The belief with points that are pending, each at the value that is expected there.

    For goals that ask how uncertain everything is: the variance does not depend on the values.
    """
    return _suppose(belief, points, np.zeros((len(belief.weights), len(points))))


def _suppose(belief: Belief, points: Floats, draws: Floats) -> Belief:
    """The belief whose members took in points, one after the other: the values are drawn jointly.

    Parameters
    ----------
    belief
        What is believed.
    points
        Scaled coordinates, shape (n_points, d).
    draws
        How far each value lies from what is expected, in standard deviations, shape (n_copies * n_members,
        n_points).
    """
    n_copies = len(draws) // len(belief.weights)
    supposed = copy(belief)  # it goes on from here in the spare rows of the members, see `Member.fork`
    supposed.weights = np.tile(belief.weights, n_copies) / n_copies
    supposed.inflations = np.tile(belief.inflations, n_copies)
    if n_copies > 1:
        supposed.forget_doubts()
    supposed.members = [member.fork() for _ in range(n_copies) for member in belief.members]
    variances = np.exp(belief.log_known_variances(points))
    told: list[Standardised] = []
    for member, inflation, own in zip(supposed.members, supposed.inflations, draws, strict=True):
        values = np.empty(len(points))
        for i, point in enumerate(points):
            (mean,), (variance,) = member.predict(point[np.newaxis])
            values[i] = mean + own[i] * np.sqrt(inflation * variance + member.noise + variances[i])
            member.append(point, values[i], variances[i])
        told.append(Standardised(points, values, variances))
    supposed.supposed = told
    return supposed
