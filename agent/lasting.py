"""For how many samples what is on the deck lasts."""

from typing import TYPE_CHECKING

from models.domain.campaign import CampaignSpec

if TYPE_CHECKING:
    from models.domain.history import History

RATE = "the rate of samples spread over the space"
"""What a deck is foretold by before anything was made."""


def deck_lasts(spec: CampaignSpec, history: "History | None" = None) -> list[str]:
    """For how many samples what is on the deck lasts, what runs out first coming first.

    Parameters
    ----------
    spec
        The campaign.
    history
        What was made: its rate counts; without any, that of typical samples does.
    """
    from agent.strategy.rations import typical_recipes
    from agent.strategy.supply import the_deck
    from models.formulation.forecasting import forecast
    from models.formulation.standing import state_after
    from models.formulation.state import full_state

    if spec.deck is None:
        return []
    deck = the_deck(spec.deck, spec.axes)
    made = [] if history is None else [one.recipe for one in history.decisions if one.recipe is not None]
    if history is None or not made:
        found = forecast(full_state(deck), typical_recipes(deck, spec.space()), RATE)
    else:
        found = forecast(state_after(deck, history), made)
    return [one.sentence for one in found]
