"""Bayesian optimisation: an even start, then the point whose measurement is worth most."""

from typing import TYPE_CHECKING

from pydantic import Field

from agent.strategy import space_filling
from agent.strategy.choices import Choices, vetoed_text
from agent.strategy.costs import expected_times, seconds_power
from agent.strategy.even_start import EvenStart
from agent.strategy.explanation import told_in_full, why_it_lost
from agent.strategy.exposure import exposed
from agent.strategy.pool import Pool, gather_pool
from agent.strategy.problem import Problem
from agent.strategy.stops import known_well_enough
from agent.strategy.supply import supply_of
from models.domain.binding import limits_at
from models.domain.decision import Candidate, Decision, ModelState, Reason
from models.domain.errors import BadInput, FitFailed, NightbeamError
from models.domain.frozen import Frozen
from models.domain.history import History
from models.domain.objective import Own
from models.domain.own_parts import OWN_PART
from models.domain.scattering import Floats
from models.domain.seeds import derive_seed
from models.gp.encoding import Encoding

if TYPE_CHECKING:
    from models.gp.knowledge import Knowledge
    from models.gp.library.own_acquisition import OwnAcquisition
    from models.gp.mind import Mind, MindState
    from models.gp.recommend import Choice, Recommendation

MOST_PAIRWISE = 512
"""Points of a pool whose covariances with each other are kept."""


FEWEST_READ = 2
"""With fewer outcomes there is nothing to learn from, however many are awaited."""


class Options(Frozen):
    """Keys of ``[strategy]`` with ``kind = "bayes"``."""

    initial: int = Field(default=8, ge=2)
    """Measurements of the even start, before a model is asked."""
    alternatives: int = Field(default=5, ge=0, le=50)
    """Runners-up that are logged with every decision."""
    least_gain: float = Field(default=0.003, ge=0)
    """Smallest expected improvement worth a measurement, in standard deviations of the measured values, or
    for a target as a share of the distance that is left. Below it, the next point is where the model knows
    least."""
    ahead: bool = False
    """Whether each decision is made while the one before it is measured, whose outcome it does not know then:
    no time is lost between measurements, at the price of some knowledge."""
    pool: int = Field(default=1024, ge=64, le=65_536)
    """Points that are scored before gradients are followed; at most 512 where a map or a level is sought."""
    kernel: str | None = Field(default=None, pattern=OWN_PART)
    """A kernel of one's own for GPyTorch, ``module:function``: from the names of the scaled columns to a
    `gpytorch.kernels.Kernel`."""
    acquisition: str | None = Field(default=None, pattern=OWN_PART)
    """An acquisition of one's own for BoTorch, ``module:function``: from (model, context) to an
    `AcquisitionFunction`; it takes the place of the goal's own."""


def build(options: Options, problem: Problem) -> "Bayes":
    """Make the strategy, and try what a user brings to it."""
    # torch takes seconds to load: only when it is asked for
    if options.kernel is not None:
        from models.gp.library.kernels import check_kernel

        check_kernel(options.kernel, Encoding(problem.space).column_names)
    if options.acquisition is not None:
        _own_acquisition(options.acquisition, problem).check()
    return Bayes(options, problem)


