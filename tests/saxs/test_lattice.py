"""Which lattice a series of peaks belongs to."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.domain.scattering import Absence, Curve, Feature, Fit, Floats
from models.saxs.features.lattice import EXTRACTOR, PROBABILITIES
from models.saxs.lattices import HEXAGONAL_FACTOR, SQUARES, Reflections, weigh_lattices
from models.saxs.peak_list import list_peaks
from models.saxs.steady import steady
from tests.saxs.conftest import CurveMaker

Q = np.linspace(0.05, 3, 500)


def reflections(name: str, parameter_nm: float, n: int) -> Floats:
    factor = HEXAGONAL_FACTOR if name == "hexagonal" else 1.0
    return 2 * np.pi * factor / parameter_nm * np.sqrt(np.array(SQUARES[name][:n], dtype=np.float64))


def pattern(name: str, parameter_nm: float, n: int) -> Floats:
    ideal = Q**-2.0 + 0.3
    background = ideal.copy()
    for order, at in enumerate(reflections(name, parameter_nm, n)):
        ideal += 3 * 0.7**order * background * np.exp(-4 * np.log(2) * ((Q - at) / 0.035) ** 2)
    return ideal


def read(curve: Curve) -> dict[str, Feature | Absence]:
    found = EXTRACTOR.extract(curve) if EXTRACTOR.extract else ()
    return {item.name: item for item in found if not isinstance(item, Fit)}


def value(found: dict[str, Feature | Absence], name: str) -> float:
    feature = found[name]
    assert isinstance(feature, Feature), feature
    return feature.value


@pytest.mark.parametrize(
    ("name", "parameter_nm", "n"),
    [("lamellar", 9.0, 3), ("hexagonal", 10.0, 4), ("ia3d", 20.0, 4), ("pn3m", 14.0, 5), ("fcc", 18.0, 4)],
)
def test_a_lattice_is_told_by_its_peaks(noisy: CurveMaker, name: str, parameter_nm: float, n: int):
    found = read(noisy(Q, pattern(name, parameter_nm, n), 3000, 1))
    assert value(found, f"p_{name}") > 0.8
    assert sum(value(found, name) for name in PROBABILITIES) == pytest.approx(1.0)
    parameter = found["lattice_parameter"]
    assert isinstance(parameter, Feature)
    assert abs(parameter.value - parameter_nm) < 4 * parameter.sigma < 0.02 * parameter_nm


def test_peaks_that_overlap_are_read_without_bias_and_know_what_they_do_to_each_other(noisy: CurveMaker):
    places, strengths, fwhm = np.array([1.069, 1.142]), np.array([1.1, 0.65]), 0.04
    u = (Q[:, None] - places) / fwhm
    ideal = (Q**-2.0 + 0.3) * (1 + np.exp(-4 * np.log(2) * u**2) @ strengths)
    pulls = []
    for seed in range(60):
        peaks = list_peaks(steady(noisy(Q, ideal, 3000, seed)))
        assert len(peaks) == 2
        pulls.append(
            [(peak.q_inv_nm - at) / peak.q_sigma_inv_nm for peak, at in zip(peaks, places, strict=True)]
        )
    assert np.all(np.abs(np.mean(pulls, axis=0)) < 0.5)
    assert np.all(np.std(pulls, axis=0) < 1.3)
    assert np.all(np.std(pulls, axis=0) > 0.7)


def test_bcc_and_sc_are_alike_below_their_seventh_reflection(noisy: CurveMaker):
    found = read(noisy(Q, pattern("sc", 12.0, 5), 3000, 2))
    assert value(found, "p_sc") == pytest.approx(value(found, "p_bcc"), abs=0.05)
    assert isinstance(found["lattice_parameter"], Absence)


def test_the_seventh_reflection_tells_bcc_from_sc():
    places = reflections("bcc", 20.0, 8)
    peaks = Reflections(places, 0.001 * places, np.linspace(0.1, places[-1] * 1.01, 500))
    posterior = weigh_lattices(peaks)
    assert posterior["bcc"][0] > 0.99


def test_two_peaks_leave_a_lattice_unresolved(noisy: CurveMaker):
    found = read(noisy(Q, pattern("lamellar", 9.0, 2), 3000, 3))
    assert value(found, "n_peaks") == 2
    absence = found["p_lamellar"]
    assert isinstance(absence, Absence)
    assert "unresolved: 2 peaks" in absence.why


def test_peaks_that_fit_no_lattice_are_said_to_be_of_none():
    rng, shares = np.random.default_rng(4), []
    for _ in range(200):
        places = np.sort(np.exp(rng.uniform(np.log(0.3), np.log(3.0), 5)))
        seen = np.linspace(0.2, places[-1] * 1.01, 400)
        posterior = weigh_lattices(Reflections(places, 0.002 * places, seen))
        shares.append(1.0 - sum(p for p, _ in posterior.values()))
    assert np.mean(shares) > 0.9
    assert np.mean(np.array(shares) < 0.4) < 0.06


def test_the_fringes_of_spheres_are_no_lattice(noisy: CurveMaker):
    x = Q * 14.0
    ideal = (3 * (np.sin(x) - x * np.cos(x)) / x**3) ** 2
    found = read(noisy(Q, np.convolve(ideal + 1e-7, np.ones(7) / 7, "same"), 1e7, 5))
    assert value(found, "n_peaks") >= 3
    absence = found["p_fcc"]
    assert isinstance(absence, Absence)
    assert "as the fringes of one particle's form do" in absence.why


def test_a_peak_that_dwarfs_its_background_is_among_the_peaks(noisy: CurveMaker):
    ideal = 0.01 * Q**-2.0 + 1e-4
    for order in (1, 2, 3, 4):
        u = (Q - 0.65 * order) / 0.025
        ideal = ideal + 5.0 / order**2 * (0.5 / (1 + 4 * u**2) + 0.5 * np.exp(-4 * np.log(2) * u**2))
    found = read(noisy(Q, ideal, 3000, 6))
    assert value(found, "n_peaks") == 4
    assert value(found, "p_lamellar") > 0.95


@settings(max_examples=30)
@given(st.sampled_from(sorted(SQUARES)), st.floats(5, 40), st.floats(0.5, 2.0))
def test_probabilities_do_not_depend_on_the_unit_of_length(name: str, parameter_nm: float, scale: float):
    places = reflections(name, parameter_nm, 4)
    seen = np.linspace(0.5 * places[0], places[-1] * 1.01, 400)
    one = weigh_lattices(Reflections(places, 0.002 * places, seen))
    other = weigh_lattices(Reflections(scale * places, 0.002 * scale * places, scale * seen))
    for lattice, (probability, fit) in one.items():
        assert other[lattice][0] == pytest.approx(probability, abs=1e-6)
        if probability > 0.6:
            assert other[lattice][1].parameter_nm == pytest.approx(fit.parameter_nm / scale, rel=1e-6)
