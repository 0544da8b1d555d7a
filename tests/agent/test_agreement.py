"""Names agree or they do not; numbers may differ by rounding."""

import pytest

from agent.agreement import Scales, compare
from models.domain.axis import Axis
from models.domain.decision import Decision, Reason
from models.domain.point import Point
from models.domain.space import SearchSpace

SPACE = SearchSpace(
    axes=(Axis(name="x", low=0.0, high=2.0), Axis(name="cell", kind="categorical", levels=("mica", "glass")))
)
HERE = {"x": 1.0, "cell": "mica"}


def at(**changes: float | str) -> Decision:
    point = Point(coordinates=HERE | changes)
    return Decision(seq=1, kind="suggest", point=point, reason=Reason(code="x", sentence="x."))


def test_the_same_names_agree():
    assert compare(at(), at(), Scales(SPACE, 1.0)).is_exact
    assert compare(at(), at(x=1.0 + 1e-7), Scales(SPACE, 1.0)).first is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"cell": "glass"}, "cell of point: mica then, glass now"),
        ({"cell": 1.0}, "cell of point: mica then, 1.0 now"),
        ({"x": "wide"}, "x of point: 1.0 then, wide now"),
        ({"x": 1.1}, "x of point: 1.0 then, 1.1 now"),
    ],
)
def test_another_value_is_told_by_both(changes, said):
    first = compare(at(), at(**changes), Scales(SPACE, 1.0)).first
    assert first is not None
    assert first.text() == said
