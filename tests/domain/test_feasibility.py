"""A function of one's own may say anything; an answer comes of it."""

import numpy as np
import pytest

from models.domain.errors import BadInput
from models.domain.feasibility import Answer, ask, load_feasible
from models.domain.point import Point
from models.domain.space import SearchSpace
from tests.fakes import TERNARY

PLACE = {"x": 0.5, "cell": "mica"}


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (True, Answer(None)),
        (np.bool_(True), Answer(None)),
        (False, Answer("own:f says that it cannot be had")),
        ("no water left", Answer("own:f says: no water left")),
        ("", Answer("own:f said '', which is neither True nor False nor a reason", is_broken=True)),
        (None, Answer("own:f said None, which is neither True nor False nor a reason", is_broken=True)),
        (1.0, Answer("own:f said 1.0, which is neither True nor False nor a reason", is_broken=True)),
    ],
    ids=repr,
)
def test_each_word_has_its_meaning(said, answer):
    assert ask("own:f", lambda point: said, PLACE) == answer


def test_what_a_function_raises_is_an_answer_too():
    answer = ask("own:f", lambda point: point["salt"], PLACE)
    assert answer == Answer("own:f raised KeyError: 'salt'", is_broken=True)


def test_a_function_cannot_change_the_point_it_is_asked_about():
    ask("own:f", lambda point: point.clear() or True, PLACE)
    assert PLACE == {"x": 0.5, "cell": "mica"}


def test_a_function_that_is_not_there_is_refused_by_name():
    with pytest.raises(BadInput, match="feasible: is 'no_such_module:f'"):
        load_feasible("no_such_module:f")
    with pytest.raises(BadInput, match="cannot be called with a point"):
        load_feasible(f"{__name__}:PLACE")


def is_wet(point):
    assert sum(point.values()) == pytest.approx(1.0), "it relies on what the space promises"
    return point["water"] > 0.5 or "it must be wet"


def test_a_space_asks_it_last():
    space = SearchSpace.model_validate(TERNARY.model_dump() | {"feasible": f"{__name__}:is_wet"})
    wet, dry, off = (
        Point(coordinates={"surfactant": s, "cosurfactant": 0.1, "water": w})
        for s, w in ((0.2, 0.7), (0.5, 0.4), (0.5, 0.7))
    )
    assert space.objections(wet) == []
    assert space.objections(dry) == [f"{__name__}:is_wet says: it must be wet"]
    assert [text.partition(" = ")[0] for text in space.objections(off)] == [
        "surfactant + cosurfactant + water"
    ]
