"""The strongest correlation peak."""

from typing import cast

import numpy as np
import pytest

from benchmarks.coverage_truths import all_series
from models.domain.scattering import Absence, Curve, Feature, Floats
from models.saxs.features.peak import EXTRACTOR
from tests.saxs.conftest import CurveMaker

Q = np.linspace(0.05, 3, 400)


def power_law(q: Floats) -> Floats:
    return q**-3.0 + 0.05


def with_peak(q: Floats, strength: float, at: float = 1.0, width: float = 0.06) -> Floats:
    return power_law(q) * (1 + strength * np.exp(-4 * np.log(2) * ((q - at) / width) ** 2))


def read(curve: Curve) -> dict[str, Feature | Absence]:
    return {f.name: f for f in EXTRACTOR.extract(curve)}


def value(found: dict[str, Feature | Absence], name: str) -> Feature:
    feature = found[name]
    assert isinstance(feature, Feature), feature
    return feature


def test_a_clear_peak_is_read_with_all_its_numbers(noisy: CurveMaker):
    found = read(noisy(Q, with_peak(Q, 3.0), 2000, 1))
    assert value(found, "peak_q").value == pytest.approx(1.0, abs=0.002)
    assert value(found, "peak_d").value == pytest.approx(2 * np.pi, rel=0.002)
    assert value(found, "peak_width").value == pytest.approx(0.06, rel=0.05)
    assert value(found, "peak_strength").value == pytest.approx(3.0, rel=0.05)


def test_a_smooth_curve_has_strength_about_zero_and_no_place(noisy: CurveMaker):
    for seed in range(20):
        found = read(noisy(Q, power_law(Q), 300, seed))
        strength = value(found, "peak_strength")
        assert abs(strength.value) < 2 * strength.sigma
        assert isinstance(found["peak_q"], Absence)
        assert "sigma" in found["peak_q"].why


def test_95_percent_intervals_of_place_width_and_strength_hold_the_truth_as_often_as_they_say(
    noisy: CurveMaker,
):
    ideal = with_peak(Q, 0.8)
    flanks = with_peak(np.array([0.8, 1.0, 1.25]), 0.8)
    truth = flanks[1] / np.sqrt(flanks[0] * flanks[2]) - 1
    truths = {"peak_q": 1.0, "peak_d": 2 * np.pi, "peak_width": 0.06, "peak_strength": truth}
    n_inside = dict.fromkeys(truths, 0)
    for seed in range(200):
        found = read(noisy(Q, ideal, 300, seed))
        for name, true in truths.items():
            feature = value(found, name)
            n_inside[name] += abs(feature.value - true) < 1.96 * feature.sigma
    assert all(181 <= n <= 198 for n in n_inside.values()), n_inside


def test_the_width_of_a_narrow_peak_of_a_hundred_counts_holds_the_truth_as_often_as_it_says():
    series = next(one for one in all_series() if one.name == "strong narrow peak")
    rng = np.random.default_rng(17)
    read_off = [read(cast(Curve, series.draw(3e4, rng))).get("peak_width") for _ in range(120)]
    widths = [found for found in read_off if isinstance(found, Feature)]
    pulls = np.array([(found.value - series.truth["peak_width"]) / found.sigma for found in widths])
    assert len(pulls) > 110
    assert np.mean(np.abs(pulls) < 1.96) > 0.89  # 95 % less three standard deviations of 120 draws
    assert abs(pulls.mean()) < 0.3


def test_strength_does_not_depend_on_the_scale_of_the_intensity(noisy: CurveMaker):
    curve = noisy(Q, with_peak(Q, 2.0), 1000, 3)
    scaled = Curve(Q, 1e6 * curve.intensity, 1e6 * curve.sigma)
    assert value(read(scaled), "peak_strength").value == pytest.approx(
        value(read(curve), "peak_strength").value, rel=1e-6
    )


def test_an_overtone_on_a_lower_background_does_not_hide_its_first_order(noisy: CurveMaker):
    first = np.exp(-4 * np.log(2) * ((Q - 0.8) / 0.05) ** 2)
    second = np.exp(-4 * np.log(2) * ((Q - 1.6) / 0.05) ** 2)
    found = read(noisy(Q, power_law(Q) * (1 + 4 * first + 8 * second), 2000, 2))
    assert value(found, "peak_q").value == pytest.approx(0.8, abs=0.003)


def test_a_knee_is_no_peak(noisy: CurveMaker):
    found = read(noisy(Q, np.exp(-((Q * 1.2) ** 2) / 3) + 0.01, 3000, 4))
    assert isinstance(found["peak_q"], Absence)
    assert abs(value(found, "peak_strength").value) < 0.3
