"""The misfit: nothing for the same shape, its own noise taken off, with the sigma of its scatter."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.domain.history import Observation
from models.domain.misfit import misfit_of
from models.domain.objective import Match, as_objective
from models.domain.scattering import CurveProfile
from models.domain.soft_log import harden, soften, soften_sigma

Q = np.geomspace(0.1, 3.0, 40)
SHAPE = 10.0 / (1.0 + (2.0 * Q) ** 4)


def profile(intensity: np.ndarray, sigma: np.ndarray | float = 0.01) -> CurveProfile:
    sigma = np.broadcast_to(np.asarray(sigma, dtype=float), intensity.shape)
    return CurveProfile(
        q_inv_nm=tuple(Q.tolist()),
        intensity=tuple(intensity.tolist()),
        sigma=tuple(sigma.tolist()),
        unit="1/cm",
    )


def noisy(intensity: np.ndarray, sigma: np.ndarray, seed: int) -> CurveProfile:
    return profile(intensity + sigma * np.random.default_rng(seed).standard_normal(intensity.shape), sigma)


@given(st.floats(1e-3, 1e3))
def test_the_same_shape_fits_whatever_its_factor(factor):
    sigma = 1e-4 * SHAPE
    found = misfit_of(profile(factor * SHAPE, factor * sigma), profile(SHAPE, sigma), "free")
    assert found is not None
    assert abs(found.square) < 1e-6
    assert found.factor == pytest.approx(factor, rel=1e-3)


def test_a_factor_counts_where_the_scale_is_fixed():
    sigma = 1e-4 * SHAPE
    found = misfit_of(profile(1.1 * SHAPE, sigma), profile(SHAPE, sigma), "fixed")
    assert found is not None
    assert found.as_feature().value == pytest.approx(np.log(1.1), rel=1e-2)


@pytest.mark.parametrize("tilt", [0.0, 0.3], ids=["same shape", "another shape"])
def test_noise_is_taken_off_and_its_sigma_is_the_scatter(tilt):
    sigma = np.sqrt(1e-5 * SHAPE + 1e-9)
    other, target = SHAPE * Q**tilt, profile(SHAPE, 1e-6 * SHAPE)
    clean = misfit_of(profile(other, 1e-3 * sigma), target, "free")
    found = [misfit_of(noisy(other, sigma, seed), target, "free") for seed in range(300)]
    squares = np.array([one.square for one in found if one is not None])
    sigmas = np.array([one.square_sigma for one in found if one is not None])
    assert clean is not None
    assert squares.mean() == pytest.approx(clean.square, abs=0.5 * squares.std())
    assert squares.std() == pytest.approx(np.median(sigmas), rel=0.35)


def test_intensities_below_zero_have_a_softened_logarithm_that_leans_by_less_than_an_eighth_of_its_sigma():
    rng = np.random.default_rng(3)
    for level in (0.0, 0.5, 1.0, np.sqrt(2.0), 2.0, 5.0, 50.0):
        drawn = soften(level + rng.standard_normal(200_000), np.ones(1))
        truth = soften(np.array([level]), np.ones(1))
        sigma = soften_sigma(np.array([level]), np.ones(1), np.ones(1))[0]
        assert abs(drawn.mean() - truth[0]) < sigma / 8.0
    assert harden(soften(np.array([-2.0, 0.0, 7.0]), np.ones(3)), np.ones(3)) == pytest.approx([-2, 0, 7])


def test_curves_that_cannot_be_compared_have_no_misfit():
    goal = as_objective(goal="match", curve="t.dat")
    assert isinstance(goal, Match)
    gap = CurveProfile(
        q_inv_nm=tuple(Q.tolist()), intensity=(None,) * 35 + (1.0,) * 5, sigma=(None,) * 35 + (0.1,) * 5,
        unit="1/cm",
    )  # fmt: skip
    target = profile(SHAPE)
    assert misfit_of(None, target, "free") is None
    assert misfit_of(gap, target, "free") is None
    assert misfit_of(target, None, "free") is None
    bare = Observation(seq=1, is_accepted=True)
    assert goal.shown(bare) == ()
    assert goal.badness([bare]) == [None]


def test_the_nearest_curve_is_ranked_first():
    goal = as_objective(goal="match", curve="t.dat").model_copy(update={"target": profile(SHAPE)})
    seen = [
        Observation(seq=seq, is_accepted=True, profile=profile(SHAPE * Q**tilt))
        for seq, tilt in enumerate((0.5, 0.0, -0.2), start=1)
    ]
    badness = goal.badness(seen)
    assert sorted(range(3), key=lambda row: badness[row]) == [1, 2, 0]
    (feature,) = goal.shown(seen[0])
    assert (feature.name, feature.unit) == ("misfit", "1")
