"""Bayesian optimisation: an even start, then the point of largest expected improvement."""

from pydantic import Field

from agent.strategy import space_filling
from agent.strategy.choices import Choices
from agent.strategy.problem import Problem
from models.domain.canonical import canonical_json, sha256_text
from models.domain.decision import Candidate, Decision, ModelState, Prediction, Reason
from models.domain.errors import FitFailed
from models.domain.frozen import Frozen
from models.domain.history import History


class Options(Frozen):
    """Keys of ``[strategy]`` with ``kind = "bayes"``."""

    initial: int = Field(default=8, ge=2)
    """Measurements of the even start, before a model is asked."""
    alternatives: int = Field(default=5, ge=0, le=50)
    """Runners-up that are logged with every decision."""
    least_gain: float = Field(default=0.01, ge=0)
    """Smallest expected improvement worth a measurement, in standard deviations of the measured values, or
    for a target as a share of the distance that is left. Below it, the next point is where the model knows
    least."""
    pool: int = Field(default=2048, ge=64, le=65_536)
    """Points that are scored before gradients are followed."""


def build(options: Options, problem: Problem) -> "Bayes":
    """Make the strategy."""
    return Bayes(options, problem)


class Bayes:
    """Gaussian process and expected improvement on one feature."""

    def __init__(self, options: Options, problem: Problem, state_json: str | None = None) -> None:
        """Keep the task, and the model state to use instead of a fit, if any."""
        self._options, self._problem, self._state_json = options, problem, state_json
        self._start = space_filling.build(space_filling.Options(), problem)

    def with_state(self, state_json: str) -> "Bayes":
        """The same strategy with the hyperparameters of a logged model state: it fits nothing."""
        return Bayes(self._options, self._problem, state_json)

    def propose(self, history: History) -> Decision:
        """The next point, with what the model expected of it and of the runners-up."""
        n_read = sum(1 for _ in history.accepted())
        if n_read < self._options.initial:
            decision = self._start.propose(history)
            if decision.kind == "stop":
                return decision
            reason = Reason(
                code="initial_design",
                sentence=f"Even start, {n_read + 1} of {self._options.initial}: "
                "farthest from all points so far.",
            )
            return decision.model_copy(update={"reason": reason})
        problem = self._problem
        seed = problem.seed_for(history)
        choices = Choices(problem.space, history, self._options.pool, seed)
        if choices.is_exhausted:
            return problem.stop(history, "exhausted", "Every sample that exists has been measured.")
        try:
            return self._suggest(history, choices)
        except FitFailed as error:
            reason = Reason(
                code="no_model", sentence=f"No model can be had ({error}); the space is filled instead."
            )
            return problem.measure(history, "fallback", choices.most_remote(), reason)

    def _suggest(self, history: History, choices: Choices) -> Decision:
        # torch takes seconds to load: only when it is used
        from agent.strategy.learned import learned, left_out
        from models.gp.recommend import IGNORANCE, Ask, recommend

        problem = self._problem
        knowledge = learned(problem.space, problem.objective, history)
        ask = Ask(1 + self._options.alternatives, self._options.least_gain, self._state_json)
        found = recommend(problem.space, problem.objective, knowledge, choices.pool, ask)
        candidates = tuple(
            Candidate(
                rank=rank,
                point=choices.point(found.pool_rows[rank], found.unit_points[rank]),
                prediction=Prediction(
                    mean=float(found.means[rank]), sigma=float(found.sigmas[rank]), unit=problem.unit
                ),
                acquisition_value=float(found.values[rank]),
                reject_code="lower_acquisition" if rank else None,
            )
            for rank in range(len(found.values))
        )
        training = knowledge.training
        model = ModelState(
            acquisition=found.acquisition,
            canonical_json=found.state_json,
            training_sha256=sha256_text(
                canonical_json([a.tolist() for a in (training.unit_points, training.values, training.sigmas)])
            ),
            left_out=left_out(problem.objective, history),
        )
        reason = self._explain(candidates[0].prediction, found.incumbent, found.acquisition == IGNORANCE)
        decision = problem.measure(history, "suggest", candidates[0].point, reason)
        return decision.model_copy(update={"candidates": candidates, "model": model})

    def _explain(self, expected: Prediction, incumbent: float, is_exploring: bool) -> Reason:
        objective = self._problem.objective
        unit = "" if self._problem.unit == "1" else f" {self._problem.unit}"
        expectation = f"{objective.feature} {expected.mean:.3g} ± {expected.sigma:.2g}{unit} expected"
        best = f"{incumbent:.3g}{unit} at the best point so far"
        if is_exploring:
            return Reason(
                code="exploration",
                sentence=f"Little can be gained on {best}; the model knows least here: {expectation}.",
            )
        aim = f" for a target of {objective.target:g}" if objective.target is not None else ""
        return Reason(
            code="expected_improvement",
            sentence=f"Largest expected improvement: {expectation}{aim}, against {best}.",
        )
