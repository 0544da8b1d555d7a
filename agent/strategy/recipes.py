"""A strategy that says with each sample what it is made of."""

from agent.ports import Strategy, is_unfinished
from agent.strategy.problem import Problem
from agent.strategy.supply import the_deck
from models.domain.decision import Decision, Reason
from models.domain.deck import DeckSpec
from models.domain.errors import UnreachablePoint
from models.domain.history import History
from models.formulation.recipes import find_recipe
from models.formulation.standing import state_after


class WithRecipes:
    """Finds the recipe for every sample that is to be made, from what is left on the deck."""

    def __init__(self, strategy: Strategy, deck: DeckSpec, problem: Problem) -> None:
        """Wrap a strategy."""
        self._strategy, self._problem = strategy, problem
        self._deck = the_deck(deck, problem.space.axes)

    def propose(self, history: History) -> Decision:
        """What the strategy proposes, with its recipe; an end where it cannot be made any more."""
        decision = self._strategy.propose(history)
        try:
            return self.equip(decision, history)
        except UnreachablePoint as error:
            said = f"The sample that comes next cannot be made: {str(error)[0].lower()}{str(error)[1:]}"
            return self._problem.end(history, Reason(code="stock", sentence=f"{said.rstrip('.')}."))

    def equip(self, decision: Decision, history: History) -> Decision:
        """A decision with the recipe for its sample, in the next free well; itself where none is made.

        Raises
        ------
        UnreachablePoint
            When it cannot be made of what is left.
        """
        point = decision.point
        if point is None or point.sample is not None or decision.kind == "setup":
            return decision
        state = state_after(self._deck, history)
        recipe = find_recipe(self._deck, state, point.numbers)
        placed = recipe.model_copy(update={"well": state.wells[0]})
        return decision.model_copy(update={"recipe": placed})

    def is_unfinished(self, history: History) -> bool:
        """True when the strategy wants the last sample once more."""
        return is_unfinished(self._strategy, history)
