"""How long to expose: a longer exposure takes more of the doubt away, and more time."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from agent.strategy.costs import power_of_time
from agent.strategy.problem import Problem
from models.domain.decision import Prediction, Reason
from models.domain.history import History

if TYPE_CHECKING:
    from models.gp.acquisitions.cost import Cost
    from models.gp.mind import Mind
    from models.gp.recommend import Choice, Recommendation


@dataclass(frozen=True)
class Noise:
    """Variance of one observation of the feature that is sought, in its unit squared."""

    counted: float
    """Of counting statistics, at an exposure of 1 s: it falls as one over the exposure."""
    beyond: float
    """That no exposure takes away."""

    def share_removed(self, sigma: float, exposure_s: float) -> float:
        """Share of a variance sigma^2 that an observation of that exposure takes away, 0 to 1."""
        return sigma**2 / (sigma**2 + self.beyond + self.counted / exposure_s)


def counted_noise(history: History, feature: str) -> float | None:
    """Typical variance at an exposure of 1 s, by this campaign's own sigmas; None before any is known.

    Counts follow Poisson's law: the variance of what is read off them falls as one over the exposure.
    """
    found = [
        2.0 * np.log(read.sigma) + np.log(exposed_s)
        for _, observation in history.accepted()
        if (read := observation.feature(feature)) is not None
        and min(read.sigma, exposed_s := history.exposed_s(observation.seq)) > 0
    ]
    return float(np.exp(np.median(found))) if found else None


def exposed(
    problem: Problem, history: History, mind: "Mind", found: "Recommendation", cost: "Cost"
) -> "tuple[Recommendation, float]":
    """A recommendation with the exposure that makes each choice worth most, and that of the first, s.

    As it is, with the problem's own exposure, where there are none to choose from, or no sigmas yet.
    """
    quantity = problem.objective.quantity
    counted = counted_noise(history, quantity) if problem.exposures_s else None
    if counted is None:
        return found, problem.exposure_s
    beyond, belief = 0.0, mind.beliefs.get(quantity)
    if belief is not None:
        own = float(belief.weights @ belief.noise_variances())
        beyond = belief.state.scale.variance(own, at=float(np.median(belief.training.values)))
    judged = with_exposures(problem, found.choices, cost, Noise(counted, beyond))
    _, exposure_s = judged[0]
    said = f"Of the exposures, {exposure_s:g} s is worth most a second."

    def explain(expected: tuple[Prediction, ...]) -> Reason:
        reason = found.explain(expected)
        return reason.model_copy(update={"sentence": f"{reason.sentence} {said}"})

    return replace(found, choices=tuple(choice for choice, _ in judged), explain=explain), exposure_s


def with_exposures(
    problem: Problem, choices: "tuple[Choice, ...]", cost: "Cost", noise: Noise
) -> "tuple[tuple[Choice, float], ...]":
    """Each choice with the exposure that makes it worth most, s; the best first.

    A gain is taken to grow with the share of the variance at the place that the measurement takes away; the
    choices were ranked at the problem's own exposure.

    Parameters
    ----------
    problem
        The task: its exposures.
    choices
        Places, with what they are worth at the problem's own exposure.
    cost
        What they cost then.
    noise
        Of an observation.
    """
    judged: list[tuple[Choice, float]] = []
    for choice in choices:
        plain_s = float(cost.seconds(choice.columns[np.newaxis])[0])
        sigma = choice.expected[0].sigma
        shares = np.array([noise.share_removed(sigma, t) for t in (problem.exposure_s, *problem.exposures_s)])
        seconds = plain_s + np.array(problem.exposures_s) - problem.exposure_s
        gains = shares[1:] / max(shares[0], np.finfo(float).tiny)
        values = choice.value + np.log(gains) - power_of_time(problem) * np.log(seconds / plain_s)
        best = int(np.argmax(values))
        told = replace(
            choice,
            value=float(values[best]),
            gain=choice.gain * float(gains[best]),
            cost_s=float(seconds[best]),
        )
        judged.append((told, problem.exposures_s[best]))
    return tuple(sorted(judged, key=lambda one: -one[0].value))
