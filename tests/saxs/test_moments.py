"""Centre of mass, width and kurtosis of a curve."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.domain.errors import FitFailed
from models.domain.scattering import Curve, Feature
from models.saxs.features.moments import extract
from tests.saxs.conftest import CurveMaker

Q = np.linspace(0, 4, 801)


def read(curve: Curve) -> dict[str, Feature]:
    return {item.name: item for item in extract(curve) if isinstance(item, Feature)}


@settings(max_examples=40)
@given(st.floats(1.5, 2.5), st.floats(0.1, 0.3), st.floats(1e-3, 1e3))
def test_a_gaussian_has_its_own_centre_and_width_and_a_kurtosis_of_three(
    at: float, width: float, scale: float
):
    ideal = scale * np.exp(-0.5 * ((Q - at) / width) ** 2)
    found = read(Curve(Q, ideal, np.full(Q.size, 1e-6 * scale)))
    assert found["com_q"].value == pytest.approx(at, abs=1e-6)
    assert found["width_q"].value == pytest.approx(width, rel=1e-4)
    assert found["kurtosis_q"].value == pytest.approx(3.0, abs=0.01)


def test_95_percent_intervals_of_moments_hold_the_truth_as_often_as_they_say(noisy: CurveMaker):
    q = np.linspace(0.05, 3, 200)
    ideal = 5 / (1 + (2 * q) ** 2) ** 2 + 0.02
    truth = {name: feature.value for name, feature in read(Curve(q, ideal, 1e-9 * ideal)).items()}
    n_inside = dict.fromkeys(truth, 0)
    for seed in range(300):
        for name, feature in read(noisy(q, ideal, 30, seed)).items():
            n_inside[name] += abs(feature.value - truth[name]) < 1.96 * feature.sigma
    assert all(273 <= n <= 296 for n in n_inside.values()), n_inside


def test_a_curve_of_noise_has_no_moments():
    noise = np.random.default_rng(1).normal(0, 1, Q.size)
    with pytest.raises(FitFailed, match="must stand 5 sigma"):
        extract(Curve(Q, noise, np.ones(Q.size)))
