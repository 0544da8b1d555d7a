"""Random spaces of every kind of axis and constraint that hold at least one point, for property tests."""

from collections.abc import Mapping

from hypothesis import strategies as st

from models.domain.axis import Axis
from models.domain.constraints import LinearConstraint
from models.domain.region import Region
from models.domain.space import SearchSpace
from tests.domain.spaces import NAMES

OFTEN = f"{__name__}:can_often_be_had"


def can_often_be_had(point: Mapping[str, float | str]) -> bool | str:
    """Refuses one point in five or so, by the digits of its numbers."""
    digits = int(1e4 * sum(abs(value) for value in point.values() if not isinstance(value, str)))
    return digits % 5 != 3 or f"its digits are {digits}"


@st.composite
def axes(draw: st.DrawFn, name: str) -> Axis:
    """An axis of any kind."""
    kind = draw(st.sampled_from(("continuous", "continuous", "integer", "ordinal", "categorical")))
    low = draw(st.integers(-5, 5))
    if kind == "continuous":
        return Axis(name=name, low=low, high=low + draw(st.sampled_from((0.0, 0.01, 0.5, 3.0))))
    if kind == "integer":
        return Axis(name=name, kind="integer", low=low, high=low + draw(st.integers(0, 12)))
    if kind == "ordinal":
        steps = draw(st.lists(st.integers(1, 40), min_size=1, max_size=6, unique=True))
        return Axis(name=name, kind="ordinal", values=tuple(low + step / 8 for step in sorted(steps)))
    return Axis(
        name=name, kind="categorical", levels=draw(st.sampled_from((("one",), ("yes", "no"), tuple("xyz"))))
    )


@st.composite
def every_kind_of_space(draw: st.DrawFn) -> SearchSpace:
    """Up to six axes; constraints, a region and a function around one point that is allowed."""
    space = SearchSpace(axes=tuple(draw(axes(name)) for name in NAMES[: draw(st.integers(1, 6))]))
    somewhere = {axis.name: draw(_settings(axis)) for axis in space.axes if axis.is_numeric}
    linear = (
        [draw(_constraint_at(space, somewhere)) for _ in range(draw(st.integers(0, 2)))] if somewhere else []
    )
    if len(linear) == 2 and linear[0].coefficients.keys() == linear[1].coefficients.keys():
        linear.pop()
    region = None
    if len(somewhere) >= 2 and draw(st.booleans()):
        region = draw(_region_at(space, somewhere))
    is_wide = any(axis.kind == "continuous" and axis.span for axis in space.axes)
    is_free = is_wide and all(one.equals is None for one in linear)  # else every point may share its digits
    feasible = OFTEN if is_free and draw(st.booleans()) else None
    return SearchSpace(axes=space.axes, linear=tuple(linear), region=region, feasible=feasible)


def _settings(axis: Axis) -> st.SearchStrategy[float]:
    if axis.kind == "ordinal":
        return st.sampled_from(axis.values)
    if axis.kind == "integer":
        return st.integers(int(axis.low), int(axis.high)).map(float)
    return st.floats(0.2, 0.8).map(lambda share: axis.low + share * axis.span)


@st.composite
def _constraint_at(draw: st.DrawFn, space: SearchSpace, somewhere: dict[str, float]) -> LinearConstraint:
    """One that the point obeys; an equality only where a continuous axis can take up the rest."""
    names = draw(st.lists(st.sampled_from(sorted(somewhere)), min_size=1, unique=True))
    factors = {name: draw(st.sampled_from((-2.0, -1.0, 0.5, 1.0, 3.0))) for name in names}
    value = sum(factor * somewhere[name] for name, factor in factors.items())
    kind = draw(st.sampled_from(("low", "high", "both", "equals")))
    can_give = any(space.axis(name).kind == "continuous" and space.axis(name).span > 0.1 for name in names)
    if kind == "equals" and can_give:
        return LinearConstraint(coefficients=factors, equals=value)
    room = draw(st.sampled_from((0.05, 0.5)))
    low = value - room if kind != "high" else None
    return LinearConstraint(coefficients=factors, low=low, high=value + room if kind != "low" else None)


@st.composite
def _region_at(draw: st.DrawFn, space: SearchSpace, somewhere: dict[str, float]) -> Region:
    """A quadrilateral around the point on two of its axes."""
    first, second = draw(st.lists(st.sampled_from(sorted(somewhere)), min_size=2, max_size=2, unique=True))
    x, y = somewhere[first], somewhere[second]
    a, b = (max(0.4 * space.axis(name).span, 0.1) for name in (first, second))
    return Region(axes=(first, second), polygon=((x - a, y), (x, y + b), (x + 1.5 * a, y), (x, y - 1.2 * b)))
