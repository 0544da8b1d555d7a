"""What samples are made of, where little of it is left."""

from collections.abc import Iterator

from models.domain.campaign import CampaignSpec
from models.domain.history import History


def running_low(campaign: CampaignSpec, history: History, share: float) -> dict[str, str]:
    """A sentence for each thing of which little is left, by its name: ``soap``, ``stock soap``, ``tips``.

    Parameters
    ----------
    campaign
        What there was at first: on its deck, or in its stock.
    history
        What was taken since.
    share
        Up to which share of that is little.
    """
    return {
        name: f"{name} runs low: {max(left, 0.0):.3g} of {there:g}{unit} are left."
        for name, left, there, unit in _counted(campaign, history)
        if left <= share * there
    }


def _counted(campaign: CampaignSpec, history: History) -> Iterator[tuple[str, float, float, str]]:
    """What is counted: its name, what is left, what there was, and the unit with a blank before it."""
    if campaign.stock is not None:
        for name, left in campaign.stock.left(history).items():
            yield name, left, campaign.stock.amounts[name], ""
    if campaign.deck is not None:
        from agent.strategy.supply import the_deck
        from models.formulation.standing import left_of

        deck = the_deck(campaign.deck, campaign.axes)
        for name, unit, there, left in left_of(deck, history):
            yield name, left, there, "" if unit == "1" else f" {unit}"
