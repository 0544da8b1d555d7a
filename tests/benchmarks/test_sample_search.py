"""Bayesian order finds the sought sample in fewer measurements than random order."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.sample_search import STRONGEST, begin_hunt, count_until_found, spacings
from benchmarks.shelf import Shelf, fill_shelf
from instruments.dataset_table import read_dataset
from models.domain.decision import Decision, Reason
from models.domain.errors import UnreachablePoint
from models.domain.history import Observation
from models.domain.objective import Objective, as_objective
from models.domain.scattering import Feature
from models.domain.space import Axis, Point, SearchSpace

HERE = Path(__file__).parents[2]
SILICA = HERE.parent / "shared" / "data" / "mesoporous-silica"
DESCRIPTION = HERE / "examples" / "mesoporous_silica" / "dataset.toml"
HEIGHT = as_objective(feature="height")


def shelf_of_hill(n_samples: int) -> Shelf:
    """Samples on a square, whose height is a smooth hill with its top near (0.8, 0.3)."""
    places = np.random.default_rng(5).uniform(size=(n_samples, 2))
    points: list[Point] = []
    observations: dict[str, Observation] = {}
    for number, (x, y) in enumerate(places.tolist()):
        sample = f"s{number}"
        points.append(Point(coordinates={"x": x, "y": y}, sample=sample))
        value = float(np.exp(-((x - 0.8) ** 2 + (y - 0.3) ** 2) / 0.1))
        feature = Feature(name="height", value=value, sigma=0.01, unit="1")
        observations[sample] = Observation(seq=1, is_accepted=True, features=(feature,))
    axes = (Axis(name="x", low=0.0, high=1.0), Axis(name="y", low=0.0, high=1.0))
    return Shelf(SearchSpace(axes=axes, candidates=tuple(points)), observations)


def medians(shelf: Shelf, objective: Objective, n_seeds: int) -> tuple[float, float]:
    """Median count in Bayesian and in random order."""
    hunt = begin_hunt(shelf, objective)
    bayesian = [count_until_found(hunt, "bayes", seed) for seed in range(n_seeds)]
    drawn = [count_until_found(hunt, "random", seed) for seed in range(n_seeds)]
    return float(np.median(bayesian)), float(np.median(drawn))


def test_the_top_of_a_smooth_hill_is_found_in_half_the_measurements():
    bayesian, drawn = medians(shelf_of_hill(60), HEIGHT, n_seeds=5)
    assert bayesian < 0.5 * drawn


def test_random_order_takes_half_the_samples_on_average():
    hunt = begin_hunt(shelf_of_hill(41), HEIGHT)
    counts = [count_until_found(hunt, "random", seed) for seed in range(200)]
    # uniform on 1 to 41: mean 21, standard error of 200 draws 0.84
    assert np.mean(counts) == pytest.approx(21, abs=3)
    assert min(counts) >= 1
    assert max(counts) <= 41


def test_one_seed_gives_one_count():
    hunt = begin_hunt(shelf_of_hill(30), HEIGHT)
    assert count_until_found(hunt, "random", 3) == count_until_found(hunt, "random", 3)
    assert count_until_found(hunt, "bayes", 3) == count_until_found(hunt, "bayes", 3)


def test_a_sample_that_is_not_on_the_shelf_is_refused():
    shelf = shelf_of_hill(3)
    absent = Point(coordinates={"x": 0.5, "y": 0.5}, sample="nowhere")
    decision = Decision(seq=1, kind="suggest", point=absent, reason=Reason(code="x", sentence="x"))
    (action,) = shelf.actions(decision)
    with pytest.raises(UnreachablePoint, match="no such sample"):
        shelf.perform(action, decision)


@pytest.fixture(scope="module")
def silica(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    if not SILICA.is_dir():
        pytest.skip(f"there is no {SILICA}")
    return fill_shelf(read_dataset(DESCRIPTION, SILICA), tmp_path_factory.mktemp("shelf"))


def test_the_silica_with_the_strongest_peak_is_found_earlier_than_in_random_order(silica: Shelf):
    bayesian, drawn = medians(silica, STRONGEST, n_seeds=20)
    assert bayesian < drawn


def test_spacings_are_sought_evenly_over_those_that_exist(silica: Shelf):
    hunts = spacings(silica, 20)
    sought = [silica.observations[hunt.sought].feature("peak_d") for hunt in hunts]
    assert all(
        feature is not None and feature.value == hunt.objective.target
        for feature, hunt in zip(sought, hunts, strict=True)
    )
    targets = [hunt.objective.target or 0.0 for hunt in hunts]
    assert targets == sorted(set(targets))
    assert len(targets) == 20
