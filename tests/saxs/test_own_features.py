"""Features of one's own: a plain function, and an extractor that an installed package brings."""

import sys
from pathlib import Path

import numpy as np
import pytest

from models.domain.errors import BadInput
from models.domain.scattering import Absence, Curve, Feature
from models.saxs.extractors import load_extractor, load_extractors
from models.saxs.reading import read_features

Q = np.geomspace(0.05, 5.0, 200)
CURVE = Curve(Q, 10.0 / (1.0 + Q**2), 0.01 / (1.0 + Q**2))
MODULE = """
def highest(curve):
    i = int(curve.intensity.argmax())
    return curve.intensity[i], curve.sigma[i], curve.unit

def twice(curve):
    return 2.0, 1.0
twice.unit = "1"

def shy(curve):
    return None

def shy_in_nm(curve):
    return None
shy_in_nm.unit = "nm"

def fickle(curve):
    return 1.0, 0.1, "nm" if curve.source == "trial curve" else "1/nm"

def endless(curve):
    return float("inf"), 1.0, "nm"
endless.unit = "nm"

NUMBER = 3
"""


@pytest.fixture(autouse=True)
def own_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "own_functions.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("own_functions", None)


def test_a_plain_function_is_a_feature_of_its_name_in_the_unit_that_it_gives():
    extractor = load_extractor("own_functions:highest")
    assert dict(extractor.makes) == {"highest": "a.u."}
    (found,) = read_features((extractor,), CURVE)
    assert found == Feature(
        name="highest", value=float(CURVE.intensity[0]), sigma=float(CURVE.sigma[0]), unit="a.u."
    )


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("twice", "must return (value, sigma, unit), and returned (2.0, 1.0)"),
        ("shy_in_nm", "found none in this curve"),
        ("fickle", "came in '1/nm', and was announced in 'nm'"),
        ("endless", "gave inf +- 1, which is not finite"),
    ],
)
def test_what_is_no_feature_is_absent_with_the_reason(name: str, why: str):
    (found,) = read_features((load_extractor(f"own_functions:{name}"),), CURVE)
    assert isinstance(found, Absence)
    assert why in found.why


def test_a_function_whose_unit_cannot_be_known_is_refused_with_what_to_write():
    with pytest.raises(BadInput, match=r'shy\.unit = "nm"'):
        load_extractor("own_functions:shy")
    with pytest.raises(BadInput, match="which is a int and no Extractor"):
        load_extractor("own_functions:NUMBER")


def test_an_installed_package_brings_extractors_that_are_found_by_name(own_module: Path):
    brought = own_module / "own_lab-1.0.dist-info"
    brought.mkdir()
    (brought / "METADATA").write_text("Metadata-Version: 2.1\nName: own-lab\nVersion: 1.0\n")
    (brought / "entry_points.txt").write_text(
        "[nightbeam.extractors]\nsummit = own_functions:highest\nguinier = own_functions:highest\n"
    )
    summit, guinier = load_extractors(("summit", "guinier"))
    assert set(summit.makes) == {"highest"}
    assert "rg" in guinier.makes, "what ships keeps its name"
    with pytest.raises(BadInput, match="Did you mean 'summit'"):
        load_extractor("sumit")
