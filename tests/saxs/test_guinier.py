"""rg and I0, with sigmas that can be believed."""

import numpy as np
import pytest

from models.domain.errors import FitFailed
from models.domain.scattering import Curve, Feature
from models.saxs.features.guinier import EXTRACTOR
from models.saxs.guinier_fit import fit_guinier
from models.saxs.steady import steady
from tests.saxs.conftest import CurveMaker, sphere

Q = np.linspace(0.05, 3, 300)


def read(curve: Curve) -> dict[str, Feature]:
    return {f.name: f for f in EXTRACTOR.extract(curve) if isinstance(f, Feature)}


def test_a_noise_free_gaussian_gives_back_its_rg_and_i0():
    curve = Curve(Q, 2.5 * np.exp(-((Q * 3.0) ** 2) / 3), np.full(Q.size, 1e-4))
    fit = fit_guinier(steady(curve), 0, 2.0)
    assert fit.rg_nm == pytest.approx(3.0, rel=1e-6)
    assert fit.i0 == pytest.approx(2.5, rel=1e-6)


@pytest.mark.parametrize("counts", [30, 10_000])
@pytest.mark.parametrize("shape", ["gaussian", "sphere"])
def test_95_percent_intervals_of_rg_and_i0_hold_the_truth_as_often_as_they_say(
    noisy: CurveMaker, shape: str, counts: float
):
    rg = 3.0
    ideal = np.exp(-((Q * rg) ** 2) / 3) if shape == "gaussian" else sphere(Q, rg * np.sqrt(5 / 3))
    names = ("rg", "i0", "rg_bent", "i0_bent") if shape == "gaussian" else ("rg_bent", "i0_bent")
    pulls: dict[str, list[float]] = {name: [] for name in names}
    for seed in range(120):
        try:
            found = read(noisy(Q, ideal + 1e-6, counts, seed))
        except FitFailed:
            continue
        for name in found.keys() & names:
            truth = rg if "rg" in name else 1.0
            pulls[name].append((found[name].value - truth) / found[name].sigma)
    for name, pull in pulls.items():
        assert len(pull) >= 116, name
        # 120 seeds leave 2 % of the coverage open
        assert 0.89 <= np.mean(np.abs(pull) < 1.96) <= 1.0, name
        assert abs(np.mean(pull)) < 0.36, name


def test_the_bias_of_the_straight_law_is_what_the_page_says_and_the_bend_names_the_shape(noisy: CurveMaker):
    found = read(noisy(Q, sphere(Q, 3.0 * np.sqrt(5 / 3)), 1e6, 1))
    assert found["rg"].value / 3.0 - 1 == pytest.approx(0.021, abs=0.002)
    assert found["rg_bent"].value == pytest.approx(3.0, rel=0.002)
    assert found["rg"].sigma < 0.001


def test_bins_without_a_photon_do_not_widen_what_many_of_them_add_up_to():
    points = steady(Curve(Q, np.where(Q < 1, 4.0, 0.0), np.where(Q < 1, 2.0, 1.0)))
    np.testing.assert_array_equal(points.variance, np.where(Q < 1, 4.0, 0.0))
    assert np.all(points.weight > 0)


def test_a_points_weight_does_not_depend_on_its_own_noise():
    sigma = np.linspace(1, 2, Q.size)
    other = sigma.copy()
    other[100] *= 1.5
    one, two = (steady(Curve(Q, np.full(Q.size, 100.0), s)).weight for s in (sigma, other))
    assert one[100] == two[100]
    assert one[101] > two[101]


def test_a_repelled_low_q_is_left_out_of_the_window(noisy: CurveMaker):
    ideal = np.exp(-((Q * 1.5) ** 2) / 3) * (1 - 0.3 * np.exp(-((Q / 0.15) ** 2)))
    found = read(noisy(Q, ideal, 3000, 5))
    assert found["rg"].value == pytest.approx(1.5, rel=0.03)


def test_a_power_law_has_no_guinier_region():
    q = np.geomspace(0.1, 5, 200)
    with pytest.raises(FitFailed):
        EXTRACTOR.extract(Curve(q, q**-4.0, 0.01 * q**-4.0))


def test_five_points_are_too_few():
    q = np.linspace(0.1, 0.5, 5)
    with pytest.raises(FitFailed):
        EXTRACTOR.extract(Curve(q, np.exp(-(q**2)), np.full(5, 0.01)))


def test_the_error_that_all_points_share_goes_into_i0_only():
    ideal = np.exp(-((Q * 3.0) ** 2) / 3)
    plain = read(Curve(Q, ideal, np.full(Q.size, 1e-4)))
    shared = read(Curve(Q, ideal, np.full(Q.size, 1e-4), common_relative_sigma=0.1))
    assert shared["i0"].sigma == pytest.approx(0.1, rel=0.05)
    assert shared["rg"].sigma == plain["rg"].sigma
