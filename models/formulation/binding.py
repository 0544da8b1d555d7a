"""What stands in the way of a recipe."""

from dataclasses import dataclass
from typing import Literal

BindingKind = Literal["room", "content", "mixture", "stock", "transfer", "tips", "volume", "several"]
"""What may bind: wells and supplies; the content of every stock, or of every mixture; what is left of a
stock; the least transfer; tips; the volume of all stocks together; several of these at once."""


@dataclass(frozen=True)
class Binding:
    """One bound that stands in the way: without it alone the recipe could be made, or would come nearer."""

    kind: BindingKind
    """What binds."""
    names: tuple[str, ...]
    """The stocks or axes that it is about."""
    sentence: str
    """The same in words, with values and units."""
    is_enough: bool = False
    """True when the recipe could be made without this bound alone."""
    needed_ul: float | None = None
    """The least that must be left of the stock, or what would be transferred of it, uL."""
