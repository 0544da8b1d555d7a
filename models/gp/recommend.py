"""Recommend the next point: score what may be chosen, refine, and rank with the runners-up."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from pydantic import ValidationError

from models.domain.campaign import ObjectiveSpec
from models.domain.canonical import canonical_json
from models.domain.errors import BadInput, FitFailed
from models.domain.frozen import Frozen
from models.domain.scattering import Floats, Mask
from models.gp.acquisitions.goals import Aim, aim_for
from models.gp.acquisitions.ignorance import Ignorance
from models.gp.acquisitions.presence import Presence
from models.gp.acquisitions.worth import Together, Worth
from models.gp.belief import Belief, Watch
from models.gp.design import is_away
from models.gp.encoding import Encoding
from models.gp.search import climb
from models.gp.state import BeliefState, fit_state
from models.gp.threads import use_one_thread
from models.gp.training import Training

SEPARATION = 0.05
"""Runners-up lie at least this far apart, in scaled coordinates: near copies explain nothing."""
PRESENCE_SIGMA = 0.1
"""Noise given to 'present' (1) and 'absent' (0) when their chance is learned by regression."""
ROWS_PER_START = 600
"""A climb on more observations than half of this starts from one point only: its steps cost more."""


@dataclass(frozen=True, eq=False)
class Knowledge:
    """What has been learned so far, in scaled coordinates."""

    training: Training
    """Where the feature was measured, and what it was."""
    presence: Training | None
    """Where a curve had it (1) and where one had not (0), in the order of measurement; None when all had
    it."""


@dataclass(frozen=True, eq=False)
class Open:
    """What may be chosen."""

    encoding: Encoding
    """The search space's; gradients are followed where it has no list of candidates."""
    pool: Floats
    """Columns of points of it, shape (n_pool, n_columns)."""
    is_open: Mask
    """Which of them may be chosen now, shape (n_pool,)."""
    failed: Floats
    """Points at which a measurement failed, shape (n_failed, n_columns): gradients do not lead back there."""


@dataclass(frozen=True)
class Ask:
    """What is asked of a recommendation."""

    n_ranked: int
    """How many points to return, the best first."""
    least_gain: float = 0.0
    """Smallest expected improvement worth a measurement, in standard deviations of the measured values, or
    for a target as a share of the distance that is left. Below it, the point is sought at which the model
    knows least."""


class MindState(Frozen):
    """All that is needed to compute a recommendation again, besides the observations."""

    belief: BeliefState | None = None
    """About the feature."""
    presence: BeliefState | None = None
    """About whether a curve has it; None where all had it."""


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
    acquisition: str
    """Name of the acquisition."""
    incumbent: float | None
    """Posterior mean at the measured point believed to be best, in the feature's unit; None without a
    best."""
    state_json: str
    """The `MindState`, as canonical JSON."""


PoolFor = Callable[[int], Floats]
"""The pool that belongs to hyperparameters fitted to so many observations: a new fit looks at new points."""


@dataclass
class Mind:
    """What is believed, kept from one decision to the next: a memory that may be lost without a trace."""

    belief: Belief | None = None
    """About the feature."""
    presence: Belief | None = None
    """About whether a curve has it."""
    is_pairwise: bool = field(default=False)
    """True when the aim asks for covariances between points."""

    def learn(self, knowledge: Knowledge, earlier: MindState | None, pool_for: PoolFor) -> int:
        """Bring what is believed up to date; to how many observations its hyperparameters were fitted.

        Parameters
        ----------
        knowledge
            What has been learned.
        earlier
            State behind the last decision that had one.
        pool_for
            The pool for a fit.

        Raises
        ------
        FitFailed
            When no model can be had from these observations.
        """
        use_one_thread()
        before = earlier or MindState()
        watch_for = self._watch(pool_for)
        self.belief = _up_to_date(self.belief, knowledge.training, before.belief, watch_for)
        pool = pool_for(self.belief.state.fitted_to)
        self.presence = (
            _up_to_date(self.presence, knowledge.presence, before.presence, lambda _: Watch(pool))
            if knowledge.presence is not None
            else None
        )
        return self.belief.state.fitted_to

    def recall(self, knowledge: Knowledge, state: MindState, pool_for: PoolFor) -> int:
        """Believe with a state on record as it is; to how many observations it was fitted."""
        use_one_thread()
        if state.belief is None:
            raise FitFailed("the state on record holds no belief")
        pool = pool_for(state.belief.fitted_to)
        self.belief = Belief(knowledge.training, state.belief, self._watch(pool_for)(state.belief.fitted_to))
        self.presence = None
        if knowledge.presence is not None and state.presence is not None:
            self.presence = Belief(knowledge.presence, state.presence, Watch(pool))
        return state.belief.fitted_to

    def _watch(self, pool_for: PoolFor) -> Callable[[int], Watch]:
        return lambda fitted_to: Watch(pool_for(fitted_to), is_pairwise=self.is_pairwise)

    @property
    def state(self) -> MindState:
        """What is believed, without the observations."""
        return MindState(
            belief=None if self.belief is None else self.belief.state,
            presence=None if self.presence is None else self.presence.state,
        )