class Bayes:
    """Gaussian processes on one feature, and what a measurement is worth under them."""

    def __init__(self, options: Options, problem: Problem, state_json: str | None = None) -> None:
        """Keep the task, and the model state to use instead of a fit, if any."""
        self._options, self._problem, self._state_json = options, problem, state_json
        self._encoding = Encoding(problem.space)
        self._start = space_filling.build(space_filling.Options(), problem)
        self._even_start = EvenStart(problem, self._encoding, options.initial)
        # mistakes in a goal of one's own are found before the night; for all others, what compiles takes a
        # second to load, and only when it is used
        self._mind = self._form_mind() if isinstance(problem.objective, Own) else None
        self._pools: dict[int, Pool] = {}
        self.is_ahead = options.ahead
        """Whether each decision is made while the one before it is measured."""

    def with_state(self, state_json: str) -> "Bayes":
        """The same strategy with the hyperparameters of a logged model state: it fits nothing."""
        return Bayes(self._options, self._problem, state_json)

    def propose(self, history: History) -> Decision:
        """The next point, with what the model expected of it and of the runners-up."""
        n_read = sum(1 for _ in history.accepted())
        n_begun = n_read + len(history.pending())
        if n_begun < self._options.initial or n_read < FEWEST_READ:
            return self._begin(history, n_begun)
        try:
            return self._suggest(history)
        except FitFailed as error:
            return self._fill(history, error)
        except Exception as error:
            objective = self._problem.objective
            if not isinstance(objective, Own) or isinstance(error, NightbeamError):
                raise
            said = " ".join(str(error).split())  # one's own code may raise anything: it is no reason to end
            broken = f"the goal {objective.goal} raised {type(error).__name__}: {said}"
            return self._fill(history, FitFailed(broken))

    def _begin(self, history: History, n_begun: int) -> Decision:
        """The even start: laid out beforehand and toured where journeys take time, else the farthest next."""
        place = f", {n_begun + 1} of {self._options.initial}" if n_begun < self._options.initial else ""
        vetoed = vetoed_text(history)
        laid_out = self._even_start.next(history)
        if laid_out is not None:
            sentence = f"Even start{place}: the next on a short way round places far from each other.{vetoed}"
            reason = Reason(code="initial_design", sentence=sentence)
            return self._problem.measure(history, "initial_design", laid_out, reason)
        decision = self._start.propose(history)
        if decision.kind == "stop":
            return decision
        sentence = f"Even start{place}: farthest from all points so far.{vetoed}"
        return decision.model_copy(update={"reason": Reason(code="initial_design", sentence=sentence)})

    def _fill(self, history: History, error: FitFailed) -> Decision:
        """Without a model: the point farthest from all that were asked for."""
        problem = self._problem
        pool = gather_pool(self._encoding, self._options.pool, problem.seed_for(history))
        choices = Choices(self._encoding, history, pool, supply_of(problem))
        if choices.is_exhausted:
            return problem.end(history, choices.why_exhausted)
        reason = Reason(
            code="no_model", sentence=f"No model can be had ({error}); the space is filled instead."
        )
        return problem.measure(history, "fallback", choices.most_remote(), choices.noted(reason))

    def _suggest(self, history: History) -> Decision:
        from agent.strategy.learned import learned
        from models.gp.mind import read_state
        from models.gp.recommend import Ask, Open, recommend

        objective = self._problem.objective
        knowledge = learned(self._encoding, objective, history)
        if self._mind is None:
            self._mind = self._form_mind()
        if self._state_json is None:
            fitted_to = self._mind.learn(knowledge, _last_state(history), self._columns)
        else:
            fitted_to = self._mind.recall(knowledge, read_state(self._state_json), self._columns)
        choices = Choices(self._encoding, history, self._pool(fitted_to), supply_of(self._problem))
        if choices.is_exhausted:
            return self._problem.end(history, choices.why_exhausted)
        if (reason := known_well_enough(self._problem, self._mind.beliefs)) is not None:
            return self._problem.end(history, reason)
        ask = Ask(1 + self._options.alternatives, self._options.least_gain)
        open_ = Open(choices.encoding, choices.pool.columns, choices.is_open, choices.shunned)
        mind = self._mind
        if len(choices.pending):
            mind = mind.suppose(choices.pending, derive_seed(self._problem.seed, "pending", history.next_seq))
        times = expected_times(self._problem, history)
        power = seconds_power(self._problem, history)
        cost = times.cost(self._encoding, self._problem.exposure_s, choices.pool.columns, power)
        found = recommend(mind, open_, ask, cost if cost.varies else None)
        found, exposure_s = exposed(self._problem, history, mind, found, cost)
        decision = self._decide(history, choices, knowledge, found)
        return decision.model_copy(update={"exposure_s": exposure_s})

    def _form_mind(self) -> "Mind":
        """A mind that believes nothing yet, with the parts that a user brings."""
        from models.gp.makers import LibraryMaker
        from models.gp.mind import Mind

        kernel, acquisition = self._options.kernel, self._options.acquisition
        return Mind(
            self._problem.objective,
            None if kernel is None else LibraryMaker(kernel, self._encoding.column_names),
            None if acquisition is None else _own_acquisition(acquisition, self._problem),
        )

    def _pool(self, fitted_to: int) -> Pool:
        """Points to choose from while hyperparameters fitted to so many observations hold."""
        if fitted_to not in self._pools:
            seed = derive_seed(self._problem.seed, "pool", fitted_to)
            n_most = self._options.pool if self._problem.objective.has_best else MOST_PAIRWISE
            drawn = gather_pool(self._encoding, min(self._options.pool, n_most), seed)
            if len(drawn.columns) == 0:
                raise FitFailed(f"no point can be drawn: {drawn.account}")
            self._pools = {fitted_to: drawn}
        return self._pools[fitted_to]

    def _columns(self, fitted_to: int) -> Floats:
        return self._pool(fitted_to).columns

    def _decide(
        self, history: History, choices: Choices, knowledge: "Knowledge", found: "Recommendation"
    ) -> Decision:
        from agent.strategy.learned import left_out, sha256_of

        problem = self._problem
        candidates = tuple(
            self._candidate(rank, choice, found, choices) for rank, choice in enumerate(found.choices)
        )
        reason = told_in_full(found, candidates)
        model = ModelState(
            acquisition=found.acquisition,
            canonical_json=found.state_json,
            training_sha256=sha256_of(knowledge),
            left_out=left_out(problem.objective, history),
        )
        decision = problem.measure(history, "suggest", candidates[0].point, choices.noted(reason))
        return decision.model_copy(update={"candidates": candidates, "model": model})

    def _candidate(self, rank: int, choice: "Choice", found: "Recommendation", choices: Choices) -> Candidate:
        """What goes on record of a point that was considered."""
        first, *others = choice.expected
        if first.name == self._problem.objective.quantity:
            first = first.model_copy(update={"name": ""})  # it goes without saying
        point = choices.point(choice.pool_row, choice.columns)
        return Candidate(
            rank=rank,
            point=point,
            prediction=first,
            others=tuple(others),
            acquisition_value=choice.value,
            expected_gain=choice.gain,
            gain_unit=found.gain_unit,
            cost_s=choice.cost_s,
            chance=choice.chance,
            bound_by=limits_at(choices.encoding.space, point),
            reject_code="lower_acquisition" if rank else None,
            why=why_it_lost(choice, found) if rank else None,
        )


def _own_acquisition(name: str, problem: Problem) -> "OwnAcquisition":
    """An acquisition that a user brings. Loads torch."""
    from models.gp.library.own_acquisition import OwnAcquisition

    seed = derive_seed(problem.seed, "acquisition")
    return OwnAcquisition(name, problem.objective, Encoding(problem.space).column_names, seed)


def _last_state(history: History) -> "MindState | None":
    """The state behind the last decision that had one; None for the first, or where it is another model's."""
    from models.gp.mind import read_state

    model = next((d.model for d in reversed(history.decisions) if d.model is not None), None)
    try:
        return None if model is None else read_state(model.canonical_json)
    except BadInput:
        return None
