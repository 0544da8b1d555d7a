"""What is left on the deck, and what a recipe takes of it."""

from collections.abc import Iterator, Mapping

from models.domain.errors import UnreachablePoint
from models.domain.frozen import Frozen
from models.domain.recipe import Recipe, volume_text
from models.formulation.amounts import quantity
from models.formulation.deck import Deck, named_volumes

SLACK_UL = 1e-6
"""How far a recipe may go below what is left by rounding, uL."""


class DeckState(Frozen):
    """What is left on the deck. None where something is not counted."""

    left_ul: dict[str, float]
    """What each stock still holds, its dead volume with it, uL."""
    dead_ul: dict[str, float]
    """What cannot be drawn from each stock, uL."""
    wells: tuple[str, ...]
    """Free wells, the next one first."""
    tips: int | None = None
    """Fresh tips."""
    rinse_ul: float | None = None
    """What there is to rinse with, uL."""
    waste_ul: float | None = None
    """What the waste can still take, uL."""

    def drawable_ul(self, stock: str) -> float:
        """What can still be drawn from a stock, uL."""
        return max(self.left_ul[stock] - self.dead_ul[stock], 0.0)

    def counted(self) -> "Iterator[tuple[str, str, float]]":
        """Everything that is counted: its name, its unit, and how much is left, dead volume included."""
        for name, left in self.left_ul.items():
            yield f"stock {name}", "uL", left
        yield "wells", "1", float(len(self.wells))
        if self.tips is not None:
            yield "tips", "1", float(self.tips)
        if self.rinse_ul is not None:
            yield "rinse", "uL", self.rinse_ul
        if self.waste_ul is not None:
            yield "waste", "uL", self.waste_ul

    def less(self, taken: Mapping[str, float]) -> "DeckState":
        """What is left when so much is gone, by what it was taken of, as a recipe's `takes` names it."""
        gone = {name.removeprefix("well ") for name in taken if name.startswith("well ")}
        tips = None if self.tips is None else max(self.tips - round(taken.get("tips", 0.0)), 0)
        return self.model_copy(
            update={
                "left_ul": {
                    name: max(left - taken.get(f"stock {name}", 0.0), min(self.dead_ul[name], left))
                    for name, left in self.left_ul.items()
                },
                "wells": tuple(well for well in self.wells if well not in gone),
                "tips": tips,
                "rinse_ul": _less(self.rinse_ul, taken.get("rinse", 0.0)),
                "waste_ul": _less(self.waste_ul, taken.get("waste", 0.0)),
            }
        )

    def after(self, recipe: Recipe) -> "DeckState":
        """What is left after a recipe, made in the first free well.

        Raises
        ------
        UnreachablePoint
            When something is not enough, with what is left of it.
        """
        shortage = next(iter(self.shortages(recipe)), None)
        if shortage is not None:
            raise UnreachablePoint(shortage)
        return self.less(recipe.model_copy(update={"well": self.wells[0]}).takes())

    def shortages(self, recipe: Recipe) -> tuple[str, ...]:
        """What is not enough for a recipe, each in one sentence."""
        said = list(self.shortages_of_room(recipe.volume_ul, recipe.rinse_ul))
        if self.tips is not None and 0 < self.tips < recipe.n_tips:
            said.append(f"{self.tips} tips are left, the recipe takes {recipe.n_tips}; load a new rack")
        for name, volume in recipe.volumes_ul.items():
            if name not in self.left_ul:
                said.append(f"there is no stock {name!r} on the deck; put it there")
            elif volume > self.drawable_ul(name) + SLACK_UL:
                said.append(
                    f"stock {name} has {volume_text(self.drawable_ul(name))} left above its dead volume, "
                    f"{volume_text(volume)} are needed; refill it"
                )
        return tuple(said)

    def shortages_of_room(self, sample_ul: float, rinse_ul: float) -> tuple[str, ...]:
        """What is not enough for any sample of a size, stocks aside, each in one sentence."""
        said: list[str] = []
        if not self.wells:
            said.append("no well is left; load a new plate")
        if self.tips is not None and self.tips < 1:
            said.append("no tip is left; load a new rack")
        if self.rinse_ul is not None and self.rinse_ul < rinse_ul - SLACK_UL:
            said.append(
                f"{volume_text(self.rinse_ul)} are left to rinse with, {volume_text(rinse_ul)} are needed; "
                "refill it"
            )
        if self.waste_ul is not None and self.waste_ul < sample_ul + rinse_ul - SLACK_UL:
            said.append(
                f"the waste can take {volume_text(self.waste_ul)}, {volume_text(sample_ul + rinse_ul)} "
                "come of a sample; empty it"
            )
        return tuple(said)


def full_state(deck: Deck) -> DeckState:
    """What is on the deck before the first sample."""
    spec = deck.spec
    volumes: Mapping[str, tuple[float, float]] = named_volumes(spec)
    wells = spec.wells if not isinstance(spec.wells, int) else range(1, spec.wells + 1)
    return DeckState(
        left_ul={name: volumes[name][0] for name in deck.stocks},
        dead_ul={name: volumes[name][1] for name in deck.stocks},
        wells=tuple(map(str, wells)),
        tips=spec.tips,
        rinse_ul=None if spec.rinse_supply is None else quantity(spec.rinse_supply, "uL", "rinse_supply"),
        waste_ul=None if spec.waste_room is None else quantity(spec.waste_room, "uL", "waste_room"),
    )


def _less(left: float | None, used: float) -> float | None:
    return None if left is None else max(left - used, 0.0)