def _up_to_date(
    kept: Belief | None, training: Training, earlier: BeliefState | None, watch_for: Callable[[int], Watch]
) -> Belief:
    """The belief that follows from the observations and the earlier state, whether one was kept or not."""
    belief = None
    if earlier is not None and earlier.fitted_to <= len(training.values):
        watch = watch_for(earlier.fitted_to)
        if kept is not None and kept.state == earlier and kept.is_of(training, watch):
            kept.learn(training)
            belief = kept
        else:
            belief = Belief(training, earlier, watch)
    if belief is None or belief.is_fit_due:
        state = fit_state(training, earlier)
        belief = Belief(training, state, watch_for(state.fitted_to))
    return belief


def read_state(state_json: str) -> MindState:
    """The state in a decision on record.

    Raises
    ------
    BadInput
        When it is not one of this model.
    """
    try:
        return MindState.model_validate_json(state_json)
    except ValidationError as error:
        first = error.errors()[0]
        raise BadInput(
            "model state",
            f"is not one of this model ({'.'.join(map(str, first['loc']))}: {first['msg']})",
            "Use the release of Nightbeam that wrote it",
        ) from None


def recommend(mind: Mind, objective: ObjectiveSpec, open_: Open, ask: Ask) -> Recommendation:
    """Rank what may be measured next.

    Parameters
    ----------
    mind
        What is believed, up to date.
    objective
        What is sought.
    open_
        What may be chosen; the belief watches its pool.
    ask
        How many, and from which gain on an improvement is worth a measurement.

    Raises
    ------
    FitFailed
        When the acquisition is finite nowhere.
    """
    state, belief = mind.state, mind.belief
    if belief is None:
        raise FitFailed("nothing has been learned")
    aim = aim_for(objective, belief)
    worth = _where_present(aim.worth, mind.presence)
    values = worth.watched()
    if _is_exhausted(aim, values[open_.is_open], ask):
        worth = _where_present(Ignorance(belief), mind.presence)
        values = worth.watched()
    values = np.where(open_.is_open, values, -np.inf)
    ends = _climb_best(worth, open_, values, belief)
    if len(ends):
        values = np.concatenate([worth.at(ends), values])
    points = np.vstack([ends, open_.pool])
    ranked = _rank_apart(points, values, ask.n_ranked)
    means, sigmas = belief.predict(points[ranked])
    return Recommendation(
        unit_points=points[ranked],
        pool_rows=tuple(i - len(ends) if i >= len(ends) else None for i in ranked),
        means=means,
        sigmas=sigmas,
        values=values[ranked],
        acquisition=worth.name,
        incumbent=aim.incumbent,
        state_json=canonical_json(json.loads(state.model_dump_json())),
    )


def _is_exhausted(aim: Aim, values: Floats, ask: Ask) -> bool:
    """True when so little can be gained that knowing more is worth more."""
    if aim.unit_of_gain is None or len(values) == 0:
        return False
    return bool(np.exp(values.max()) < ask.least_gain * aim.unit_of_gain)


def _climb_best(worth: Worth, open_: Open, values: Floats, belief: Belief) -> Floats:
    """Where the gradients lead from the best of the pool; nowhere in a space that is a list of candidates."""
    encoding = open_.encoding
    if encoding.space.candidates or encoding.is_discrete.all():
        return open_.pool[:0]
    n_starts = max(1, min(worth.n_starts, ROWS_PER_START // len(belief.training.values)))
    starts = _rank_apart(open_.pool, values, n_starts)
    ends = encoding.snap(climb(worth, encoding, open_.pool[starts]))
    return ends[encoding.is_allowed(ends) & is_away(ends, open_.failed)]


def _where_present(worth: Worth, presence: Belief | None) -> Worth:
    """Add the chance that the feature exists: a curve without it teaches nothing of it."""
    return worth if presence is None else Together(worth, Presence(presence))


def _rank_apart(points: Floats, values: Floats, n_ranked: int) -> list[int]:
    """Rows by falling value, leaving out those nearer than `SEPARATION` to one ranked before."""
    if not np.isfinite(values).any():
        raise FitFailed("the acquisition is not finite anywhere")
    ranked: list[int] = []
    for row in np.argsort(-values, kind="stable"):
        if not np.isfinite(values[row]):
            continue
        gaps = np.linalg.norm(points[ranked] - points[row], axis=1)
        if not ranked or gaps.min() > SEPARATION:
            ranked.append(int(row))
        if len(ranked) == n_ranked:
            break
    return ranked
