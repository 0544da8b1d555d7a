"""A robot that is told by a campaign's deck: its stocks are those of the deck, and both agree on all else."""

from typing import TypeVar

from instruments.robot_deck import RobotDeck, RobotDeckSpec, RobotStockSpec
from models.domain.deck import DeckSpec, StockSpec
from models.domain.errors import BadInput
from models.formulation.amounts import positive, quantity
from models.formulation.deck import stock_volumes

Spec = TypeVar("Spec", bound=RobotDeckSpec)
SLACK_UL = 1e-6
"""By how much two volumes may differ and still be the same, uL."""


def with_stocks(spec: Spec, deck: DeckSpec | None) -> Spec:
    """What stands on a robot's deck, with the stocks of the campaign's where it names none itself.

    Raises
    ------
    BadInput
        When both name stocks, and not the same ones.
    """
    if deck is None:
        return spec
    stocks = {stock.name: _told(stock) for stock in deck.stocks}
    for name, stock in spec.stocks.items():
        if stock != stocks.get(name):
            raise BadInput(
                f"[instrument].stocks.{name}",
                "is not as under [[deck.stocks]]" if name in stocks else "is no stock of [deck]",
                "Remove [instrument.stocks]: with [deck] its stocks count",
            )
    return spec.model_copy(update={"stocks": stocks})


def _told(stock: StockSpec) -> RobotStockSpec:
    volume_ul, dead_ul = stock_volumes(stock)
    return RobotStockSpec(where=stock.where, volume_ul=volume_ul, dead_volume_ul=dead_ul)


def refuse_disagreement(robot: RobotDeck, deck: DeckSpec) -> None:
    """Refuse a deck of which the robot could not make a single sample as it is told.

    Raises
    ------
    BadInput
        When a well is none of its plates, or a volume is none that its pipettes take up.
    """
    _refuse_wells(robot, deck)
    sample_ul = positive(deck.sample_volume, "uL", "deck.sample_volume")
    least_ul, most_ul = min(p.least_ul for p in robot.pipettes), max(p.most_ul for p in robot.pipettes)
    if quantity(deck.min_transfer, "uL", "deck.min_transfer") < least_ul - SLACK_UL:
        raise BadInput(
            "deck.min_transfer",
            f"is {deck.min_transfer}, the finest pipette takes up {least_ul:g} uL or more",
            f'Write "{least_ul:g} uL", or mount a finer pipette',
        )
    told = deck.sample_volume if deck.max_transfer is None else deck.max_transfer
    step_ul = sample_ul if deck.max_transfer is None else positive(told, "uL", "deck.max_transfer")
    if min(step_ul, sample_ul) > most_ul + SLACK_UL:
        said = "is missing, so that up to" if deck.max_transfer is None else "is above what a pipette holds:"
        raise BadInput(
            "deck.max_transfer",
            f"{said} {told} would be pipetted at once, and at most {most_ul:g} uL can be",
            f'Write "{most_ul:g} uL"',
        )


def _refuse_wells(robot: RobotDeck, deck: DeckSpec) -> None:
    if isinstance(deck.wells, int):
        first, last = robot.wells[0], robot.wells[min(deck.wells, len(robot.wells)) - 1]
        raise BadInput(
            "deck.wells",
            f"is {deck.wells}, a count, but a robot must be told where",
            f'Name them: ["{first}", ..., "{last}"]',
        )
    sample_ul = positive(deck.sample_volume, "uL", "deck.sample_volume")
    for well in deck.wells:
        place = robot.place(well)
        if well not in robot.wells or place is None:
            raise BadInput(
                "deck.wells", f"{well!r} is no well of a plate", f"Use one such as {robot.wells[0]}"
            )
        if well in robot.spec.wells_used:
            raise BadInput("deck.wells", f"{well!r} is one of wells_used", "Remove it from one of both")
        if sample_ul > place.capacity_ul + SLACK_UL:
            raise BadInput(
                "deck.sample_volume", f"is {deck.sample_volume}, {well} holds {place.capacity_ul:g} uL",
                "Make smaller samples",
            )  # fmt: skip
