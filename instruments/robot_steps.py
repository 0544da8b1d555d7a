"""From transfers to what a pipette does, checked before anything moves: simulators accept nonsense."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from instruments.journal import Vial
from instruments.robot_deck import Pipette, RobotDeck
from models.domain.errors import UnreachablePoint
from models.domain.transfers import Transfer, Transfers

SLACK_UL = 1e-6
"""What rounding may add to a volume, uL."""
ABOVE_BOTTOM_MM, IMMERSED_MM = 1.0, 3.0
"""The tip stays so far above the bottom of a vessel, and is so far below the surface after a stroke, mm."""


@dataclass(frozen=True)
class Pipetting:
    """One stock into one well with one tip, in equal steps."""

    stock: str
    """Name of the stock."""
    tip: str
    """Where its tip is: ``tips/A1``."""
    source: str
    """Where the stock is."""
    well: str
    """Where it goes."""
    step_ul: float
    """Volume of each step, uL."""
    heights_mm: tuple[float, ...]
    """For each step, how far above the source's bottom it is taken up, mm: just below the surface."""


def plan_pipetting(deck: RobotDeck, wanted: Transfers, begun: Sequence[Vial]) -> tuple[Pipetting, ...]:
    """What the robot will do for a sample.

    Parameters
    ----------
    deck
        What stood there at the start of the campaign.
    wanted
        The transfers.
    begun
        All that was begun since, ended or not.

    Raises
    ------
    UnreachablePoint
        When a well, a stock, a volume or a tip does not allow it: nothing has moved.
    """
    _check_well(deck, wanted, begun)
    used = {tip for vial in begun for tip in vial.tips}
    steps: list[Pipetting] = []
    for transfer in wanted.transfers:
        _check_stock(deck, transfer, begun)
        pipette, n_steps = _split(deck, transfer)
        tip = next((tip for tip in pipette.tips if tip not in used), None)
        if tip is None:
            raise UnreachablePoint(
                f"{pipette.name} has 0 of {len(pipette.tips)} tips left, {transfer.stock} takes 1; put "
                "another box on the deck and name it behind the others in its tips."
            )
        used.add(tip)
        source, step_ul = deck.spec.stocks[transfer.stock].where, transfer.volume_ul / n_steps
        heights = _heights_mm(deck, source, deck.left_ul(transfer.stock, begun), (step_ul, n_steps))
        steps.append(Pipetting(transfer.stock, tip, source, wanted.well, step_ul, heights))
    return tuple(steps)


def _check_well(deck: RobotDeck, wanted: Transfers, begun: Sequence[Vial]) -> None:
    if wanted.well not in deck.wells:
        raise UnreachablePoint(f"{wanted.well!r} is no well of a plate; use one such as {deck.wells[0]}.")
    if wanted.well not in deck.free_wells(begun):
        holder = next((vial.sample for vial in begun if vial.well == wanted.well), "what was there before")
        raise UnreachablePoint(f"well {wanted.well} is not free: it holds {holder}; use a free well.")
    place = deck.place(wanted.well)
    capacity_ul = 0.0 if place is None else place.capacity_ul
    if wanted.volume_ul > capacity_ul + SLACK_UL:
        raise UnreachablePoint(
            f"{wanted.sample} has {wanted.volume_ul:.6g} uL, well {wanted.well} holds {capacity_ul:g} uL; "
            "make less of it."
        )


def _check_stock(deck: RobotDeck, transfer: Transfer, begun: Sequence[Vial]) -> None:
    spec = deck.spec.stocks.get(transfer.stock)
    if spec is None:
        raise UnreachablePoint(
            f"there is no stock {transfer.stock!r}; the deck has {', '.join(deck.spec.stocks)}."
        )
    drawable_ul = max(deck.left_ul(transfer.stock, begun) - spec.dead_volume_ul, 0.0)
    if transfer.volume_ul > drawable_ul + SLACK_UL:
        raise UnreachablePoint(
            f"stock {transfer.stock} has {drawable_ul:.6g} uL above its dead volume of "
            f"{spec.dead_volume_ul:g} uL, {transfer.volume_ul:.6g} uL are wanted; refill it and raise its "
            "volume_ul, or ask for less."
        )


def _split(deck: RobotDeck, transfer: Transfer) -> tuple[Pipette, int]:
    """The pipette that takes a transfer in the fewest steps, and how many; the finer one of two."""
    volume_ul = transfer.volume_ul
    fits: list[tuple[int, Pipette]] = []
    for pipette in deck.pipettes:
        n_steps = transfer.steps or max(math.ceil((volume_ul - SLACK_UL) / pipette.most_ul), 1)
        if pipette.least_ul - SLACK_UL <= volume_ul / n_steps <= pipette.most_ul + SLACK_UL:
            fits.append((n_steps, pipette))
    if fits:
        n_steps, pipette = min(fits, key=lambda fit: fit[0])
        return pipette, n_steps
    ranges = ", ".join(f"{p.name} {p.least_ul:g} to {p.most_ul:g} uL" for p in deck.pipettes)
    in_steps = "" if transfer.steps is None else f" in {transfer.steps} steps"
    raise UnreachablePoint(
        f"{volume_ul:.6g} uL of {transfer.stock}{in_steps} is outside what a pipette takes up at once "
        f"({ranges}); change the volume, or leave the stock out."
    )


def _heights_mm(
    deck: RobotDeck, source: str, left_ul: float, strokes: tuple[float, int]
) -> tuple[float, ...]:
    """Where each stroke is taken up: below what is left after it."""
    place, (step_ul, n_steps) = deck.place(source), strokes
    levels = [left_ul - (n + 1) * step_ul for n in range(n_steps)]
    heights = [0.0 if place is None else place.level_mm(level) - IMMERSED_MM for level in levels]
    return tuple(max(height, ABOVE_BOTTOM_MM) for height in heights)
