"""When enough is known: a stop in place of one more measurement, decided from the record alone."""

from collections.abc import Iterator, Mapping
from math import hypot
from typing import TYPE_CHECKING

import numpy as np

from agent.ports import Strategy
from agent.strategy.costs import expected_times
from agent.strategy.problem import Problem
from models.domain.campaign import CampaignSpec
from models.domain.clock import SECONDS_PER_HOUR
from models.domain.decision import MEASURING_KINDS, Candidate, Decision, Reason
from models.domain.feature_goals import OnFeature
from models.domain.history import History
from models.domain.wording import in_unit

if TYPE_CHECKING:
    from models.gp.belief import Belief


class WithStops:
    """Ends a campaign whose next measurements are worth little, or whose best does not change any more.

    That a feature is known well enough over a region only who has the model can say: `known_well_enough`.
    """

    def __init__(self, strategy: Strategy, spec: CampaignSpec, problem: Problem) -> None:
        """Wrap a strategy."""
        self._strategy, self._rules, self._problem = strategy, spec.stop, problem

    def propose(self, history: History) -> Decision:
        """A stop when one is due, else what the strategy proposes."""
        reason = self._unchanged(history)
        if reason is not None:
            return self._problem.end(history, reason)
        decision = self._strategy.propose(history)
        reason = self._little_gain(history, decision)
        return decision if reason is None else self._problem.end(history, reason)

    def _unchanged(self, history: History) -> Reason | None:
        """Whether the best of all but the last measurements is as good as the best of all."""
        n, objective = self._rules.unchanged, self._problem.objective
        if n is None or not isinstance(objective, OnFeature):
            return None
        found = [
            (decision.seq, feature, float(objective.distance(feature.value)))
            for decision, observation in history.accepted()
            if (feature := observation.feature(objective.feature)) is not None
        ]
        if len(found) <= n:
            return None
        seq, best, far = min(found[:-n], key=lambda one: one[2])
        _, latest, near = min(found, key=lambda one: one[2])
        if far - near > hypot(best.sigma, latest.sigma):
            return None
        sentence = (
            f"The best value, {best.value:.4g}{in_unit(best.unit)} (decision {seq}), has not changed beyond "
            f"its noise in the last {n} measurements."
        )
        return Reason(code="unchanged", sentence=sentence)

    def _little_gain(self, history: History, decision: Decision) -> Reason | None:
        """Whether the choice at hand and the last ones before it were all expected to gain little."""
        rules = self._rules
        chosen = [one for one in self._chosen(history, decision) if one.expected_gain is not None]
        if len(chosen) < rules.patience or not decision.candidates:
            return None
        unit = decision.candidates[0].gain_unit or "1"
        gains = [one.expected_gain or 0.0 for one in chosen]
        plain_s = self._plain_s(history)
        seconds = [one.cost_s or plain_s for one in chosen]
        rates = [gain / second * SECONDS_PER_HOUR for gain, second in zip(gains, seconds, strict=True)]
        per_hour = "/h" if unit == "1" else f"{in_unit(unit)}/h"
        for code, limit, found, said in (
            ("little_gain", rules.least_gain, gains, in_unit(unit)),
            ("gain_below_cost", rules.least_gain_per_hour, rates, per_hour),
        ):
            if limit is not None and max(found) < limit:
                return Reason(code=code, sentence=_little_gain_text(max(found), limit, said, rules.patience))
        return None

    def _chosen(self, history: History, decision: Decision) -> list[Candidate]:
        """What was thought of the choice at hand and of those before it, as far as patience reaches."""
        earlier = _model_choices(history)
        before = [one for one, _ in zip(earlier, range(self._rules.patience - 1), strict=False)]
        return [*decision.candidates[:1], *before]

    def _plain_s(self, history: History) -> float:
        """How long a measurement is expected to take where all take as long, s."""
        times = expected_times(self._problem, history)
        return self._problem.exposure_s + times.prepare_s + times.load_s + times.readout_s


def known_well_enough(problem: Problem, beliefs: "Mapping[str, Belief]") -> Reason | None:
    """Why no further measurement is needed: the feature is known well over the region; None where not."""
    rules, quantity = problem.stop, problem.objective.quantity
    if rules.sigma is None:
        return None
    belief = beliefs[quantity]
    sigmas = belief.mixed(belief.watched())[1]
    reached = float(np.quantile(sigmas, rules.share, method="higher"))
    if reached > rules.sigma:
        return None
    unit = in_unit(problem.unit)
    where = "everywhere" if rules.share == 1.0 else f"in {100 * rules.share:g} % of the region"
    sentence = f"{quantity} is known to {reached:.2g}{unit} or better {where} (limit {rules.sigma:g}{unit})."
    return Reason(code="known", sentence=sentence)


def _little_gain_text(most: float, limit: float, unit: str, n: int) -> str:
    who = "the next measurement is" if n == 1 else f"this choice and the {n - 1} before it were"
    at_most = "" if n == 1 else "at most "
    return (
        f"Too little can be gained: {who} expected to gain {at_most}{most:.2g}{unit} (limit {limit:g}{unit})."
    )


def _model_choices(history: History) -> Iterator[Candidate]:
    """What was thought of each point that a model chose in place of an even start, the latest first.

    A measurement that no model chose, a person's or a second try, is passed over.
    """
    for decision in reversed(history.decisions):
        if decision.kind in MEASURING_KINDS and decision.candidates:
            yield decision.candidates[0]
