"""Why a composition cannot be made, in one or two plain sentences, each of which is true on its own."""

from collections.abc import Mapping
from dataclasses import dataclass

from models.domain.recipe import Recipe
from models.formulation.binding import Binding
from models.formulation.contents import content_bindings
from models.formulation.deck import Deck
from models.formulation.limits import ample_limits, limits_of
from models.formulation.mixing import asked, recipe_within
from models.formulation.shortfalls import volume_bindings
from models.formulation.state import DeckState

MOST_SENTENCES = 2
"""Sentences at most."""


@dataclass(frozen=True)
class Explanation:
    """Why a composition cannot be made, and what can be made in its place."""

    binds: tuple[Binding, ...]
    """What stands in the way, two at most; none when it can be made."""
    nearest: Recipe | None
    """The nearest recipe that the stocks can make; None when they make no sample at all."""

    @property
    def sentences(self) -> tuple[str, ...]:
        """What stands in the way, in words."""
        return tuple(bound.sentence for bound in self.binds)

    def text(self) -> str:
        """All of it, for people."""
        if not self.binds:
            return "it can be made"
        if any(bound.kind == "room" for bound in self.binds):
            return "; ".join(self.sentences)
        if self.nearest is None:
            return "; ".join([*self.sentences, "no sample can be made of what is left, refill the stocks"])
        made = ", ".join(f"{name} {value:.4g}" for name, value in self.nearest.made.items())
        return "; ".join([*self.sentences, f"the nearest that can be made is {made}"])


def explain(deck: Deck, state: DeckState, wanted: Mapping[str, float]) -> Explanation:
    """Why a composition cannot be made of what is left.

    Parameters
    ----------
    deck
        The deck.
    state
        What is left on it.
    wanted
        Value by axis, in the axis' unit.

    Returns
    -------
    Explanation
        What stands in the way, and the nearest recipe.
    """
    values, limits, pipetting = asked(deck, wanted), limits_of(deck, state), deck.pipetting
    nearest = recipe_within(deck, values, limits)
    rooms = state.shortages_of_room(pipetting.sample_ul, pipetting.rinse_ul)
    if rooms:
        return Explanation(tuple(Binding("room", (), said) for said in rooms[:MOST_SENTENCES]), nearest)
    if nearest is not None and nearest.is_accepted:
        return Explanation((), nearest)
    ample = recipe_within(deck, values, ample_limits(deck))
    if ample is None or not ample.is_accepted:
        binds = content_bindings(deck, values)
    else:
        binds = volume_bindings(deck, values, limits, nearest)
    return Explanation(binds[:MOST_SENTENCES], nearest)
