"""Where an experiment may look: axes, sums that must hold, and a list when only some points exist."""

from collections.abc import Mapping
from math import ulp
from typing import Self

from pydantic import Field, field_validator, model_validator

from models.domain.frozen import Frozen

SUM_TOLERANCE = 1e-6
"""How far a point may miss a bound or a total, relative to the axis' range or to the total's scale."""


class Axis(Frozen):
    """One thing that can be set: a fraction, a temperature, a stage position."""

    name: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    """Name, as the instrument and the log call it."""
    low: float
    """Smallest value that may be asked for, in `unit`."""
    high: float
    """Largest value that may be asked for, in `unit`."""
    unit: str = "1"
    """Unit of the values; ``1`` for a pure number."""

    @model_validator(mode="after")
    def _bounds_leave_room(self) -> Self:
        if self.high < self.low:
            raise ValueError(
                f"axis {self.name!r} has low = {self.low:g} above high = {self.high:g} {self.unit}; "
                "exchange them or widen the range"
            )
        return self

    @property
    def span(self) -> float:
        """Width of the range, in `unit`."""
        return self.high - self.low

    @property
    def magnitude(self) -> float:
        """Largest absolute value that may be asked for, in `unit`: the scale of rounding errors."""
        return max(abs(self.low), abs(self.high))


class Point(Frozen):
    """One place in a search space."""

    coordinates: dict[str, float]
    """Value on every axis, by axis name, each in its axis' unit."""
    sample: str | None = None
    """Name of the existing sample at this place, where only certain samples exist."""

    def __getitem__(self, axis: str) -> float:
        """Value on one axis."""
        return self.coordinates[axis]

    def text(self) -> str:
        """Short form for people: ``surfactant 0.21, oil 0.30``."""
        place = ", ".join(f"{name} {value:.4g}" for name, value in self.coordinates.items())
        return f"{self.sample} ({place})" if self.sample else place


class SumConstraint(Frozen):
    """Axes whose values must add up to a total, as the fractions of a mixture do."""

    axes: tuple[str, ...] = Field(min_length=2)
    """Names of the axes that are added."""
    total: float = 1.0
    """What they must add up to, in the unit that the axes share."""

    @field_validator("axes")
    @classmethod
    def _axes_are_added_once(cls, axes: tuple[str, ...]) -> tuple[str, ...]:
        for name in axes:
            if axes.count(name) > 1:
                raise ValueError(f"the sum names the axis {name!r} twice; keep one")
        return axes

    def miss(self, coordinates: Mapping[str, float]) -> float:
        """How far a point is from the total, signed, in the axes' unit."""
        return sum(coordinates[name] for name in self.axes) - self.total


class SearchSpace(Frozen):
    """All points that may be measured."""

    axes: tuple[Axis, ...] = Field(min_length=1)
    """The axes, in the order in which values are listed."""
    sums: tuple[SumConstraint, ...] = ()
    """Sums that every point obeys; no axis may stand in two of them."""
    candidates: tuple[Point, ...] = ()
    """When not empty: the only points that exist."""

    @field_validator("axes")
    @classmethod
    def _names_are_unique(cls, axes: tuple[Axis, ...]) -> tuple[Axis, ...]:
        names = [axis.name for axis in axes]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"axis {name!r} is listed {names.count(name)} times; keep one")
        return axes

    @model_validator(mode="after")
    def _sums_can_hold(self) -> Self:
        seen: set[str] = set()
        for constraint in self.sums:
            for name in constraint.axes:
                if name not in self.names:
                    raise ValueError(
                        f"a sum names the axis {name!r}, which does not exist; "
                        f"the axes are {', '.join(self.names)}"
                    )
                if name in seen:
                    raise ValueError(f"axis {name!r} stands in two sums; merge or split the sums")
                seen.add(name)
            parts = [self.axis(name) for name in constraint.axes]
            least, most = sum(a.low for a in parts), sum(a.high for a in parts)
            slack = self._slack(constraint)
            if not least - slack <= constraint.total <= most + slack:
                raise ValueError(
                    f"{' + '.join(constraint.axes)} must be {constraint.total:g}, but the bounds "
                    f"only allow {least:g} to {most:g}; widen the bounds or change the total"
                )
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Axis names, in order."""
        return tuple(axis.name for axis in self.axes)

    def axis(self, name: str) -> Axis:
        """The axis of that name."""
        return next(axis for axis in self.axes if axis.name == name)

    def objections(self, point: Point) -> list[str]:
        """Why a point may not be measured, in words; empty when it may."""
        found: list[str] = []
        missing = [name for name in self.names if name not in point.coordinates]
        if missing:
            return [f"no value for {', '.join(missing)}"]
        for axis in self.axes:
            value = point[axis.name]
            slack = SUM_TOLERANCE * axis.span + ulp(axis.magnitude)
            if not axis.low - slack <= value <= axis.high + slack:
                found.append(f"{axis.name} = {value:g} {axis.unit} is outside {axis.low:g} to {axis.high:g}")
        for constraint in self.sums:
            miss = constraint.miss(point.coordinates)
            if abs(miss) > self._slack(constraint):
                found.append(
                    f"{' + '.join(constraint.axes)} = {constraint.total + miss:g}, "
                    f"must be {constraint.total:g}"
                )
        return found

    def _slack(self, constraint: SumConstraint) -> float:
        """How far a point may miss a total, in the axes' unit; a total of 0 takes its scale from the axes."""
        parts = (self.axis(name).magnitude for name in constraint.axes)
        return SUM_TOLERANCE * max(abs(constraint.total), *parts)
