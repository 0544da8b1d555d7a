"""Whether constraints leave anything at all, and which of them is the first that cannot hold."""

from collections.abc import Mapping

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from models.domain.constraints import Constraint, limits_text
from models.domain.errors import BadInput
from models.domain.scattering import Floats
from models.domain.space import SearchSpace


def refuse_infeasible(space: SearchSpace) -> None:
    """Refuse a space whose axes and constraints together leave no point.

    Parameters
    ----------
    space
        The space; its region and feasibility function are not looked at.

    Raises
    ------
    BadInput
        It names the first constraint that cannot hold together with those before it, and the range that its
        expression can reach.
    """
    before: dict[str, Constraint] = {}
    for place, constraint in space.constraints.items():
        if not _can_hold(space, before | {place: constraint}):
            raise BadInput(place, _contradiction(space, constraint, before), _remedy(before))
        before[place] = constraint


def _contradiction(space: SearchSpace, constraint: Constraint, before: Mapping[str, Constraint]) -> str:
    """What a constraint asks for, and what its expression can reach beside the others."""
    wanted = f"{constraint.expression()} must be {limits_text(*constraint.limits)}"
    beside = "the axes alone" if not before else f"the axes and {', '.join(before)}"
    weights = _weights(space, constraint)
    ends = [_extreme(space, before, sign * weights) for sign in (1.0, -1.0)]
    least, most = ends[0], -ends[1]
    low, high = constraint.limits
    if max(low, least) <= min(high, most):
        return f"{wanted}, which {beside} allow at no value that can be set"
    return f"{wanted}, but {beside} only allow {least:.4g} to {most:.4g}"


def _remedy(before: Mapping[str, Constraint]) -> str:
    return "Widen the axes, or change this constraint" + (" or one before it" if before else "")


def _can_hold(space: SearchSpace, constraints: Mapping[str, Constraint]) -> bool:
    return bool(np.isfinite(_extreme(space, constraints, _weights(space, None))))


def _extreme(space: SearchSpace, constraints: Mapping[str, Constraint], cost: Floats) -> float:
    """Smallest value of a weighted sum of the axes under some constraints; infinite when they cannot hold.

    An ordinal axis enters as one variable for each of its values, of which one is 1 and the others are 0.
    """
    low, high = _bounds(space)
    rows: list[Floats] = []
    limits: list[tuple[float, float]] = []
    for constraint in constraints.values():
        slack = space.slack(constraint) / 2.0
        rows.append(_weights(space, constraint))
        limits.append((constraint.limits[0] - slack, constraint.limits[1] + slack))
    for where in _choices(space):
        row = np.zeros(len(low))
        row[where] = 1.0
        rows.append(row)
        limits.append((1.0, 1.0))
    lows, highs = np.array(limits).reshape(len(rows), 2).T
    found = milp(
        cost,
        integrality=_integrality(space),
        bounds=Bounds(low, high),  # pyright: ignore[reportArgumentType]
        constraints=LinearConstraint(np.array(rows).reshape(len(rows), len(low)), lows, highs),  # pyright: ignore[reportArgumentType]
    )
    return float(found.fun) if found.fun is not None else np.inf


def _columns(space: SearchSpace) -> dict[str, slice]:
    """Variables of each numeric axis, by its name."""
    columns: dict[str, slice] = {}
    n_columns = 0
    for axis in space.axes:
        width = len(axis.values) or int(axis.is_numeric)
        columns[axis.name] = slice(n_columns, n_columns + width)
        n_columns += width
    return columns


def _choices(space: SearchSpace) -> list[slice]:
    columns = _columns(space)
    return [columns[axis.name] for axis in space.axes if axis.values]


def _weights(space: SearchSpace, constraint: Constraint | None) -> Floats:
    """Factor of each variable in a constraint; zeros for none."""
    columns = _columns(space)
    weights = np.zeros(max((where.stop for where in columns.values()), default=0))
    for name, factor in constraint.weights.items() if constraint is not None else ():
        axis = space.axis(name)
        weights[columns[name]] = factor * np.array(axis.values or [1.0])
    return weights


def _bounds(space: SearchSpace) -> tuple[Floats, Floats]:
    low, high = _weights(space, None), _weights(space, None)
    for axis in space.axes:
        where = _columns(space)[axis.name]
        low[where], high[where] = (0.0, 1.0) if axis.values else (axis.low, axis.high)
    return low, high


def _integrality(space: SearchSpace) -> Floats:
    whole = _weights(space, None)
    for axis in space.axes:
        whole[_columns(space)[axis.name]] = float(axis.is_discrete)
    return whole
