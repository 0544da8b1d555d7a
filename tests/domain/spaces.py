"""Random search spaces that hold at least one point, for property tests."""

from hypothesis import strategies as st

from models.domain.space import Axis, SearchSpace, SumConstraint

NAMES = ("a", "b", "c", "d", "e", "f")
MAX_AXES = len(NAMES)


@st.composite
def spaces(draw: st.DrawFn) -> SearchSpace:
    """Up to six axes, some without extent, with up to two sums over axes of their own."""
    n_axes = draw(st.integers(1, MAX_AXES))
    lows = [draw(st.floats(-5.0, 5.0)) for _ in range(n_axes)]
    spans = [draw(st.one_of(st.just(0.0), st.floats(0.01, 3.0))) for _ in range(n_axes)]
    axes = tuple(
        Axis(name=name, low=low, high=low + span) for name, low, span in zip(NAMES, lows, spans, strict=False)
    )
    n_summed = draw(st.integers(0, n_axes))
    cuts = [n_summed] if n_summed < 4 else [n_summed // 2, n_summed]
    sums: list[SumConstraint] = []
    begin = 0
    for end in cuts:
        if end - begin >= 2:
            place = draw(st.floats(0.2, 0.8))
            parts = axes[begin:end]
            total = sum(axis.low + place * axis.span for axis in parts)
            sums.append(SumConstraint(axes=tuple(axis.name for axis in parts), total=total))
        begin = end
    return SearchSpace(axes=axes, sums=tuple(sums))


@st.composite
def places(draw: st.DrawFn, space: SearchSpace) -> dict[str, float]:
    """Coordinates inside the bounds of each axis, whatever the sums say."""
    return {axis.name: draw(st.floats(axis.low, axis.high)) for axis in space.axes}
