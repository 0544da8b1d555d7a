"""What must hold between axes: sums, linear equalities and inequalities."""

from collections.abc import Iterator, Mapping
from itertools import combinations
from math import inf
from typing import Self

from pydantic import Field, field_validator, model_validator

from models.domain.frozen import Frozen

SAME = 1e-9
"""Coefficients and limits that differ by less, relative to the largest, are the same."""


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

    @property
    def weights(self) -> dict[str, float]:
        """Factor of each axis, by axis name."""
        return dict.fromkeys(self.axes, 1.0)

    @property
    def limits(self) -> tuple[float, float]:
        """Smallest and largest value of the weighted sum."""
        return self.total, self.total

    def miss(self, coordinates: Mapping[str, float]) -> float:
        """How far a point is from the total, signed, in the axes' unit."""
        return sum(coordinates[name] for name in self.axes) - self.total

    def expression(self) -> str:
        """What is bounded: ``surfactant + water``."""
        return " + ".join(self.axes)

    def text(self) -> str:
        """The whole of it for people: ``surfactant + water = 1``."""
        return f"{self.expression()} = {self.total:g}"


class LinearConstraint(Frozen):
    """A weighted sum of axes that must stay within limits, or be exactly so much."""

    coefficients: dict[str, float] = Field(min_length=1)
    """Factor of each axis, by axis name; all other axes have 0."""
    low: float | None = None
    """Smallest value that the weighted sum may take; open when left out."""
    high: float | None = None
    """Largest value that the weighted sum may take; open when left out."""
    equals: float | None = None
    """What the weighted sum must be, in place of `low` and `high`."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        zeros = [name for name, factor in self.coefficients.items() if factor == 0]
        if zeros:
            raise ValueError(f"the coefficient of {zeros[0]!r} is 0; remove it")
        is_bounded = self.low is not None or self.high is not None
        if is_bounded == (self.equals is not None):
            raise ValueError(
                f"{self.expression()} needs low, high or both, or else equals; give one of these"
            )
        low, high = self.limits
        if low > high:
            raise ValueError(
                f"{self.expression()} has low = {low:g} above high = {high:g}; exchange them, or remove one"
            )
        return self

    @property
    def weights(self) -> dict[str, float]:
        """Factor of each axis, by axis name."""
        return self.coefficients

    @property
    def limits(self) -> tuple[float, float]:
        """Smallest and largest value of the weighted sum; infinite where it is open."""
        if self.equals is not None:
            return self.equals, self.equals
        return -inf if self.low is None else self.low, inf if self.high is None else self.high

    def expression(self) -> str:
        """What is bounded: ``a - 2 b``."""
        parts: list[str] = []
        for name, factor in self.coefficients.items():
            size = name if abs(factor) == 1 else f"{abs(factor):g} {name}"
            parts.append(f"{'-' if factor < 0 else '+'} {size}")
        text = " ".join(parts)
        return text[2:] if text.startswith("+ ") else f"-{text[2:]}"

    def text(self) -> str:
        """The whole of it for people: ``a - 2 b at least 1``."""
        low, high = self.limits
        if low == high:
            return f"{self.expression()} = {low:g}"
        return f"{self.expression()} {limits_text(low, high)}"


Constraint = SumConstraint | LinearConstraint


def limits_text(low: float, high: float) -> str:
    """Limits for people: ``1``, ``at least 1``, ``at most 2``, ``from 1 to 2``."""
    if low == high:
        return f"{low:g}"
    if high == inf:
        return f"at least {low:g}"
    return f"at most {high:g}" if low == -inf else f"from {low:g} to {high:g}"


def clashes(constraints: Mapping[str, Constraint]) -> Iterator[str]:
    """Pairs of constraints on the very same expression that repeat or exclude each other, in words.

    Parameters
    ----------
    constraints
        The constraints, by the name under which a user finds them: ``linear[1]``.
    """
    for (place, one), (other_place, other) in combinations(constraints.items(), 2):
        ratio = _ratio(one.weights, other.weights)
        if ratio is None:
            continue
        ends = sorted(limit * ratio for limit in other.limits)
        low, high = one.limits
        scale = SAME * max(1.0, *(abs(end) for end in (low, high, *ends) if abs(end) < inf))
        if ends[0] > high + scale or ends[1] < low - scale:
            yield (
                f"{other_place} ({other.text()}) contradicts {place} ({one.text()}): no point obeys both; "
                "change or remove one of them"
            )
        elif _same(low, ends[0], scale) and _same(high, ends[1], scale):
            yield f"{other_place} ({other.text()}) says the same as {place} ({one.text()}); remove one"


def _same(one: float, other: float, scale: float) -> bool:
    return one == other or abs(one - other) <= scale


def _ratio(one: Mapping[str, float], other: Mapping[str, float]) -> float | None:
    """By what `other` must be multiplied to be `one`; None when they are not parallel."""
    if set(one) != set(other):
        return None
    ratios = [one[name] / other[name] for name in one]
    is_parallel = all(abs(ratio - ratios[0]) <= SAME * abs(ratios[0]) for ratio in ratios)
    return ratios[0] if is_parallel else None
