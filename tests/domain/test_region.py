"""A region knows what lies inside a polygon or on the bright part of an image."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.path import Path as Outline
from pydantic import ValidationError

from models.domain.axis import Axis
from models.domain.point import Point
from models.domain.region import Region, RegionSpec
from models.domain.space import SearchSpace

SQUARE = ((0.0, 0.0), (2.0, 0.0), (2.0, 1.0), (0.0, 1.0))
XY = (Axis(name="x", low=0.0, high=4.0, unit="mm"), Axis(name="y", low=-1.0, high=1.0, unit="mm"))


@given(st.integers(3, 12), st.integers(0, 10**6))
def test_points_are_inside_a_polygon_as_another_library_says(n_corners, seed):
    rng = np.random.default_rng(seed)
    angle, radius = np.sort(rng.uniform(0, 2 * np.pi, n_corners)), rng.uniform(0.3, 1.0, n_corners)
    corners = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    region = Region(axes=("x", "y"), polygon=tuple(map(tuple, corners.tolist())))
    places = rng.uniform(-1, 1, (200, 2))
    peer = Outline(np.vstack([corners, corners[:1]]), closed=True).contains_points(places)
    assert np.array_equal(region.contains(*places.T), peer)


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 10**6))
def test_a_place_is_inside_an_image_as_its_pixel_says(n_rows, n_columns, seed):
    rng = np.random.default_rng(seed)
    pixels = rng.random((n_rows, n_columns)) < 0.5
    pixels[0, 0] = True
    spec = RegionSpec(axes=("x", "y"), image="outline.png", extent=(-1.0, 3.0, 10.0, 20.0))
    region = spec.painted(pixels)
    row, column = rng.integers(0, n_rows, 50), rng.integers(0, n_columns, 50)
    x = -1.0 + 4.0 * (column + rng.uniform(0.01, 0.99, 50)) / n_columns
    y = 20.0 - 10.0 * (row + rng.uniform(0.01, 0.99, 50)) / n_rows
    assert np.array_equal(region.contains(x, y), pixels[row, column])
    assert Region.model_validate_json(region.model_dump_json()) == region
    (least_x, most_x), (least_y, most_y) = region.bounds
    inside = region.contains(x, y)
    assert np.all(
        (x[inside] >= least_x) & (x[inside] <= most_x) & (y[inside] >= least_y) & (y[inside] <= most_y)
    )


def test_nothing_beside_the_image_is_inside():
    spec = RegionSpec(axes=("x", "y"), image="outline.png", extent=(0.0, 1.0, 0.0, 1.0))
    region = spec.painted(np.ones((2, 2), dtype=bool))
    x = np.array([0.0, 1.0, 0.5, -1e-9, 1.0 + 1e-9, 0.5])
    y = np.array([0.0, 1.0, 0.5, 0.5, 0.5, 1.0 + 1e-9])
    assert region.contains(x, y).tolist() == [True, True, True, False, False, False]


def test_an_image_may_be_mirrored_by_its_extent():
    spec = RegionSpec(axes=("x", "y"), image="outline.png", extent=(1.0, 0.0, 0.0, 1.0))
    region = spec.painted(np.array([[True, False]]))
    assert region.contains(np.array([0.9, 0.1]), np.array([0.5, 0.5])).tolist() == [True, False]
    assert region.bounds == ((0.5, 1.0), (0.0, 1.0))


def test_a_hole_is_outside():
    hole = ((0.5, 0.25), (1.5, 0.25), (1.5, 0.75), (0.5, 0.75))
    region = Region(axes=("x", "y"), polygon=SQUARE, holes=(hole,))
    assert region.contains(np.array([1.0, 0.2]), np.array([0.5, 0.5])).tolist() == [False, True]


def test_a_point_outside_the_region_is_refused_with_where_it_is():
    space = SearchSpace(axes=XY, region=Region(axes=("x", "y"), polygon=SQUARE))
    assert space.objections(Point(coordinates={"x": 1.0, "y": 0.5})) == []
    assert space.objections(Point(coordinates={"x": 3.0, "y": 0.5})) == [
        "x = 3, y = 0.5 is outside the region"
    ]


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({}, "given by polygon or by image; give one of them"),
        ({"polygon": SQUARE, "image": "a.png", "extent": (0, 1, 0, 1)}, "give one of them"),
        ({"image": "a.png"}, "extent goes with image"),
        ({"polygon": SQUARE, "extent": (0, 1, 0, 1)}, "extent goes with image"),
        ({"image": "a.png", "extent": (1, 1, 0, 1)}, "extent has 1 twice on one axis; give both edges"),
        ({"image": "a.png", "extent": (0, 1, 0, 1), "holes": [SQUARE]}, "paint them dark in the image"),
        ({"polygon": SQUARE[:2]}, "polygon has 2 different corners; give three or more"),
        ({"polygon": ((0, 0), (1, 1), (2, 2), (3, 3))}, "all its corners on one line"),
        ({"polygon": SQUARE, "holes": [SQUARE[:2]]}, r"holes\[0\] has 2 different corners"),
    ],
    ids=str,
)
def test_a_region_that_is_no_outline_is_refused(values, complaint):
    with pytest.raises(ValidationError, match=complaint):
        RegionSpec.model_validate({"axes": ("x", "y")} | values)


def test_an_image_without_anything_bright_is_refused():
    spec = RegionSpec(axes=("x", "y"), image="outline.png", extent=(0.0, 1.0, 0.0, 1.0))
    with pytest.raises(ValidationError, match="nothing of the image is bright"):
        spec.painted(np.zeros((2, 2), dtype=bool))


@pytest.mark.parametrize(
    ("region", "complaint"),
    [
        (
            Region(axes=("x", "z"), polygon=SQUARE),
            "names 'z', which is no numeric axis; the numeric axes are x, y",
        ),
        (Region(axes=("x", "x"), polygon=SQUARE), "the axis 'x' twice"),
        (
            Region(axes=("x", "y"), polygon=tuple((x + 9.0, y) for x, y in SQUARE)),
            "covers x from 9 to 11, but the axis goes from 0 to 4 mm; move one of them",
        ),
    ],
    ids=["unknown", "twice", "elsewhere"],
)
def test_a_region_must_lie_on_two_axes(region, complaint):
    with pytest.raises(ValidationError, match=complaint):
        SearchSpace(axes=XY, region=region)
