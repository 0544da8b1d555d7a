"""Recommend the next point: score what may be chosen, refine, and rank with the runners-up."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from models.domain.canonical import canonical_json
from models.domain.decision import Prediction, Reason
from models.domain.errors import FitFailed
from models.domain.scattering import Floats, Mask
from models.gp.acquisitions.cost import Cost
from models.gp.acquisitions.presence import Presence
from models.gp.acquisitions.worth import Together, Worth
from models.gp.design import is_away
from models.gp.encoding import Encoding
from models.gp.mind import Mind
from models.gp.pursuits.pursuit import Aim
from models.gp.search import climb

SEPARATION = 0.05
"""Runners-up lie at least this far apart, in scaled coordinates: near copies explain nothing."""
ROWS_PER_START = 600
"""A climb on more observations than half of this starts from one point only: its steps cost more."""


Explain = Callable[[tuple[Prediction, ...]], Reason]


@dataclass(frozen=True, eq=False)
class Open:
    """What may be chosen."""

    encoding: Encoding
    """The search space's; gradients are followed where it has no list of candidates."""
    pool: Floats
    """Columns of points of it, shape (n_pool, n_columns)."""
    is_open: Mask
    """Which of them may be chosen now, shape (n_pool,)."""
    shunned: Floats
    """Points at which a measurement failed or is under way, shape (n_shunned, n_columns): gradients do not
    lead back there."""


@dataclass(frozen=True)
class Ask:
    """What is asked of a recommendation."""

    n_ranked: int
    """How many points to return, the best first."""
    least_gain: float = 0.0
    """Smallest expected improvement worth a measurement, in standard deviations of the measured values, or
    for a target as a share of the distance that is left. Below it, the aim's `idle` chooses."""


@dataclass(frozen=True, eq=False)
class Choice:
    """One point, and what is thought of it."""

    columns: Floats
    """Scaled coordinates, shape (n_columns,)."""
    pool_row: int | None
    """Row of the pool that it is; None for a point found by following gradients."""
    expected: tuple[Prediction, ...]
    """What is expected there, the first as it is shown."""
    value: float
    """Acquisition value: gain, chance and cost together, a natural logarithm."""
    gain: float
    """What it is expected to gain, in the recommendation's `gain_unit`."""
    chance: float
    """Probability that a measurement there yields what is sought."""
    cost_s: float | None
    """How long it is expected to take, s; None where all take as long."""


@dataclass(frozen=True, eq=False)
class Recommendation:
    """The best point and its runners-up, by falling acquisition value."""

    choices: tuple[Choice, ...]
    """The points."""
    acquisition: str
    """Name of the acquisition."""
    gain_unit: str
    """Unit of the gains."""
    explain: Explain
    """Why a point is chosen, from what is expected of it."""
    state_json: str
    """The `MindState`, as canonical JSON."""
    is_idle: bool
    """True when so little could be gained anywhere that knowing more chose: then gains tell nothing apart."""

    @property
    def reason(self) -> Reason:
        """Why the first was chosen."""
        return self.explain(self.choices[0].expected)


def recommend(mind: Mind, open_: Open, ask: Ask, cost: Cost | None = None) -> Recommendation:
    """Rank what may be measured next.

    Parameters
    ----------
    mind
        What is believed, up to date; it watches the open pool.
    open_
        What may be chosen.
    ask
        How many, and from which gain on an improvement is worth a measurement.
    cost
        What each point costs, when points differ in that.

    Raises
    ------
    FitFailed
        When the acquisition is finite nowhere.
    """
    try:
        own = mind.own_aim()
        if own is not None:
            return _ranked(mind, own, open_, ask, cost)
    except FitFailed as error:
        found = _ranked(mind, mind.aim(), open_, ask, cost)
        return replace(found, explain=_noted(found.explain, error))
    return _ranked(mind, mind.aim(), open_, ask, cost)


def _noted(explain: Explain, error: FitFailed) -> Explain:
    """Reasons that also tell why an acquisition of one's own was not followed."""
    why = f"{str(error)[0].upper()}{str(error)[1:]}: the goal's own acquisition is used instead."

    def explain_both(expected: tuple[Prediction, ...]) -> Reason:
        reason = explain(expected)
        return reason.model_copy(update={"sentence": f"{why} {reason.sentence}"})

    return explain_both


def _ranked(mind: Mind, aim: Aim, open_: Open, ask: Ask, cost: Cost | None) -> Recommendation:
    """What an aim recommends."""
    gain = aim.worth
    others: list[Worth] = [Presence(belief) for belief in mind.presence.values()]
    others += [] if cost is None else [cost]
    values = _together(gain, others).watched()
    is_idle = aim.idle is not None and _is_exhausted(aim, values, open_.is_open, ask, cost)
    if is_idle and aim.idle is not None:
        gain = aim.idle
        values = _together(gain, others).watched()
    worth = _together(gain, others)
    values = np.where(open_.is_open, values, -np.inf)
    ends = _climb_best(worth, open_, values, mind.n_observations)
    if len(ends):
        values = np.concatenate([worth.at(ends), values])
    points = np.vstack([ends, open_.pool])
    ranked = _rank_apart(points, values, ask.n_ranked)
    choices = _choices(mind, aim, points[ranked], values[ranked], cost)
    rows = [i - len(ends) if i >= len(ends) else None for i in ranked]
    return Recommendation(
        choices=tuple(replace(choice, pool_row=row) for choice, row in zip(choices, rows, strict=True)),
        acquisition=worth.name,
        gain_unit=aim.gain_unit,
        explain=lambda expected: aim.explain(expected, is_idle),
        state_json=canonical_json(json.loads(mind.state.model_dump_json())),
        is_idle=is_idle,
    )


def _together(gain: Worth, others: list[Worth]) -> Worth:
    return Together(gain, *others) if others else gain


def _choices(mind: Mind, aim: Aim, points: Floats, values: Floats, cost: Cost | None) -> list[Choice]:
    """What is thought of points that were ranked."""
    gains = aim.gain(aim.worth.at(points))
    chances = np.ones(len(points))
    for belief in mind.presence.values():
        chances *= np.exp(Presence(belief).at(points))
    costs_s = [None] * len(points) if cost is None else cost.seconds(points).tolist()
    columns = (aim.expect(points), values.tolist(), gains.tolist(), chances.tolist(), costs_s)
    return [Choice(place, None, *row) for place, row in zip(points, zip(*columns, strict=True), strict=True)]


def _is_exhausted(aim: Aim, values: Floats, is_open: Mask, ask: Ask, cost: Cost | None) -> bool:
    """True when so little can be gained that knowing more is worth more."""
    if cost is not None:
        values = values - cost.watched()
    values = values[is_open]
    if len(values) == 0:
        return False
    return bool(np.exp(values.max()) < ask.least_gain * aim.unit_of_gain)


def _climb_best(worth: Worth, open_: Open, values: Floats, n_observations: int) -> Floats:
    """Where the gradients lead from the best of the pool; nowhere in a space that is a list of candidates."""
    encoding = open_.encoding
    if encoding.space.candidates or encoding.is_discrete.all():
        return open_.pool[:0]
    n_starts = max(1, min(worth.n_starts, ROWS_PER_START // max(n_observations, 1)))
    starts = _rank_apart(open_.pool, values, n_starts)
    ends = encoding.snap(climb(worth, encoding, open_.pool[starts]))
    return ends[encoding.is_allowed(ends) & is_away(ends, open_.shunned)]


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
