"""A table of values without curves is an instrument, too; mistakes in it are refused."""

from pathlib import Path

import pytest

from instruments.dataset import build
from instruments.dataset_table import read_dataset
from instruments.kinds import BuildContext, build_beamline
from models.domain.analysis_spec import AnalysisSpec
from models.domain.decision import Decision, Reason
from models.domain.errors import BadInput
from models.domain.scattering import Absence, Feature
from models.saxs.pipeline import build_analysis
from models.saxs.reduction import Detector

VALUES = """\
source = "a test"
licence = "CC0"
[[axes]]
column = "salt"
unit = "mM"
[[axes]]
column = "ph"
[[values]]
column = "Rg"
name = "rg"
unit = "nm"
sigma_column = "err"
[[values]]
column = "yield"
sigma = 0.02
"""
VALUE_TABLE = """\
sample,salt,ph,Rg,err,yield
first,10,4.5,3.2,0.1,0.5
second,20,6.5,,0.1,0.7
third,30,8.5,,,
"""


def choose(point, seq: int = 1) -> Decision:
    return Decision(seq=seq, kind="suggest", point=point, reason=Reason(code="test", sentence="Test."))


@pytest.fixture
def values(tmp_path: Path) -> Path:
    made = tmp_path / "table"
    made.mkdir()
    (made / "dataset.toml").write_text(VALUES)
    (made / "samples.csv").write_text(VALUE_TABLE)
    return made


def test_a_table_of_values_is_served_with_their_errors_and_what_is_empty_is_absent(
    values, tmp_path, start, measure
):
    beamline = build_beamline(build, {"folder": str(values)}, BuildContext("night", 1, tmp_path))
    assert beamline.values == {"rg": "nm", "yield": "1"}
    assert beamline.space is not None
    first, second = beamline.space.candidates
    analysis = build_analysis(AnalysisSpec(), extractors=(), folder=tmp_path, detector=Detector())
    instrument = start(beamline)
    one = analysis(measure(instrument, choose(first)).exposure, None).observation
    other = analysis(measure(instrument, choose(second, seq=2)).exposure, None).observation
    assert one.features == (
        Feature(name="rg", value=3.2, sigma=0.1, unit="nm"),
        Feature(name="yield", value=0.5, sigma=0.02, unit="1"),
    )
    assert [feature.name for feature in other.features] == ["yield"]
    assert other.absences == (Absence(name="rg", why="the table holds no value of it"),)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('sigma_column = "err"', "", "needs sigma_column, or sigma = its standard deviation in nm"),
        ("sigma = 0.02", "sigma = 0.0", "greater than 0"),
        ('column = "yield"', 'column = "gain"', "has no column 'gain', which values[1].column of the"),
        ('name = "rg"', 'name = "salt"', "the name 'salt' is given twice"),
        ("[[axes]]", 'curve_column = "c"\n[[axes]]', "Keep one of them"),
        ("10,4.5,3.2,0.1", "10,4.5,3.2,0", "column err: is 0, and a standard deviation is above 0"),
        ("10,4.5,3.2,0.1", '10,4.5,"3,2",0.1', "Write a decimal point"),
    ],
)
def test_a_mistake_in_a_table_of_values_is_named(values, old, new, said):
    for name in ("dataset.toml", "samples.csv"):
        file = values / name
        file.write_text(file.read_text().replace(old, new, 1))
    with pytest.raises(BadInput) as refused:
        read_dataset(values / "dataset.toml", values)
    assert said in str(refused.value)
