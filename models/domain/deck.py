"""What stands on the deck of a dispenser, as a campaign file says it: components, stocks, pipetting."""

from collections.abc import Iterable
from typing import Self

from pydantic import Field, field_validator, model_validator

from models.domain.frozen import Frozen

REST = "rest"
"""What a stock says of the component that fills it up."""
MOST_STOCKS = 10
"""Stocks of one deck at most: recipes are sought among all subsets of them."""


class ComponentSpec(Frozen):
    """One chemical that samples are made of."""

    name: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    """Name; an axis of the same name asks for its content."""
    density: str | None = None
    """Density of the pure component, such as ``1.05 g/mL``; needed wherever its volume counts."""
    molar_mass: str | None = None
    """Molar mass, such as ``288.4 g/mol``; needed where its content is a molarity."""


class StockSpec(Frozen):
    """One vessel of a solution that samples are made from."""

    name: str = Field(min_length=1)
    """Name, as sentences and the log call it."""
    holds: dict[str, str] = Field(min_length=1)
    """Content by component: ``0.2 g/g``, ``0.2 mL/mL``, ``150 mg/mL``, ``0.1 mol/L``, or, for one of them,
    ``rest``: what fills it up."""
    volume: str
    """What it holds at the start: ``20 mL``."""
    dead_volume: str = "0 mL"
    """What cannot be drawn from it: ``0.5 mL``."""
    where: str = Field(min_length=1)
    """Vessel or well: ``tube_rack/A1``."""
    density: str | None = None
    """Density of the solution; without it, volumes of components are taken to add up."""

    @field_validator("holds")
    @classmethod
    def _one_fills_up(cls, holds: dict[str, str]) -> dict[str, str]:
        fillers = [name for name, content in holds.items() if content.strip() == REST]
        if len(fillers) > 1:
            raise ValueError(f"{' and '.join(fillers)} are both {REST!r}; give the content of all but one")
        return holds


class DeckSpec(Frozen):
    """Everything that samples are made from and with."""

    components: tuple[ComponentSpec, ...] = Field(min_length=1)
    """The chemicals."""
    stocks: tuple[StockSpec, ...] = Field(min_length=1, max_length=MOST_STOCKS)
    """The solutions, ten at most."""
    sample_volume: str
    """Volume of one sample: ``1 mL``."""
    min_transfer: str = "20 uL"
    """The least that is pipetted of a stock; a stock is otherwise left out."""
    max_transfer: str | None = None
    """The most that is pipetted at once; more goes in several equal steps."""
    tips: int | None = Field(default=None, ge=1)
    """Count of fresh tips, one for each stock of a sample; not counted when left out."""
    wells: int | tuple[str, ...]
    """Free wells that samples are made in: how many, or their names."""
    rinse_volume: str = "0 mL"
    """What rinsing after one sample takes."""
    rinse_supply: str | None = None
    """What there is to rinse with; not counted when left out."""
    waste_room: str | None = None
    """What the waste can still take, of samples and of what rinsed; not counted when left out."""
    tolerance: str | dict[str, str] = "1 %"
    """Largest error of a composition that is accepted, for all axes or by axis: in the axis' unit, such as
    ``0.002 g/g``, or ``1 %`` of what is wanted (and never less than of a hundredth of the richest stock).
    Errors on several axes, each over its own tolerance, are added in squares."""
    relative_error: str = "1 %"
    """One standard deviation of what is pipetted, as a share of it."""
    absolute_error: str = "0.5 uL"
    """One standard deviation of each pipetting step besides."""
    overlap: bool = False
    """Whether the next sample is made while one is exposed: it is then chosen without what that one shows."""

    @model_validator(mode="after")
    def _names_and_places_are_unique(self) -> Self:
        _refuse_twice("component", (component.name for component in self.components))
        _refuse_twice("stock", (stock.name for stock in self.stocks))
        wells = () if isinstance(self.wells, int) else self.wells
        _refuse_twice("well", [stock.where for stock in self.stocks] + list(wells), "give each its own")
        return self

    @model_validator(mode="after")
    def _there_is_a_well(self) -> Self:
        if (self.wells if isinstance(self.wells, int) else len(self.wells)) < 1:
            raise ValueError("wells names none; give their names or how many there are")
        return self

    @model_validator(mode="after")
    def _stocks_hold_the_components(self) -> Self:
        known = [component.name for component in self.components]
        for stock in self.stocks:
            for name in stock.holds:
                if name not in known:
                    raise ValueError(
                        f"stock {stock.name!r} holds {name!r}, which is no component; "
                        f"add it to components, or use one of {', '.join(known)}"
                    )
        held = {name for stock in self.stocks for name in stock.holds}
        for name in known:
            if name not in held:
                raise ValueError(
                    f"component {name!r} is in no stock; add a stock that holds it, or remove it"
                )
        if isinstance(self.tolerance, dict):
            for name in self.tolerance:
                if name not in known:
                    raise ValueError(f"tolerance names {name!r}, which is no component; remove it")
        return self


def _refuse_twice(what: str, names: Iterable[str], remedy: str = "keep one") -> None:
    """Refuse names that stand in a list twice; blanks around them and their case do not tell them apart."""
    seen: set[str] = set()
    for name in names:
        plain = name.strip().casefold()
        if plain in seen:
            raise ValueError(f"{what} {name.strip()!r} is used twice; {remedy}")
        seen.add(plain)
