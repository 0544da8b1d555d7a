"""What a person forbids to measure: all points near one, from one decision on until another."""

from collections.abc import Iterable

from pydantic import Field

from models.domain.axis import TOLERANCE, Axis
from models.domain.frozen import Frozen
from models.domain.point import Coordinates, Point, value_text


class Veto(Frozen):
    """A box that nothing may be measured in."""

    request: int
    """Number of the request that it follows from."""
    who: str
    """The person."""
    why: str
    """The reason."""
    coordinates: Coordinates
    """Its middle, by axis name; an axis that is not named may have any value."""
    radius: float = Field(ge=0, le=1)
    """How far it reaches on each named axis, as a share of the axis' range; names must be equal."""
    since: int
    """`seq` of the first decision that obeys it."""
    until: int | None = None
    """`seq` of the first decision that need not obey it any more; None while it stands."""

    def is_in_force(self, seq: int) -> bool:
        """True when the decision of that number has to obey it."""
        return self.since <= seq and (self.until is None or seq < self.until)

    def covers(self, coordinates: Coordinates, axes: Iterable[Axis]) -> bool:
        """True when a point of the space lies in it."""
        return all(
            self._is_near(axis, coordinates[axis.name]) for axis in axes if axis.name in self.coordinates
        )

    def reach(self, axis: Axis) -> float:
        """How far it reaches on an axis, in the axis' unit."""
        return (self.radius + TOLERANCE) * axis.span

    def text(self) -> str:
        """For people: ``surfactant 0.2, water 0.7 within 0.05 of each axis' range, by A. Meyer: bubbles``."""
        place = ", ".join(f"{name} {value_text(value)}" for name, value in self.coordinates.items())
        around = f" within {self.radius:g} of each axis' range" if self.radius > 0 else ""
        return f"{place}{around}, by {self.who}: {self.why}"

    def _is_near(self, axis: Axis, value: float | str) -> bool:
        middle = self.coordinates[axis.name]
        if isinstance(value, str) or isinstance(middle, str):
            return value == middle
        return abs(value - middle) <= self.reach(axis)


def veto_of(point: Point | None, vetoes: Iterable[Veto], axes: Iterable[Axis]) -> Veto | None:
    """The first of some vetoes that covers a point; None where none does."""
    if point is None:
        return None
    known = tuple(axes)
    return next((veto for veto in vetoes if veto.covers(point.coordinates, known)), None)
