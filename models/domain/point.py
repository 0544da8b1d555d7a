"""One place in a search space."""

from collections.abc import Mapping, Sequence

from models.domain.frozen import Frozen

Coordinates = Mapping[str, float | str]
"""Value on every axis by its name: a number, or the name of a categorical axis' level."""


class Point(Frozen):
    """One place in a search space."""

    coordinates: Coordinates
    """Value on every axis, by axis name: a number in its axis' unit, or the name of a categorical level."""
    sample: str | None = None
    """Name of the existing sample at this place, where only certain samples exist."""

    def __getitem__(self, axis: str) -> float:
        """Number on one axis.

        Raises
        ------
        TypeError
            When the axis is categorical: its level stands in `coordinates`.
        """
        value = self.coordinates[axis]
        if isinstance(value, str):
            raise TypeError(f"{axis} is {value!r}, which is the name of a level and no number")
        return value

    @property
    def numbers(self) -> dict[str, float]:
        """Value on every numeric axis, by axis name."""
        return {name: value for name, value in self.coordinates.items() if not isinstance(value, str)}

    @property
    def listed_as(self) -> str | tuple[tuple[str, float | str], ...]:
        """What tells it apart in a list: its sample's name, or its place where it has none."""
        return self.sample or tuple(sorted(self.coordinates.items()))

    def in_order(self, names: Sequence[str]) -> "Point":
        """The same place with these axes first, in this order: the order in which they are told."""
        order = [name for name in names if name in self.coordinates]
        if order == list(self.coordinates)[: len(order)]:
            return self
        others = [name for name in self.coordinates if name not in order]
        return self.model_copy(
            update={"coordinates": {name: self.coordinates[name] for name in order + others}}
        )

    def text(self) -> str:
        """Short form for people: ``surfactant 0.21, oil 0.30, cell kapton``."""
        place = ", ".join(f"{name} {value_text(value)}" for name, value in self.coordinates.items())
        return f"{self.sample} ({place})" if self.sample else place


def value_text(value: float | str) -> str:
    """A coordinate for people: four digits of a number, a name as it is."""
    return value if isinstance(value, str) else f"{value:.4g}"
