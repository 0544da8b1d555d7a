"""The whole strategy of a campaign: the one its file names, guarded, with stops, second tries and blanks."""

from agent.plugs import find_builder
from agent.ports import Strategy
from agent.setup.case import LoadTerms
from agent.setup.loading import leaves
from agent.setup.readjusting import WithSetup
from agent.strategy.ahead import DecidesAhead
from agent.strategy.checked import Checked
from agent.strategy.overlap import Overlaps, Plans, TakesPrepared
from agent.strategy.problem import Problem
from agent.strategy.recipes import WithRecipes
from agent.strategy.stops import WithStops
from agent.strategy.supply import supply_of, the_deck
from agent.strategy.upkeep import WithBlanks, WithRepeats
from agent.strategy.vetoes import WithVetoes
from models.domain.campaign import CampaignSpec
from models.domain.errors import BadInput
from models.domain.inputs import options_for

STRATEGIES = ("bayes", "space_filling", "random", "sobol", "grid")
"""Strategies that ship with Nightbeam: modules of `agent.strategy`."""


def build_strategy(spec: CampaignSpec, problem: Problem) -> Strategy:
    """Build what proposes every decision of a campaign.

    Parameters
    ----------
    spec
        The campaign file in force.
    problem
        The task.

    Raises
    ------
    BadInput
        When there is no such strategy, or it cannot propose.
    """
    chooser = build_chooser(spec, problem)
    checked = Checked(chooser, spec.strategy.kind, problem.space)
    if spec.deck is not None and spec.deck.overlap:
        plans = Plans(_kept(checked, spec, problem), told(problem, spec))
        return Overlaps(_kept(TakesPrepared(checked, plans), spec, problem), plans)
    strategy = _kept(checked, spec, problem)
    if spec.setup is not None or spec.load is not None:
        return strategy
    return DecidesAhead(strategy) if getattr(chooser, "is_ahead", False) else strategy


def _kept(strategy: Strategy, spec: CampaignSpec, problem: Problem) -> Strategy:
    """A strategy with all that is done for it: vetoes, stops, second tries, blanks, set-ups, recipes."""
    strategy = WithVetoes(strategy, problem, supply_of(told(problem, spec)))
    strategy = WithStops(strategy, spec, problem)
    load = _load_terms(spec, problem)
    strategy = WithRepeats(strategy, spec.measurement.attempts, problem, leaves(problem, spec.setup, load))
    if spec.measurement.blank is not None:
        where = None if spec.setup is None else next(iter(problem.configurations), None)
        strategy = WithBlanks(strategy, spec.measurement.blank, problem, where)
    if spec.setup is not None or load is not None:
        strategy = WithSetup(strategy, spec.setup, problem, spec.measurement.blank, load)
    if spec.deck is not None:
        strategy = WithRecipes(strategy, spec.deck, told(problem, spec))
    return strategy


def _load_terms(spec: CampaignSpec, problem: Problem) -> LoadTerms | None:
    """What loads are held against; None where nobody judges them."""
    if spec.load is None:
        return None
    deck = None if spec.deck is None else the_deck(spec.deck, problem.space.axes)
    return LoadTerms(spec.load, deck)


def build_chooser(spec: CampaignSpec, problem: Problem) -> Strategy:
    """The strategy that the campaign file names, with nothing around it.

    Raises
    ------
    BadInput
        When there is no such strategy, or it cannot propose.
    """
    build = find_builder(spec.strategy, "agent.strategy", STRATEGIES, "strategy")
    in_force = told(problem, spec)
    chooser: Strategy = build(options_for(build, spec.strategy.options, "strategy"), in_force)
    if not callable(getattr(chooser, "propose", None)):
        raise BadInput(
            "strategy.kind",
            f"is {spec.strategy.kind!r}, which returned a {type(chooser).__name__} that cannot propose",
            "Return an object with a method propose(history)",
        )
    return chooser


def told(problem: Problem, spec: CampaignSpec) -> Problem:
    """The task with what the campaign file in force says, which may have changed since it went on record."""
    return problem.model_copy(
        update={
            "stop": spec.stop, "stock": spec.stock, "deck": spec.deck, "n_planned": spec.budget.measurements,
            "hours_planned": spec.budget.hours,
        }
    )  # fmt: skip
