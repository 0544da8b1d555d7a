"""Where an experiment may look: axes, what must hold between them, and a list when only some points exist."""

from collections.abc import Iterator
from math import inf
from typing import Self

import numpy as np
from pydantic import Field, ValidationInfo, field_validator, model_validator

from models.domain.axis import TOLERANCE, Axis, AxisKind
from models.domain.constraints import (
    Constraint,
    LinearConstraint,
    SumConstraint,
    clashes,
    limits_text,
)  # fmt: skip
from models.domain.feasibility import ask, load_feasible
from models.domain.frozen import Frozen
from models.domain.point import Point
from models.domain.region import Region
from models.domain.veto import Veto, veto_of

__all__ = ["Axis", "AxisKind", "LinearConstraint", "Point", "Region", "SearchSpace", "SumConstraint"]

SUM_TOLERANCE = TOLERANCE
"""How far a point may miss a bound or a total, relative to the axis' range or to the total's scale."""


class SearchSpace(Frozen):
    """All points that may be measured."""

    axes: tuple[Axis, ...] = Field(min_length=1)
    """The axes, in the order in which values are listed."""
    sums: tuple[SumConstraint, ...] = ()
    """Sums that every point obeys; no axis may stand in two of them."""
    linear: tuple[LinearConstraint, ...] = ()
    """Weighted sums that every point keeps within limits."""
    region: Region | None = None
    """The specimen's outline on two of the axes."""
    feasible: str | None = None
    """Name of a function that says which points can be had, ``module:function``."""
    candidates: tuple[Point, ...] = ()
    """When not empty: the only points that exist."""
    vetoed: tuple[Veto, ...] = Field(default=(), exclude=True)
    """What people forbid for the decision to come; it comes from the history, and is no part of the task."""

    @field_validator("axes")
    @classmethod
    def _names_are_unique(cls, axes: tuple[Axis, ...]) -> tuple[Axis, ...]:
        names = [axis.name for axis in axes]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"axis {name!r} is listed {names.count(name)} times; keep one")
        return axes

    @field_validator("candidates")
    @classmethod
    def _candidates_follow_the_axes(
        cls, candidates: tuple[Point, ...], known: ValidationInfo
    ) -> tuple[Point, ...]:
        """A record sorts names by letter: what is said of a point when it is read again must be the same."""
        names = [axis.name for axis in known.data.get("axes", ())]
        return tuple(point.in_order(names) for point in candidates)

    @model_validator(mode="after")
    def _constraints_can_hold(self) -> Self:
        seen: set[str] = set()
        for place, constraint in self.constraints.items():
            self._refuse_strange_names(place, constraint)
            if isinstance(constraint, SumConstraint):
                for name in constraint.axes:
                    if name in seen:
                        raise ValueError(f"axis {name!r} stands in two sums; merge or split the sums")
                    seen.add(name)
            self._refuse_unreachable(place, constraint)
        for clash in clashes(self.constraints):
            raise ValueError(clash)
        return self

    @model_validator(mode="after")
    def _region_lies_on_the_axes(self) -> Self:
        if self.region is None:
            return self
        names = self.region.axes
        if names[0] == names[1]:
            raise ValueError(f"the region names the axis {names[0]!r} twice; name two axes")
        for name, (least, most) in zip(names, self.region.bounds, strict=True):
            if name not in self.names or not self.axis(name).is_numeric:
                raise ValueError(
                    f"the region names {name!r}, which is no numeric axis; "
                    f"the numeric axes are {', '.join(a.name for a in self.axes if a.is_numeric)}"
                )
            axis = self.axis(name)
            if most < axis.low or least > axis.high:
                raise ValueError(
                    f"the region covers {name} from {least:g} to {most:g}, but the axis goes from "
                    f"{axis.low:g} to {axis.high:g} {axis.unit}; move one of them"
                )
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """Axis names, in order."""
        return tuple(axis.name for axis in self.axes)

    @property
    def constraints(self) -> dict[str, Constraint]:
        """Sums and linear constraints, by the name under which a campaign file has them: ``linear[1]``."""
        named: dict[str, Constraint] = {f"sums[{i}]": one for i, one in enumerate(self.sums)}
        return named | {f"linear[{i}]": one for i, one in enumerate(self.linear)}

    def axis(self, name: str) -> Axis:
        """The axis of that name."""
        return next(axis for axis in self.axes if axis.name == name)

    def objections(self, point: Point) -> list[str]:
        """Why a point may not be measured, in words; empty when it may."""
        missing = [name for name in self.names if name not in point.coordinates]
        if missing:
            return [f"no value for {', '.join(missing)}"]
        of_axes = [self.axis(name).objection(point.coordinates[name]) for name in self.names]
        found = [objection for objection in of_axes if objection is not None]
        if any(self.axis(name).is_numeric and name not in point.numbers for name in self.names):
            return found
        found += self._broken_constraints(point)
        if self.region is not None:
            x, y = (np.array([point[name]]) for name in self.region.axes)
            if not self.region.contains(x, y)[0]:
                place = ", ".join(f"{name} = {point[name]:g}" for name in self.region.axes)
                found.append(f"{place} is outside the region")
        veto = veto_of(point, self.vetoed, self.axes)
        if veto is not None:
            found.append(f"{point.text()} is vetoed: {veto.text()}")
        if self.feasible is not None and not found:  # it may rely on all the rest
            answer = ask(self.feasible, load_feasible(self.feasible), point.coordinates)
            found += [answer.objection] if answer.objection is not None else []
        return found

    def slack(self, constraint: Constraint) -> float:
        """How far a point may miss a limit, in the constraint's unit: a share of the largest of its terms."""
        parts = (abs(factor) * self.axis(name).magnitude for name, factor in constraint.weights.items())
        limits = (abs(limit) for limit in constraint.limits if abs(limit) < inf)
        return SUM_TOLERANCE * max(*limits, *parts)

    def _broken_constraints(self, point: Point) -> Iterator[str]:
        for constraint in self.constraints.values():
            value = sum(factor * point[name] for name, factor in constraint.weights.items())
            low, high = constraint.limits
            slack = self.slack(constraint)
            if not low - slack <= value <= high + slack:
                yield f"{constraint.expression()} = {value:g}, must be {limits_text(low, high)}"

    def _refuse_strange_names(self, place: str, constraint: Constraint) -> None:
        what = "a sum" if isinstance(constraint, SumConstraint) else place
        for name in constraint.weights:
            if name not in self.names:
                raise ValueError(
                    f"{what} names the axis {name!r}, which does not exist; "
                    f"the axes are {', '.join(self.names)}"
                )
            if not self.axis(name).is_numeric:
                raise ValueError(f"{what} names the axis {name!r}, which has names and no numbers; remove it")

    def _refuse_unreachable(self, place: str, constraint: Constraint) -> None:
        """Refuse a constraint that no point within the bounds of its axes obeys."""
        ends = [
            sorted((factor * self.axis(name).low, factor * self.axis(name).high))
            for name, factor in constraint.weights.items()
        ]
        least, most = sum(low for low, _ in ends), sum(high for _, high in ends)
        low, high = constraint.limits
        slack = self.slack(constraint)
        if most < low - slack or least > high + slack:
            what = "" if isinstance(constraint, SumConstraint) else f"{place}: "
            limit = "total" if isinstance(constraint, SumConstraint) else "limit"
            raise ValueError(
                f"{what}{constraint.expression()} must be {limits_text(low, high)}, but the bounds "
                f"only allow {least:g} to {most:g}; widen the bounds or change the {limit}"
            )
