"""From a wanted composition to volumes: the recipe for it, or the nearest that can be made."""

from collections.abc import Mapping

from models.domain.errors import UnreachablePoint
from models.domain.recipe import Recipe
from models.formulation.deck import Deck
from models.formulation.explaining import explain
from models.formulation.limits import limits_of
from models.formulation.mixing import asked, recipe_within
from models.formulation.state import DeckState


def nearest_recipe(deck: Deck, state: DeckState, wanted: Mapping[str, float]) -> Recipe | None:
    """The recipe for a composition, or the nearest one that the stocks can still make.

    Parameters
    ----------
    deck
        The deck.
    state
        What is left on it.
    wanted
        Value by axis, in the axis' unit; values of other axes are not looked at.

    Returns
    -------
    Recipe or None
        None when no sample at all can be made of the stocks that are left.
    """
    return recipe_within(deck, asked(deck, wanted), limits_of(deck, state))


def find_recipe(deck: Deck, state: DeckState, wanted: Mapping[str, float]) -> Recipe:
    """The recipe for a composition, within its tolerance, from what is left.

    Raises
    ------
    UnreachablePoint
        When it cannot be made, with what stands in the way and the nearest recipe.
    """
    recipe = nearest_recipe(deck, state, wanted)
    if recipe is not None and recipe.is_accepted and not state.shortages(recipe):
        return recipe
    raise UnreachablePoint(explain(deck, state, wanted).text())
