"""One's own strategy: go where the feature may be best, counting uncertainty in one's favour."""

import numpy as np

from agent.strategy.choices import Choices
from agent.strategy.learned import learned
from agent.strategy.pool import gather_pool
from agent.strategy.problem import Problem
from models.domain.decision import Decision, Reason
from models.domain.feature_goals import OnFeature
from models.domain.frozen import Frozen
from models.domain.history import History
from models.gp.belief import form_belief
from models.gp.encoding import Encoding


class Options(Frozen):
    """Keys of [strategy] in the campaign file."""

    boldness: float = 2.0
    """Standard deviations that are counted in one's favour."""
    initial: int = 4
    """Measurements of the even start."""


def build(options: Options, problem: Problem) -> "Bold":
    """Make the strategy."""
    return Bold(options, problem)


class Bold:
    """Confidence bound (Srinivas et al., IEEE Trans. Inf. Theory 58 (2012) 3250)."""

    def __init__(self, options: Options, problem: Problem) -> None:
        """Keep the task."""
        self.options, self.problem, self.encoding = options, problem, Encoding(problem.space)

    def propose(self, history: History) -> Decision:
        """The next decision, a function of the history alone."""
        problem = self.problem
        pool = gather_pool(self.encoding, 256, problem.seed_for(history))
        choices = Choices(self.encoding, history, pool)
        if choices.is_exhausted:
            return problem.stop(history, "exhausted", choices.why_exhausted)
        if sum(1 for _ in history.accepted()) < self.options.initial:
            reason = Reason(code="even_start", sentence="Even start.")
            return problem.measure(history, "initial_design", choices.most_remote(), reason)
        objective = problem.objective
        assert isinstance(objective, OnFeature)  # goals that are about one feature
        training = learned(self.encoding, objective, history).features[objective.feature]
        mean, sigma = form_belief(training).predict(pool.columns)
        hope = objective.distance(mean) - self.options.boldness * sigma
        row = int(np.where(choices.is_open, hope, np.inf).argmin())
        reason = Reason(
            code="confidence_bound",
            sentence=f"{mean[row]:.3g} ± {sigma[row]:.2g} {problem.unit} is the most that can be hoped for.",
        )
        return problem.measure(history, "suggest", choices.point(row, pool.columns[row]), reason)
