"""Curves that are alike make a phase, whatever their scale and spacing, and phases keep their numbers."""

import numpy as np
import pytest

from models.domain.errors import FitFailed
from models.domain.objective import as_objective
from models.gp.curve_set import CurveSet
from models.gp.knowledge import Knowledge
from models.gp.outlook import believe_curves
from models.gp.phase_labels import label_curves, sorted_slopes
from models.gp.pursuits.phases import PURSUIT

Q = np.geomspace(0.1, 3.0, 64)
BY_CURVES = as_objective(goal="phases")


def spheres(scale: float, spacing: float) -> np.ndarray:
    return scale / (1.0 + (Q * spacing) ** 4)


def stacks(scale: float, spacing: float) -> np.ndarray:
    peaks = sum(np.exp(-((np.log(Q * spacing / (2 * np.pi * order)) / 0.15) ** 2)) for order in (1, 2, 3))
    return scale * (Q**-2.0) * (0.6 + peaks)


def rods(scale: float, spacing: float) -> np.ndarray:
    return scale / Q / (1.0 + (Q * spacing / 30.0) ** 2)


def curves_of(makers: list, seed: int = 1, noise: float = 0.02) -> CurveSet:
    """One curve of each maker, of a random scale and spacing, with noise."""
    rng = np.random.default_rng(seed)
    clean = np.array([make(10.0 ** rng.uniform(-1, 1), rng.uniform(7.0, 8.0)) for make in makers])
    sigmas = noise * clean + 1e-6
    return CurveSet(
        unit_points=rng.random((len(makers), 2)), q_inv_nm=Q, sigmas=sigmas, order=np.arange(len(makers)),
        intensities=clean + sigmas * rng.standard_normal(clean.shape), unit="1/cm", n_asked=64,
    )  # fmt: skip


MIXED = [(spheres, stacks, rods)[k] for k in np.random.default_rng(3).integers(0, 3, 30)]


def as_numbers(makers: list) -> list[int]:
    order = list(dict.fromkeys(makers))
    return [order.index(make) + 1 for make in makers]


@pytest.mark.parametrize("seed", range(4))
def test_three_shapes_of_any_scale_and_spacing_are_three_phases(seed):
    assert label_curves(curves_of(MIXED, seed), 30, 8).tolist() == as_numbers(MIXED)


def test_neither_a_factor_nor_a_lattice_that_swells_changes_the_slopes_of_a_curve():
    floor = np.full(64, 1e-7)
    one, swollen = sorted_slopes(Q, np.array([stacks(1.0, 7.0), stacks(300.0, 7.0 * (Q[1] / Q[0]))]), floor)
    other = sorted_slopes(Q, rods(1.0, 7.0)[None], floor)[0]
    assert np.linalg.norm(one - other) > 5.0 * np.linalg.norm(one - swollen)


def test_labels_do_not_change_with_curves_that_came_after_the_fit():
    curves = curves_of(MIXED)
    for n in (12, 20, 30):
        assert np.array_equal(label_curves(first(curves, n), 12, 8), label_curves(curves, 12, 8)[:n])


def first(curves: CurveSet, n: int) -> CurveSet:
    return CurveSet(
        curves.unit_points[:n], Q, curves.intensities[:n], curves.sigmas[:n], curves.order[:n], "1/cm", 64
    )


def test_a_new_phase_takes_a_new_number_and_the_old_keep_theirs():
    makers = [spheres, rods] * 8 + [stacks] * 4 + [spheres]
    curves = curves_of(makers)
    assert label_curves(curves, 16, 8).tolist() == as_numbers(makers)
    assert label_curves(curves, 21, 8).tolist() == as_numbers(makers)


def test_no_more_phases_are_found_than_there_may_be():
    makers = [spheres, rods] * 8 + [stacks] * 4
    assert set(label_curves(curves_of(makers), 16, 2).tolist()) == {1, 2}
    assert len(set(label_curves(curves_of(makers), 20, 2).tolist())) == 2


def knowing(curves: CurveSet | None) -> Knowledge:
    return Knowledge(0 if curves is None else len(curves), {}, {}, {}, curves)


def test_a_belief_is_had_for_each_phase_that_curves_tell_apart():
    lesson = PURSUIT.study(BY_CURVES, knowing(curves_of(MIXED)), 30)
    assert list(lesson.trainings) == ["phase 1", "phase 2", "phase 3"]
    assert lesson.context.places.numbers.tolist() == as_numbers(MIXED)


def test_curves_that_phases_were_told_from_can_be_foreseen_too():
    curves = curves_of(MIXED)
    band = believe_curves(BY_CURVES, knowing(curves)).band(curves.unit_points[:2])
    assert np.isfinite(band.means).all()


@pytest.mark.parametrize(
    ("curves", "said"),
    [
        (None, "no measurement has a curve"),
        (curves_of(MIXED[:3]), "phases are told apart from 4 curves or more, there are 3"),
        (
            CurveSet(np.zeros((5, 2)), Q, np.ones((5, 64)), np.full((5, 64), 0.1), np.arange(5), "1", 64),
            "all 5 curves are equal",
        ),
        (
            CurveSet(np.zeros((5, 2)), Q, np.full((5, 64), np.nan), np.ones((5, 64)), np.arange(5), "1", 64),
            "0 of 64 bins in q are in every curve",
        ),
    ],
)
def test_curves_that_tell_no_phases_apart_are_said(curves, said):
    with pytest.raises(FitFailed, match=said):
        PURSUIT.study(BY_CURVES, knowing(curves), 99)
