"""What can be set: a number in a range, a whole number, one of a few numbers, or one of a few names."""

from collections.abc import Mapping
from math import isfinite, ulp
from typing import Any, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from models.domain.frozen import Frozen

TOLERANCE = 1e-6
"""How far a value may miss a bound or a step, relative to the axis' range."""

AxisKind = Literal["continuous", "integer", "ordinal", "categorical"]
KEYS_OF = {
    "continuous": ("low", "high"),
    "integer": ("low", "high"),
    "ordinal": ("values",),
    "categorical": ("levels",),
}
"""What an axis of each kind is given by."""


def _keys_by_kind() -> list[dict[str, Any]]:
    """The same for the JSON schema: each kind asks for its own keys."""
    rules: list[dict[str, Any]] = []
    for kind, keys in KEYS_OF.items():
        is_kind: dict[str, Any] = {"properties": {"kind": {"const": kind}}}
        if kind != "continuous":
            is_kind["required"] = ["kind"]
        rules.append({"if": is_kind, "then": {"required": list(keys)}})
    return rules


class Axis(Frozen):
    """One thing that can be set: a fraction, a temperature, a stage position, a solvent."""

    model_config = ConfigDict(json_schema_extra={"allOf": _keys_by_kind()})  # pyright: ignore[reportArgumentType]

    name: str = Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    """Name, as the instrument and the log call it."""
    kind: AxisKind = "continuous"
    """``continuous``: any number from `low` to `high`. ``integer``: a whole one. ``ordinal``: one of
    `values`, whose distances mean something. ``categorical``: one of `levels`, which are only different."""
    low: float = 0.0
    """Smallest value that may be asked for, in `unit`; follows from `values`, and is 0 for names."""
    high: float = 0.0
    """Largest value that may be asked for, in `unit`; follows from `values`, and is 0 for names."""
    values: tuple[float, ...] = ()
    """The values of an ordinal axis, increasing, in `unit`."""
    levels: tuple[str, ...] = ()
    """The names of a categorical axis, as the device takes them."""
    unit: str = "1"
    """Unit of the values; ``1`` for a pure number."""

    @model_validator(mode="before")
    @classmethod
    def _range_follows_from_kind(cls, given: Any) -> Any:
        if not isinstance(given, Mapping):
            return given
        axis: dict[str, Any] = dict(given)
        kind = axis.get("kind", "continuous")
        needed = KEYS_OF.get(kind, ()) if isinstance(kind, str) else ()
        for key in needed:
            if key not in axis:
                raise ValueError(
                    f"axis {axis.get('name')!r} is {kind} and has no {key}; give {' and '.join(needed)}"
                )
        numbers = axis.get("values")
        if kind == "ordinal" and isinstance(numbers, list | tuple) and numbers:
            axis = {"low": numbers[0], "high": numbers[-1]} | axis
        return axis

    @model_validator(mode="after")
    def _keys_fit_the_kind(self) -> Self:
        own = KEYS_OF[self.kind]
        foreign = [key for key in ("values", "levels") if getattr(self, key) and key not in own]
        ends = {"ordinal": (self.values[:1], self.values[-1:]), "categorical": ((0.0,), (0.0,))}
        if self.kind in ends and ((self.low,), (self.high,)) != ends[self.kind]:
            foreign = ["low and high"] if getattr(self, own[0]) else []
        if foreign:
            raise ValueError(
                f"axis {self.name!r} is {self.kind}, which has no {foreign[0]} of its own; "
                f"give {' and '.join(own)} alone, or change kind"
            )
        return self

    @model_validator(mode="after")
    def _something_can_be_set(self) -> Self:
        if self.high < self.low and self.kind != "ordinal":
            raise ValueError(
                f"axis {self.name!r} has low = {self.low:g} above high = {self.high:g} {self.unit}; "
                "exchange them or widen the range"
            )
        if self.kind == "integer" and not (self.low.is_integer() and self.high.is_integer()):
            raise ValueError(
                f"axis {self.name!r} is integer, but goes from {self.low:g} to {self.high:g}; "
                'give whole numbers, or kind = "continuous"'
            )
        if self.kind in ("ordinal", "categorical"):
            self._refuse_bad_settings(self.values if self.kind == "ordinal" else self.levels)
        return self

    def _refuse_bad_settings(self, settings: tuple[float, ...] | tuple[str, ...]) -> None:
        """Refuse a list that is empty, names something twice, or has values out of order."""
        key = KEYS_OF[self.kind][0]
        if not settings:
            raise ValueError(f"axis {self.name!r} has no {key}; list at least one")
        for one in settings:
            if settings.count(one) > 1:  # pyright: ignore[reportArgumentType]
                raise ValueError(f"axis {self.name!r} lists {one!r} twice among its {key}; keep one")
        if "" in settings:
            raise ValueError(f"axis {self.name!r} has a level without a name; name it")
        if self.values != tuple(sorted(self.values)):
            raise ValueError(f"axis {self.name!r} has values that do not increase; sort them")

    @property
    def is_numeric(self) -> bool:
        """True when its values are numbers."""
        return self.kind != "categorical"

    @property
    def is_discrete(self) -> bool:
        """True when only certain values can be asked for."""
        return self.kind != "continuous"

    @property
    def n_settings(self) -> int | None:
        """Count of the values that can be asked for; None for a continuum."""
        if self.kind == "continuous":
            return None
        return int(self.span) + 1 if self.kind == "integer" else len(self.values) or len(self.levels)

    @property
    def span(self) -> float:
        """Width of the range, in `unit`."""
        return self.high - self.low

    @property
    def magnitude(self) -> float:
        """Largest absolute value that may be asked for, in `unit`: the scale of rounding errors."""
        return max(abs(self.low), abs(self.high))

    def range_text(self) -> str:
        """What may be asked for, for people: ``20 to 60 degC``, ``one of kapton, mica``."""
        unit = "" if self.unit == "1" else f" {self.unit}"
        if self.kind == "categorical":
            return f"one of {', '.join(self.levels)}"
        if self.kind == "ordinal":
            return f"one of {', '.join(f'{value:g}' for value in self.values)}{unit}"
        whole = ", whole numbers" if self.kind == "integer" else ""
        return f"{self.low:g} to {self.high:g}{unit}{whole}"

    def objection(self, value: float | str) -> str | None:
        """Why a value may not be asked for, in words; None when it may."""
        if not self.is_numeric:
            return None if value in self.levels else f"{self.name} = {value!r} is not {self.range_text()}"
        if isinstance(value, str) or not isfinite(value):
            return f"{self.name} = {value!r} is no number; it must be {self.range_text()}"
        slack = TOLERANCE * self.span + ulp(self.magnitude)
        if not self.low - slack <= value <= self.high + slack:
            return f"{self.name} = {value:g} {self.unit} is outside {self.low:g} to {self.high:g}"
        if self.is_discrete:
            miss = min(abs(value - one) for one in self.values) if self.values else abs(value - round(value))
            if miss > slack:
                return f"{self.name} = {value:g} is not {self.range_text()}"
        return None
