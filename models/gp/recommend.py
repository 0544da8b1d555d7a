"""Recommend the next point: fit, score what may be chosen, refine, and rank with the runners-up."""

import json
from dataclasses import dataclass

import numpy as np
import torch

from models.domain.campaign import ObjectiveSpec
from models.domain.canonical import canonical_json
from models.domain.errors import FitFailed
from models.domain.scattering import Floats
from models.domain.space import SearchSpace
from models.gp.acquisition import ExpectedImprovement
from models.gp.design import is_away
from models.gp.search import N_STARTS, Score, climb, score_pool
from models.gp.surrogate import Surrogate, Training, use_one_thread

SEPARATION = 0.05
"""Runners-up lie at least this far apart, in scaled coordinates: near copies explain nothing."""
IGNORANCE = "log_posterior_sigma"
"""Name of the acquisition that seeks the point at which the model knows least."""
LEAST_PRESENCE = 0.02
"""Smallest chance that a feature exists, so that no region is given up for ever."""
PRESENCE_SIGMA = 0.1
"""Noise given to 'present' (1) and 'absent' (0) when their chance is learned by regression."""


@dataclass(frozen=True, eq=False)
class Knowledge:
    """What has been learned so far, in scaled coordinates."""

    training: Training
    """Where the feature was measured, and what it was."""
    absent: Floats
    """Points whose curve did not have the feature, shape (n_absent, n_axes)."""
    failed: Floats
    """Points at which a measurement failed, shape (n_failed, n_axes): gradients do not lead back there."""


@dataclass(frozen=True)
class Ask:
    """What is asked of a recommendation."""

    n_ranked: int
    """How many points to return, the best first."""
    least_gain: float = 0.0
    """Smallest expected improvement worth a measurement, in standard deviations of the measured values, or
    for a target as a share of the distance that is left. Below it, the point is sought at which the model
    knows least."""
    state_json: str | None = None
    """State of an earlier `Recommendation`, whose hyperparameters are taken instead of a fit; None to fit."""


@dataclass(frozen=True, eq=False)
class Recommendation:
    """The best point and its runners-up, by falling acquisition value."""

    unit_points: Floats
    """Scaled coordinates, shape (k, n_axes)."""
    pool_rows: tuple[int | None, ...]
    """Row of the pool that each is; None for a point found by following gradients."""
    means: Floats
    """Posterior mean, shape (k,), in the feature's unit."""
    sigmas: Floats
    """Posterior standard deviation, shape (k,), in the feature's unit."""
    values: Floats
    """Acquisition value, shape (k,)."""
    incumbent: float
    """Posterior mean at the measured point believed to be best, in the feature's unit."""
    acquisition: str
    """Name of the acquisition."""
    state_json: str
    """All that is needed to compute it again, as canonical JSON."""


def fit_surrogate(training: Training, state_json: str | None = None) -> Surrogate:
    """The feature's model, fitted on one thread; `FitFailed` says why it cannot be had.

    Parameters
    ----------
    training
        What it learns from.
    state_json
        State whose hyperparameters are taken instead of a fit; `BadInput` when it is not one of this model.
    """
    use_one_thread()
    surrogate = Surrogate(training)
    if state_json is None:
        surrogate.fit()
    else:
        surrogate.load_hyperparameters(state_json)
    return surrogate


def recommend(
    space: SearchSpace, objective: ObjectiveSpec, knowledge: Knowledge, pool: Floats, ask: Ask
) -> Recommendation:
    """Rank what may be measured next.

    Parameters
    ----------
    space
        The search space; gradients are followed where it has no list of candidates.
    objective
        What is sought.
    knowledge
        What has been learned.
    pool
        Scaled coordinates of allowed points, shape (n_pool, n_axes).
    ask
        How many, and from which gain on an improvement is worth a measurement.

    Raises
    ------
    FitFailed
        When no model can be had from these observations.
    """
    surrogate = fit_surrogate(knowledge.training, ask.state_json)
    improvement = ExpectedImprovement(surrogate, objective, knowledge.training.unit_points)
    presence = _presence(knowledge, ask.state_json)
    score, name = _where_present(improvement, presence), improvement.name
    values = score_pool(score, pool)
    if np.exp(values.max()) < ask.least_gain * improvement.unit_of_gain:
        score, name = _where_present(_ignorance(surrogate), presence), IGNORANCE
        values = score_pool(score, pool)
    ends = _climb_best(score, space, pool, values)
    ends = ends[is_away(ends, knowledge.failed)]
    if len(ends):
        values = np.concatenate([score_pool(score, ends), values])
    points = np.vstack([ends, pool])
    ranked = _rank_apart(points, values, ask.n_ranked)
    means, sigmas = surrogate.predict(points[ranked])
    state = json.loads(surrogate.state_json()) | {
        "acquisition": {"name": name, "incumbent": improvement.incumbent},
        "presence": json.loads(presence.state_json()) if presence else None,
    }
    return Recommendation(
        unit_points=points[ranked],
        pool_rows=tuple(i - len(ends) if i >= len(ends) else None for i in ranked),
        means=means,
        sigmas=sigmas,
        values=values[ranked],
        incumbent=improvement.incumbent,
        acquisition=name,
        state_json=canonical_json(state),
    )


def _climb_best(score: Score, space: SearchSpace, pool: Floats, values: Floats) -> Floats:
    """Where the gradients lead from the best of the pool; nowhere in a space that is a list of candidates."""
    if space.candidates:
        return pool[:0]
    return climb(score, space, pool[np.argsort(-values, kind="stable")[:N_STARTS]])


def _ignorance(surrogate: Surrogate) -> Score:
    """Logarithm of the posterior standard deviation, in standard deviations of the training values."""
    return lambda unit_points: surrogate.standardised(unit_points)[1].log()


def _presence(knowledge: Knowledge, state_json: str | None) -> Surrogate | None:
    """The chance that the feature exists, learned by regression; None where every curve had it."""
    if len(knowledge.absent) == 0:
        return None
    found = knowledge.training.unit_points
    labels = np.concatenate([np.ones(len(found)), np.zeros(len(knowledge.absent))])
    training = Training(np.vstack([found, knowledge.absent]), labels, np.full(labels.size, PRESENCE_SIGMA))
    known = None if state_json is None else canonical_json(json.loads(state_json).get("presence") or {})
    return fit_surrogate(training, known)


def _where_present(score: Score, presence: Surrogate | None) -> Score:
    """Add the logarithm of the chance that the feature exists: a curve without it teaches nothing of it."""
    if presence is None:
        return score

    def weighted(unit_points: torch.Tensor) -> torch.Tensor:
        mean, _ = presence.standardised(unit_points)
        chance = (mean * presence.spread + presence.mean_value).clamp(LEAST_PRESENCE, 1.0)
        return score(unit_points) + chance.log()

    return weighted


def _rank_apart(points: Floats, values: Floats, n_ranked: int) -> list[int]:
    """Rows by falling value, leaving out those nearer than `SEPARATION` to one ranked before."""
    if not np.isfinite(values).any():
        raise FitFailed("the acquisition is not finite anywhere")
    ranked: list[int] = []
    for row in np.argsort(-values, kind="stable"):
        gaps = np.linalg.norm(points[ranked] - points[row], axis=1)
        if np.isfinite(values[row]) and (not ranked or gaps.min() > SEPARATION):
            ranked.append(int(row))
        if len(ranked) == n_ranked:
            break
    return ranked
