"""Points as columns of numbers from 0 to 1, and back: the one place that knows how. Loads no torch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from models.domain.axis import Axis
from models.domain.constraints import Constraint
from models.domain.feasibility import ask, load_feasible
from models.domain.point import Point
from models.domain.scattering import Floats, Mask
from models.domain.space import SearchSpace
from models.domain.veto import Veto

ROUNDING = 1e-9
"""How far a column may miss a bound, and what is told apart among candidates."""
WITHIN_SLACK = 0.5
"""Share of the slack of a constraint that is made use of, so that no rounding oversteps the rest."""

CanMake = Callable[[Mapping[str, Floats]], Mask]
"""Which of many points can be had, shape (n,), from their values by axis name, each of shape (n,)."""
Rows = tuple[Floats, Floats]
"""Linear rows A, shape (n_rows, n_columns), and their right-hand sides b, shape (n_rows,)."""


@dataclass(frozen=True, eq=False)
class Judged:
    """Which rows may be measured, and why the others may not."""

    is_allowed: Mask
    """Shape (n,)."""
    n_broken: int
    """Rows that break a bound or a constraint."""
    n_outside: int
    """Of the others, those outside the region, or of no candidate."""
    n_refused: int
    """Of the others, those that the feasibility function refuses."""
    complaint: str | None
    """What a feasibility function said last that is broken itself; None when it is not."""


class Encoding:
    """Points of one space as columns: numbers scaled to 0..1, a name as one column for each level.

    A numeric axis has one column, 0 at its lowest and 1 at its highest value; integers and ordinals keep
    their distances. A categorical axis has a column for each level, 1 for its own and 0 for the others.
    """

    def __init__(self, space: SearchSpace, can_make: CanMake | None = None) -> None:
        """Lay out the columns of a space.

        Parameters
        ----------
        space
            The space.
        can_make
            What further restricts it, for many points at once; None where nothing does.
        """
        self.space = space
        self.can_make = can_make
        """What further restricts it; None where nothing does."""
        self.slices: dict[str, slice] = {}
        """Columns of each axis, by its name."""
        n_columns = 0
        for axis in space.axes:
            width = len(axis.levels) or 1
            self.slices[axis.name] = slice(n_columns, n_columns + width)
            n_columns += width
        self.n_columns = n_columns
        """Count of columns."""
        self.bounds = np.array([[0.0] * n_columns, [1.0] * n_columns])
        """Smallest and largest value of each column, shape (2, n_columns); both 0 for a fixed axis."""
        self.is_discrete: Mask = np.zeros(n_columns, dtype=bool)
        """Columns that take certain values only, shape (n_columns,): gradients are not followed there."""
        for axis in space.axes:
            self.is_discrete[self.slices[axis.name]] = axis.is_discrete
            if axis.is_numeric and axis.span == 0:
                self.bounds[1, self.slices[axis.name]] = 0.0

    @property
    def column_names(self) -> tuple[str, ...]:
        """Name of each column: that of the axis, or ``axis=level`` for a level of a categorical one."""
        return tuple(
            name
            for axis in self.space.axes
            for name in ([f"{axis.name}={level}" for level in axis.levels] or [axis.name])
        )

    @cached_property
    def equalities(self) -> Rows:
        """Sums and linear equalities: rows A and totals b of ``A @ columns = b``; the largest entry is 1."""
        return self._rows(
            [(one, 1.0, one.limits[0]) for one in self._constraints if one.limits[0] == one.limits[1]]
        )

    @cached_property
    def inequalities(self) -> Rows:
        """Linear inequalities: rows A and limits b of ``A @ columns <= b``, without the bounds."""
        signed: list[tuple[Constraint, float, float]] = []
        for one in self._constraints:
            low, high = one.limits
            if low != high:
                signed += [(one, sign, end) for sign, end in ((1.0, high), (-1.0, low)) if np.isfinite(end)]
        return self._rows(signed)

    def encode(self, points: Sequence[Point]) -> Floats:
        """Columns of points, shape (n_points, n_columns); a value read off a device is not rounded."""
        columns = np.zeros((len(points), self.n_columns))
        for axis in self.space.axes:
            where = self.slices[axis.name]
            if axis.is_numeric:
                values = np.array([point[axis.name] for point in points], dtype=np.float64)
                columns[:, where.start] = (values - axis.low) / (axis.span or 1.0)
            else:
                places = [axis.levels.index(str(point.coordinates[axis.name])) for point in points]
                columns[np.arange(len(points)), where.start + np.array(places, dtype=np.int64)] = 1.0
        return columns

    def decode(self, columns: Floats) -> tuple[Point, ...]:
        """The points that columns stand for, shape (n_points, n_columns), rounded to what can be set."""
        values = self._values(columns)
        lists = [
            values[axis.name].tolist()
            if axis.is_numeric
            else [axis.levels[place] for place in values[axis.name].astype(np.int64).tolist()]
            for axis in self.space.axes
        ]
        names = self.space.names
        return tuple(
            Point(coordinates=dict(zip(names, row, strict=True))) for row in zip(*lists, strict=True)
        )

    def snap(self, columns: Floats) -> Floats:
        """The same columns with integers, ordinals and names rounded to what can be set."""
        snapped = columns.copy()
        for axis in self.space.axes:
            where = self.slices[axis.name]
            if not axis.is_numeric:
                snapped[:, where] = 0.0
                snapped[np.arange(len(columns)), where.start + columns[:, where].argmax(axis=1)] = 1.0
            elif axis.is_discrete:
                snapped[:, where.start] = _step(axis, _place(axis, columns[:, where.start]))
        return snapped

    def spread(self, shares: Floats) -> Floats:
        """Columns from even shares of every axis, shape (n, n_axes): each value that can be set as often."""
        columns = np.zeros((len(shares), self.n_columns))
        for share, axis in zip(shares.T, self.space.axes, strict=True):
            where = self.slices[axis.name]
            n_settings = axis.n_settings
            if n_settings is None:
                columns[:, where.start] = share if axis.span else 0.0
                continue
            place = np.minimum((share * n_settings).astype(np.int64), n_settings - 1)
            if axis.is_numeric:
                columns[:, where.start] = _step(axis, place)
            else:
                columns[np.arange(len(shares)), where.start + place] = 1.0
        return columns

    def is_allowed(self, columns: Floats) -> Mask:
        """Which rows, as they would be decoded, may be measured: everything is asked. Shape (n,)."""
        return self.judge(columns).is_allowed

    def judge(self, columns: Floats) -> Judged:
        """The same, with counts of why the others may not."""
        is_sound = np.all(np.abs(columns - 0.5) <= 0.5 + ROUNDING, axis=1) & self._obeys(columns)
        is_inside = is_sound & self._is_inside(columns)
        is_allowed, complaint = self._can_be_had(columns, is_inside)
        counts = [int(mask.sum()) for mask in (is_sound, is_inside, is_allowed)]
        n_broken, n_outside, n_refused = -np.diff([len(columns), *counts])
        return Judged(is_allowed, int(n_broken), int(n_outside), int(n_refused), complaint)

    @cached_property
    def _constraints(self) -> tuple[Constraint, ...]:
        return tuple(self.space.constraints.values())

    @cached_property
    def _candidate_keys(self) -> frozenset[bytes]:
        return frozenset(_keys(self.encode(self.space.candidates)))

    def _values(self, columns: Floats) -> dict[str, Floats]:
        """Values on every axis as they are decoded, by axis name; of a categorical axis the level's place."""
        found: dict[str, Floats] = {}
        for axis in self.space.axes:
            where = self.slices[axis.name]
            column = columns[:, where.start]
            if not axis.is_numeric:
                found[axis.name] = columns[:, where].argmax(axis=1).astype(np.float64)
            elif axis.values:
                found[axis.name] = np.array(axis.values)[_place(axis, column)]
            elif axis.is_discrete:
                found[axis.name] = (axis.low + _place(axis, column)).astype(np.float64)
            else:
                found[axis.name] = np.clip(axis.low + column * axis.span, axis.low, axis.high)
        return found

    def _obeys(self, columns: Floats) -> Mask:
        obeys: Mask = np.ones(len(columns), dtype=bool)
        if not self._constraints:
            return obeys
        values = self._values(columns)
        for constraint in self._constraints:
            total = sum(factor * values[name] for name, factor in constraint.weights.items())
            low, high = constraint.limits
            slack = WITHIN_SLACK * self.space.slack(constraint)
            obeys &= (total >= low - slack) & (total <= high + slack)
        return obeys

    def _is_inside(self, columns: Floats) -> Mask:
        is_inside = np.ones(len(columns), dtype=bool)
        if self.space.region is not None:
            values = self._values(columns)
            x, y = (values[name] for name in self.space.region.axes)
            is_inside &= self.space.region.contains(x, y)
        for veto in self.space.vetoed:
            is_inside &= ~self._is_in(veto, columns)
        if self.space.candidates:
            is_inside &= np.array([key in self._candidate_keys for key in _keys(columns)], dtype=bool)
        return is_inside

    def _is_in(self, veto: Veto, columns: Floats) -> Mask:
        """Which rows a veto covers, as they are decoded; on the safe side by rounding."""
        is_in: Mask = np.ones(len(columns), dtype=bool)
        values = self._values(columns)
        for axis in self.space.axes:
            middle = veto.coordinates.get(axis.name)
            if isinstance(middle, str):
                is_in &= values[axis.name] == (axis.levels.index(middle) if middle in axis.levels else -1)
            elif middle is not None:
                is_in &= np.abs(values[axis.name] - middle) <= veto.reach(axis) + ROUNDING * axis.span
        return is_in

    def _can_be_had(self, columns: Floats, is_inside: Mask) -> tuple[Mask, str | None]:
        """Ask the feasibility function, if there is one, about the rows that are inside."""
        is_allowed = is_inside.copy()
        if self.can_make is not None and is_inside.any():
            is_allowed[is_inside] = self.can_make(self._values(columns[is_inside]))
        name = self.space.feasible
        if name is None:
            return is_allowed, None
        feasible, complaint = load_feasible(name), None
        rows = np.flatnonzero(is_allowed)
        for row, point in zip(rows.tolist(), self.decode(columns[rows]), strict=True):
            answer = ask(name, feasible, point.coordinates)
            is_allowed[row] = answer.objection is None
            complaint = answer.objection if answer.is_broken else complaint
        return is_allowed, complaint

    def _rows(self, signed: list[tuple[Constraint, float, float]]) -> Rows:
        """Constraints in scaled coordinates, times a sign, with the end that bounds them."""
        rows, ends = np.zeros((len(signed), self.n_columns)), np.zeros(len(signed))
        for i, (constraint, sign, end) in enumerate(signed):
            parts = [(self.space.axis(name), factor) for name, factor in constraint.weights.items()]
            for axis, factor in parts:
                rows[i, self.slices[axis.name]] = sign * factor * axis.span
            ends[i] = sign * (end - sum(factor * axis.low for axis, factor in parts))
        largest = np.abs(rows).max(axis=1, initial=0.0)
        moves = largest > 0  # a constraint on axes without extent leaves nothing to choose
        return rows[moves] / largest[moves, np.newaxis], ends[moves] / largest[moves]


def _place(axis: Axis, column: Floats) -> NDArray[np.int64]:
    """Place of the nearest value that a discrete numeric axis can take; half way, the lower one."""
    if axis.values:
        steps = _step(axis, np.arange(len(axis.values), dtype=np.int64))
        return np.searchsorted((steps[1:] + steps[:-1]) / 2.0, column).astype(np.int64)
    return np.clip(np.ceil(column * axis.span - 0.5), 0, axis.span).astype(np.int64)


def _step(axis: Axis, place: NDArray[np.int64]) -> Floats:
    """Scaled value at a place among those that a discrete numeric axis can take."""
    if axis.values:
        return (np.array(axis.values)[place] - axis.low) / (axis.span or 1.0)
    return place.astype(np.float64) / (axis.span or 1.0)


def _keys(columns: Floats) -> list[bytes]:
    """A key for each row, the same for rows that differ by rounding alone (but for bad luck)."""
    return [row.tobytes() for row in np.round(columns / (10 * ROUNDING)).astype(np.int64)]
