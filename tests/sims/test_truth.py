import math

import numpy as np
import pytest

from models.domain.errors import BadInput
from models.domain.objective import as_objective
from models.domain.space import Axis, Point, SearchSpace, SumConstraint
from sims.truth import Best, Truth
from sims.world import World

STRONGEST = as_objective(feature="peak_strength")


@pytest.fixture(scope="module")
def truth(world: World) -> Truth:
    return Truth(world)


@pytest.fixture(scope="module")
def best(truth: Truth) -> Best:
    return truth.best(STRONGEST)


def test_the_strongest_peak_is_lamellar_and_inside_the_triangle(truth: Truth, best: Best) -> None:
    assert truth.phase(best.point.coordinates).lamellar > 0.95
    assert min(best.point.coordinates.values()) > 0.1
    assert best.value > 20


def test_the_polish_does_not_find_worse_than_the_grid(truth: Truth, best: Best) -> None:
    _, values = truth.map("peak_strength", 40)
    assert best.value >= values.max()


def test_the_hexagonal_phase_holds_a_lesser_summit(truth: Truth, best: Best) -> None:
    cylinders = SearchSpace(
        axes=(
            Axis(name="surfactant", low=0.3, high=0.6),
            Axis(name="cosurfactant", low=0.0, high=0.2),
            Axis(name="water", low=0.2, high=0.7),
        ),
        sums=(SumConstraint(axes=("surfactant", "cosurfactant", "water")),),
    )
    lesser = truth.best(STRONGEST, cylinders)
    assert truth.phase(lesser.point.coordinates).cylinder > 0.9
    assert 0.3 * best.value < lesser.value < 0.7 * best.value
    assert not cylinders.objections(lesser.point)
    # a summit, not a slope: a step in every direction goes down
    around = [(0.03, 0), (-0.03, 0), (0, 0.03), (0, -0.03), (0.03, -0.03), (-0.03, 0.03)]
    for d_surfactant, d_cosurfactant in around:
        s, c = lesser.point["surfactant"] + d_surfactant, lesser.point["cosurfactant"] + d_cosurfactant
        stepped = {"surfactant": s, "cosurfactant": c, "water": 1 - s - c}
        assert truth.feature("peak_strength", stepped) < lesser.value


def test_the_best_region_is_neither_a_needle_nor_a_plain(truth: Truth, best: Best) -> None:
    _, values = truth.map("peak_strength", 40)
    assert 0.02 < (values > best.value / 2).mean() < 0.15


def test_the_peak_of_a_stack_gives_its_spacing(truth: Truth, best: Best) -> None:
    spacing_nm = truth.assembly(best.point.coordinates).lamellar.spacing_nm
    assert truth.feature("peak_d", best.point.coordinates) == pytest.approx(spacing_nm, rel=0.02)
    assert truth.feature("peak_q", best.point.coordinates) == pytest.approx(
        2 * math.pi / spacing_nm, rel=0.02
    )


def test_a_target_spacing_is_found(truth: Truth) -> None:
    found = truth.best(as_objective(feature="peak_d", goal="target", target=8.0), n_steps=20)
    assert found.value == pytest.approx(8.0, abs=0.05)


def test_water_has_no_peak_and_says_so(truth: Truth) -> None:
    water = {"surfactant": 0.0, "cosurfactant": 0.0, "water": 1.0}
    assert truth.feature("peak_strength", water) == 0
    assert math.isnan(truth.feature("peak_d", water))
    assert not truth.curve(water, np.array([0.2, 1.0])).any()


def test_an_unknown_truth_is_refused_by_name(truth: Truth) -> None:
    with pytest.raises(BadInput, match="peak_strength"):
        truth.feature("rg", {"surfactant": 0.1, "cosurfactant": 0.1, "water": 0.8})


def test_a_space_without_mixtures_is_refused(truth: Truth) -> None:
    nowhere = SearchSpace(axes=(Axis(name="water", low=1.5, high=2),))
    with pytest.raises(BadInput, match="no mixture"):
        truth.best(STRONGEST, nowhere, n_steps=4)


def test_the_map_covers_the_triangle(truth: Truth) -> None:
    points, values = truth.map("peak_strength", 10)
    assert len(points) == values.size == 65
    assert all(isinstance(p, Point) and sum(p.coordinates.values()) == pytest.approx(1) for p in points)
