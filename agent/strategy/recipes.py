"""A strategy that says with each sample what it is made of, and takes the next best where it cannot be."""

from agent.ports import Strategy, is_unfinished
from agent.strategy.choices import Choices
from agent.strategy.pool import gather_pool
from agent.strategy.problem import Problem
from agent.strategy.supply import OfDeck, the_deck
from models.domain.decision import MEASURING_KINDS, Decision, Reason
from models.domain.deck import DeckSpec
from models.domain.errors import UnreachablePoint
from models.domain.history import History
from models.domain.space import Point
from models.domain.veto import veto_of
from models.formulation.recipes import find_recipe
from models.formulation.standing import state_after
from models.gp.encoding import Encoding

N_POOL = 2048
"""Points that another one is chosen from."""
CODE = "cannot_be_made"
"""Code of the reason for taking another point."""


class WithRecipes:
    """Finds the recipe for every sample that is to be made, from what is left on the deck."""

    def __init__(self, strategy: Strategy, deck: DeckSpec, problem: Problem) -> None:
        """Wrap a strategy."""
        self._strategy, self._problem = strategy, problem
        self._deck = the_deck(deck, problem.space.axes)
        self._encoding = Encoding(problem.space)
        self._supply = OfDeck(self._deck, problem)

    def propose(self, history: History) -> Decision:
        """What the strategy proposes, with its recipe; the next best where it cannot be made.

        An end where nothing else can be made either, or where a blank cannot be.
        """
        decision = self._strategy.propose(history)
        try:
            return self.equip(decision, history)
        except UnreachablePoint as error:
            why = f"{str(error)[0].lower()}{str(error)[1:]}".rstrip(".")
        instead = self._next_best(decision, history, why) if decision.kind in MEASURING_KINDS else None
        if instead is not None:
            return instead
        said = f"The sample that comes next cannot be made: {why}."
        return self._problem.end(history, Reason(code="stock", sentence=said))

    def _next_best(self, decision: Decision, history: History, why: str) -> Decision | None:
        """The best of the other candidates that can be made, else the most remote point; None without any."""
        assert decision.point is not None
        lead = f"{decision.point.text()} was proposed and cannot be made ({why})"
        vetoes, axes = history.standing_vetoes, self._problem.space.axes
        for candidate in decision.candidates:
            if candidate.point != decision.point and veto_of(candidate.point, vetoes, axes) is None:
                said = f"{lead}: number {candidate.rank + 1} of its candidates is taken."
                found = self._instead(decision, history, candidate.point, said)
                if found is not None:
                    return found
        pool = gather_pool(self._encoding, N_POOL, self._problem.seed_for(history))
        choices = Choices(self._encoding, history, pool, self._supply)
        if choices.is_exhausted:
            return None
        said = choices.noted(Reason(code=CODE, sentence=f"{lead}: the space is filled instead.")).sentence
        return self._instead(decision, history, choices.most_remote(), said)

    def _instead(self, decision: Decision, history: History, point: Point, said: str) -> Decision | None:
        """Another point in place of one that was proposed; None where that cannot be made either."""
        other = self._problem.measure(history, "fallback", point, Reason(code=CODE, sentence=said))
        kept = {"setup": decision.setup, "exposure_s": decision.exposure_s}
        try:
            return self.equip(other.model_copy(update=kept), history)
        except UnreachablePoint:
            return None

    def equip(self, decision: Decision, history: History) -> Decision:
        """A decision with the recipe for its sample, in the next free well; itself where none is made.

        Raises
        ------
        UnreachablePoint
            When it cannot be made of what is left.
        """
        point = decision.point
        is_made = decision.kind == "setup" or decision.prepared is not None
        if point is None or point.sample is not None or is_made:
            return decision
        state = state_after(self._deck, history)
        recipe = find_recipe(self._deck, state, point.numbers)
        placed = recipe.model_copy(update={"well": state.wells[0]})
        return decision.model_copy(update={"recipe": placed})

    def is_unfinished(self, history: History) -> bool:
        """True when the strategy wants the last sample once more."""
        return is_unfinished(self._strategy, history)
