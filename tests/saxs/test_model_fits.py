"""Features from models of sasmodels."""

import shutil

import numpy as np
import pytest

from models.domain.errors import BadInput, FitFailed
from models.domain.scattering import Absence, Curve, Feature, Fit
from models.saxs.extractor import Extractor
from models.saxs.model_fits import Free, fit_model
from models.saxs.reading import read_all
from tests.saxs.conftest import CurveMaker, sphere

Q = np.linspace(0.05, 3, 200)

pytestmark = pytest.mark.skipif(
    shutil.which("cc") is None, reason="sasmodels compiles its kernels: no C compiler here"
)


@pytest.fixture(scope="module")
def spheres() -> Extractor:
    return fit_model("sphere", {"radius": Free(3.0, 1.0, 10.0)}, {"sld": 4.0, "sld_solvent": 0.0})


def read(extractor: Extractor, curve: Curve) -> dict[str, Feature | Absence | Fit]:
    return {item.name: item for item in read_all((extractor,), curve)}


def test_an_extractor_says_beforehand_what_it_makes_in_our_units(spheres: Extractor):
    assert spheres.makes == {
        "sphere_radius": "nm", "sphere_scale": "a.u.", "sphere_background": "a.u.", "sphere_chi2": "1",
    }  # fmt: skip


def test_95_percent_intervals_of_a_radius_hold_the_truth_as_often_as_they_say(
    spheres: Extractor, noisy: CurveMaker
):
    ideal, inside, n = sphere(Q, 4.0) + 0.01, 0, 60
    for seed in range(n):
        found = read(spheres, noisy(Q, ideal, 100, seed))
        radius, background = found["sphere_radius"], found["sphere_background"]
        assert isinstance(radius, Feature)
        assert isinstance(background, Feature)
        assert background.value == pytest.approx(0.01, abs=5 * background.sigma)
        inside += abs(radius.value - 4.0) < 1.96 * radius.sigma
    assert inside >= 0.87 * n


def test_the_fit_goes_on_record_beside_its_parameters(spheres: Extractor, noisy: CurveMaker):
    found = read(spheres, noisy(Q, sphere(Q, 4.0) + 0.01, 1000, 1))
    fit, chi2 = found["sphere"], found["sphere_chi2"]
    assert isinstance(fit, Fit)
    assert isinstance(chi2, Feature)
    assert fit.chi2_reduced == pytest.approx(1.0, abs=0.35)
    assert chi2.value == pytest.approx(1.0, abs=4 * chi2.sigma)
    assert {parameter.name for parameter in fit.parameters} == {"radius", "scale", "background"}


def test_a_wrong_model_says_so_by_its_chi_squared(spheres: Extractor, noisy: CurveMaker):
    chi2 = read(spheres, noisy(Q, 1 / (1 + (3 * Q) ** 2) ** 2 + 0.01, 1e4, 1))["sphere_chi2"]
    assert isinstance(chi2, Feature)
    assert chi2.value > 5


def test_a_parameter_at_its_limit_is_absent(noisy: CurveMaker):
    narrow = fit_model("sphere", {"radius": Free(2.0, 1.0, 3.0)}, {"sld": 4.0, "sld_solvent": 0.0})
    absence = read(narrow, noisy(Q, sphere(Q, 4.0) + 0.01, 1000, 1))["sphere_radius"]
    assert isinstance(absence, Absence)
    assert "stands at its limit" in absence.why


def test_five_points_are_too_few(spheres: Extractor):
    q = np.linspace(0.1, 1, 5)
    assert spheres.extract is not None
    with pytest.raises(FitFailed, match="5 points, needs 9"):
        spheres.extract(Curve(q, np.ones(5), np.ones(5)))


@pytest.mark.parametrize(
    ("name", "free", "said"),
    [
        ("spere", {"radius": Free(3.0, 1.0, 10.0)}, "'spere', which is no model of sasmodels"),
        ("sphere", {"raduis": Free(3.0, 1.0, 10.0)}, "no parameter 'raduis'"),
        ("sphere", {"scale": Free(3.0, 1.0, 10.0)}, "no parameter 'scale' to set"),
        ("sphere", {"radius": Free(0.5, 1.0, 10.0)}, "starts at 0.5, outside of 1 to 10"),
    ],
)
def test_what_cannot_be_fitted_is_refused_before_the_night(name: str, free: dict[str, Free], said: str):
    with pytest.raises(BadInput, match=said):
        fit_model(name, free)
