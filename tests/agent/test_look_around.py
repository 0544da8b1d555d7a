"""A space is looked at before the night: what leaves nothing to measure is one clear line."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.image import imsave

from agent.look_around import refuse_empty
from agent.outline import read_outline
from agent.plan import Own, prepare
from instruments.beamline import Beamline
from models.domain.axis import Axis
from models.domain.constraints import LinearConstraint
from models.domain.errors import BadInput
from models.domain.point import Point
from models.domain.region import Region, RegionSpec
from models.domain.space import SearchSpace
from tests import fakes

XY = (Axis(name="x", low=0.0, high=1.0), Axis(name="y", low=0.0, high=1.0))
SPECK = Region(axes=("x", "y"), polygon=((0.5, 0.5), (0.5004, 0.5), (0.5004, 0.5004)))
DIAGONAL = LinearConstraint(coefficients={"x": 1.0, "y": -1.0}, low=0.0)


def raises(point):
    raise OSError("no stock list")


def says_nothing(point):
    return None


def never(point):
    return "the beam is down"


def hardly_ever(point):
    return point["x"] < 1e-4


def refused(**changes: Any) -> BadInput:
    with pytest.raises(BadInput) as caught:
        refuse_empty(SearchSpace.model_validate({"axes": XY} | changes), 1)
    return caught.value


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (raises, "raises raised OSError: no stock list (at x 0."),
        (says_nothing, "says_nothing said None, which is neither True nor False nor a reason (at x 0."),
        (never, f"refused by the feasibility function, such as: {__name__}:never says: the beam is down"),
    ],
)
def test_a_function_that_is_no_use_is_refused_before_the_night(function, said):
    error = refused(feasible=f"{__name__}:{function.__name__}")
    assert error.where == "feasible"
    assert said in error.problem


def test_a_function_that_leaves_too_little_is_refused_with_how_much():
    error = refused(feasible=f"{__name__}:hardly_ever")
    assert error.where == "feasible"
    assert "of 8192 draws may be measured" in error.problem
    assert error.remedy == f"Narrow the axes to where {__name__}:hardly_ever says yes"


def test_samples_that_exist_are_asked_about_too():
    points = tuple(Point(coordinates={"x": x, "y": 0.5}, sample=f"S{x}") for x in (0.2, 0.4))
    assert "refuses all 2 samples" in refused(candidates=points, feasible=f"{__name__}:never").problem
    refuse_empty(SearchSpace(axes=XY, candidates=points), 1)


def test_a_region_that_a_constraint_cuts_off_is_refused_with_what_became_of_the_draws():
    below = Region(axes=("x", "y"), polygon=((0.0, 0.2), (0.0, 1.0), (0.7, 1.0)))
    error = refused(region=below, linear=(DIAGONAL,))
    assert error.where == "region"
    assert "only 0 of 131072 draws may be measured" in error.problem
    assert error.remedy == "Widen the axes, or loosen what binds them"


def test_a_small_region_is_drawn_around_and_so_is_no_matter():
    refuse_empty(SearchSpace(axes=XY, region=SPECK), 1)


def test_constraints_that_leave_nothing_are_refused_by_the_one_that_is_too_many():
    first = LinearConstraint(coefficients={"x": 1.0, "y": 1.0}, low=1.5)
    second = LinearConstraint(coefficients={"x": 1.0}, high=0.4)
    error = refused(linear=(first, second))
    assert (error.where, error.problem) == (
        "linear[1]", "x must be at most 0.4, but the axes and linear[0] only allow 0.5 to 1"
    )  # fmt: skip


def outline(folder: Path, pixels: np.ndarray | bytes, name: str = "outline.png") -> Region:
    if isinstance(pixels, bytes):
        (folder / name).write_bytes(pixels)
    else:
        imsave(folder / name, pixels, cmap="gray" if pixels.ndim == 2 else None)
    return read_outline(RegionSpec(axes=("x", "y"), image=name, extent=(0.0, 1.0, 0.0, 1.0)), folder)


def test_the_bright_half_of_an_image_is_inside(tmp_path):
    region = outline(tmp_path, np.array([[0.0, 1.0], [0.0, 0.0]]))
    assert region.contains(np.array([0.75, 0.25, 0.75]), np.array([0.75, 0.75, 0.25])).tolist() == [
        True, False, False,
    ]  # fmt: skip


def test_what_is_transparent_is_outside(tmp_path):
    pixels = np.ones((2, 2, 4))
    pixels[:, 0, 3] = 0.0
    assert outline(tmp_path, pixels).contains(np.array([0.75, 0.25]), np.array([0.5, 0.5])).tolist() == [
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("pixels", "complaint"),
    [
        (np.ones((3, 3)), "is equally bright everywhere. Paint the specimen bright"),
        (b"no image at all", "cannot be read as an image"),
        (b"\x89PNG\r\n\x1a\n" + bytes(20), "cannot be read as an image"),
        (
            (np.indices((700, 700)).sum(axis=0) % 2).astype(float),
            "times between dark and bright; a record holds 200000",
        ),
    ],
    ids=["flat", "text", "broken", "noise"],
)
def test_an_image_that_shows_no_outline_is_refused_by_name(tmp_path, pixels, complaint):
    with pytest.raises(BadInput, match=complaint) as caught:
        outline(tmp_path, pixels)
    assert caught.value.where == "region.image"
    assert str(tmp_path / "outline.png") in caught.value.problem


def planned(folder: Path, **changes: Any) -> SearchSpace:
    tables = {"objective": {"feature": "peak_strength"}, "axes": XY, "sums": ()} | changes
    devices = Beamline(axes={}, detector=object())  # none of them is asked while a plan is made
    return prepare(fakes.spec(**tables), folder, fakes.sqlite_url(folder), Own(devices)).space


def test_a_plan_holds_the_outline_itself_and_needs_no_image_later(tmp_path):
    imsave(tmp_path / "outline.png", np.eye(4), cmap="gray")
    region = {"axes": ["x", "y"], "image": "outline.png", "extent": [0, 1, 0, 1]}
    space = planned(tmp_path, region=region, linear=[{"coefficients": {"x": 1.0, "y": 1.0}, "high": 1.5}])
    assert space.region is not None
    assert space.region.rows == ((0, 1), (1, 2), (2, 3), (3,))
    assert space.linear[0].high == 1.5


def test_an_image_that_is_not_there_is_named_and_nothing_is_written(tmp_path):
    with pytest.raises(BadInput, match=r"region\.image: there is no file .*outline\.png\. Check the path"):
        planned(tmp_path, region={"axes": ["x", "y"], "image": "outline.png", "extent": [0, 1, 0, 1]})
    assert list(tmp_path.iterdir()) == []


def test_an_image_beside_the_axes_is_refused_as_a_region(tmp_path):
    imsave(tmp_path / "outline.png", np.eye(4), cmap="gray")
    with pytest.raises(
        BadInput, match=r"region: the region covers x from 5 to 6, but the axis goes from 0 to 1"
    ):
        planned(tmp_path, region={"axes": ["x", "y"], "image": "outline.png", "extent": [5, 6, 0, 1]})


def test_a_level_cannot_be_mixed(tmp_path):
    axes = [*fakes.TERNARY.axes[:2], {"name": "water", "kind": "categorical", "levels": ["hard", "soft"]}]
    spec = fakes.spec(objective={"feature": "peak_strength"}, axes=axes, sums=())
    with pytest.raises(BadInput, match="axes: water: is categorical, but a dispenser mixes amounts"):
        prepare(spec, tmp_path, fakes.sqlite_url(tmp_path))


def test_a_blank_may_lie_outside_numbers_but_not_outside_names(tmp_path):
    axes = [XY[0], {"name": "cell", "kind": "categorical", "levels": ["kapton", "mica"]}]

    def blank(**point: float | str) -> dict[str, Any]:
        return {"axes": axes, "measurement": {"blank": {"point": point}}}

    planned(tmp_path, **blank(x=-3.0, cell="mica"))
    for point, said in (
        ({"x": 0.0, "cell": "glass"}, "cell = 'glass' is not one of kapton, mica; correct it"),
        ({"x": "wide", "cell": "mica"}, "x = 'wide' is no number"),
    ):
        with pytest.raises(ValueError, match=said):
            planned(tmp_path, **blank(**point))
