"""Porod's law, the invariant and the totals on curves with a closed form."""

import numpy as np
import pytest
from scipy.optimize import least_squares

from models.domain.scattering import Absence, Curve, Feature
from models.saxs.extractors import known_names, load_extractors
from models.saxs.reading import read_features
from models.saxs.slope_fit import fit_slope
from models.saxs.two_phase import read_two_phases
from tests.saxs.conftest import CurveMaker

LENGTH_NM = 5.0
CONTRAST = 4.0


def debye_bueche(q: np.ndarray) -> np.ndarray:
    """Random two-phase medium (Debye & Bueche 1949): Q = 2 pi^2 eta^2, P = 8 pi eta^2 / a."""
    return 8 * np.pi * CONTRAST * LENGTH_NM**3 / (1 + (q * LENGTH_NM) ** 2) ** 2


def read(curve: Curve) -> dict[str, Feature | Absence]:
    return {f.name: f for f in read_features(load_extractors(known_names()), curve)}


def near(found: Feature | Absence, truth: float) -> None:
    assert isinstance(found, Feature), found
    assert abs(found.value - truth) < 3 * found.sigma, found
    assert found.sigma < 0.1 * abs(truth)


def test_a_random_two_phase_medium_gives_back_its_surface_and_invariant(noisy: CurveMaker):
    q = np.linspace(0.02, 4, 600)
    found = read(noisy(q, debye_bueche(q) + 0.05, 100, 3))
    invariant, porod = 2 * np.pi**2 * CONTRAST, 8 * np.pi * CONTRAST / LENGTH_NM
    near(found["invariant"], invariant)
    near(found["porod_constant"], porod)
    near(found["porod_slope"], -4.0)
    near(found["surface_to_volume"], np.pi * porod / invariant)
    near(found["mineral_thickness"], LENGTH_NM)


def test_a_gaussian_has_no_porod_constant(noisy: CurveMaker):
    q = np.linspace(0.02, 2, 300)
    found = read(noisy(q, 100 * np.exp(-(q**2)) + 0.1, 1000, 3))
    assert isinstance(found["porod_constant"], Absence)


def test_totals_are_the_integral_and_the_mean():
    q = np.linspace(1.0, 3.0, 41)
    found = read(Curve(q, 2 * q, np.full(41, 0.1), common_relative_sigma=0.02))
    total = found["integrated_intensity"]
    assert isinstance(total, Feature)
    assert total.value == pytest.approx(8.0)
    assert total.sigma == pytest.approx(np.hypot(0.1 * 0.05 * np.sqrt(39.5), 0.16), rel=1e-6)
    mean = found["mean_intensity"]
    assert isinstance(mean, Feature)
    assert mean.value == pytest.approx(4.0)


def test_the_measured_part_of_the_invariant_covers_the_bins_to_their_outer_edges():
    step = 0.01
    q = 0.13 + step * (np.arange(287) + 0.5)
    curve = Curve(q, 5.0 / (1 + (3 * q) ** 2) ** 2, np.full(q.size, 1e-6), common_relative_sigma=0.02)
    u = 3 * np.array([q[0] - step / 2, q[-1] + step / 2])
    below = 5.0 / 27 * 0.5 * (np.arctan(u) - u / (1 + u**2))
    found = read(curve)["partial_invariant"]
    assert found.value == pytest.approx(below[1] - below[0], rel=2e-4)
    assert found.sigma == pytest.approx(0.02 * found.value, rel=1e-3)


def test_the_thickness_does_not_depend_on_the_scale_and_knows_what_its_parts_share(noisy: CurveMaker):
    q = np.linspace(0.02, 4, 600)
    curve = noisy(q, debye_bueche(q) + 0.05, 100, 3)
    scaled = Curve(q, 7 * curve.intensity, 7 * curve.sigma, common_relative_sigma=0.2)
    one, other = read(curve)["mineral_thickness"], read(scaled)["mineral_thickness"]
    assert isinstance(one, Feature)
    assert isinstance(other, Feature)
    assert other.value == pytest.approx(one.value, rel=1e-9)
    assert other.sigma == pytest.approx(one.sigma, rel=1e-9)


def test_95_percent_intervals_of_two_phases_hold_the_truth_as_often_as_they_say(noisy: CurveMaker):
    q = np.linspace(0.05, 4, 300)
    invariant, porod = 2 * np.pi**2 * CONTRAST, 8 * np.pi * CONTRAST / LENGTH_NM
    truth = {"porod_constant": porod, "invariant": invariant, "mineral_thickness": LENGTH_NM}
    extractors = load_extractors(("porod", "invariant", "mineral_thickness"))
    n_inside = dict.fromkeys(truth, 0)
    for seed in range(120):
        for feature in read_features(extractors, noisy(q, debye_bueche(q) + 0.05, 30, seed)):
            if isinstance(feature, Feature) and feature.name in truth:
                n_inside[feature.name] += abs(feature.value - truth[feature.name]) < 1.96 * feature.sigma
    assert all(107 <= n <= 120 for n in n_inside.values()), n_inside


def test_whole_grains_have_no_surface_to_see(noisy: CurveMaker):
    q = np.linspace(0.02, 2, 300)
    found = read(noisy(q, 100 * np.exp(-(q**2)) + 0.1, 1000, 3))["mineral_thickness"]
    assert isinstance(found, Absence)
    assert "Porod's law asks for" in found.why


@pytest.mark.parametrize(("counts", "seed"), [(1e2, 1), (1e3, 2), (1e4, 3)])
def test_no_slope_near_the_one_that_is_told_fits_the_points_better(
    noisy: CurveMaker, counts: float, seed: int
):
    q = np.linspace(0.1, 4, 400)
    fit = read_two_phases(noisy(q, debye_bueche(q) + 20 * q**-3.0 + 1.0, counts, seed)).fit
    told, (part, x) = fit_slope(fit), (fit.part, fit.part.curve.q_inv_nm / fit.part.curve.q_inv_nm[0])
    expected = fit.next_sigma / abs(fit.constant) / fit.part.curve.q_inv_nm[0] ** 2

    def least(slope: float) -> float:
        """Least chi squared, all but the slope fitted by another way."""

        def miss(free: np.ndarray) -> np.ndarray:
            amplitude, bend, background = free
            model = amplitude * x**slope * (1 + bend * expected * x**-2.0) + background
            return np.append((model - part.curve.intensity) * np.sqrt(part.weight), bend)

        begin = (abs(fit.constant) * part.curve.q_inv_nm[0] ** -4.0, 0.0, fit.background)
        return 2 * least_squares(miss, begin, x_scale="jac", xtol=1e-14, ftol=1e-14, gtol=1e-14).cost

    assert told.has_settled
    at, beside = least(told.value), (least(told.value - 1e-3), least(told.value + 1e-3))
    assert at < min(beside)
    # a parabola through all three has its middle here
    assert abs(beside[0] - beside[1]) < 1e-3 * (beside[0] + beside[1] - 2 * at)


def test_a_curve_that_falls_as_a_logarithm_has_no_slope_and_no_porod_constant(noisy: CurveMaker):
    q = np.linspace(0.1, 4, 400)
    found = read(noisy(q, 100 - 60 * np.log(q), 1e4, 5))
    assert isinstance(found["porod_slope"], Absence)
    assert "does not settle" in found["porod_slope"].why
    assert isinstance(found["porod_constant"], Absence)
    assert "asks for -4.6 to -3.4" in found["porod_constant"].why
