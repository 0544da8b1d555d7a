"""A folder of measured curves is an instrument; mistakes in it are refused with file and key."""

from collections.abc import Callable
from pathlib import Path

import event_model
import numpy as np
import pytest

from instruments.dataset import Options, build, open_dataset
from instruments.dataset_table import read_dataset
from instruments.documents import read_run
from instruments.kinds import BuildContext, build_beamline
from models.domain.decision import Decision, Reason
from models.domain.errors import BadInput, BeamlineFault, UnreachablePoint
from models.saxs.curve_files import read_curve

SILICA = Path(__file__).parents[2].parent / "shared" / "data" / "mesoporous-silica"
EXAMPLE = Path(__file__).parents[2] / "examples" / "mesoporous_silica" / "dataset.toml"

DESCRIPTION = """\
source = "a test"
licence = "CC0"
curve_column = "curve"
q_unit = "1/nm"

[[axes]]
column = "salt"
unit = "mM"

[[axes]]
column = "a"
name = "oil"

[[axes]]
column = "b"
name = "water"

[[sums]]
axes = ["oil", "water"]
"""
TABLE = """\
sample,salt,a,b,curve,remark
first,10,0.25,0.75,first.dat,
second,20,0.5,0.5,second.dat,"a, b"
third,30,0.75,0.25,,no beam that night
"""


def curve_text(level: float) -> str:
    q = np.linspace(0.1, 2.0, 30)
    intensity = level * np.exp(-(q**2))
    return "\n".join(f"{x:.4f} {y:.6f} {0.01 * y:.6f}" for x, y in zip(q, intensity, strict=True))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "measured"
    made.mkdir()
    (made / "dataset.toml").write_text(DESCRIPTION)
    (made / "samples.csv").write_text(TABLE)
    (made / "first.dat").write_text(curve_text(100))
    (made / "second.dat").write_text(curve_text(200))
    return made


@pytest.fixture
def serve(folder: Path, tmp_path: Path, start) -> Callable[[], tuple]:
    def made():
        context = BuildContext("night", 1, tmp_path)
        beamline = build_beamline(build, {"folder": str(folder)}, context)
        return beamline, start(beamline)

    return made


def choose(point, seq: int = 1) -> Decision:
    return Decision(seq=seq, kind="suggest", point=point, reason=Reason(code="test", sentence="Test."))


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_rows_with_a_curve_are_the_only_candidates(folder):
    dataset = open_dataset(Options(folder=str(folder)), Path())
    assert [point.sample for point in dataset.space.candidates] == ["first", "second"]
    assert dataset.n_left_out == 1
    assert dataset.space.names == ("salt", "oil", "water")
    assert (dataset.space.axis("salt").low, dataset.space.axis("salt").high) == (10, 20)
    assert dataset.space.axis("salt").unit == "mM"
    assert all(not dataset.space.objections(point) for point in dataset.space.candidates)


def test_the_curve_of_the_chosen_sample_is_served_exactly(serve, measure, folder):
    beamline, instrument = serve()
    exposure = measure(instrument, choose(beamline.space.candidates[1])).exposure

    (asset,) = exposure.assets
    assert asset.role == "curve"
    assert exposure.point == beamline.space.candidates[1]
    assert exposure.monitor is None
    served, source = read_curve(Path(asset.path)), read_curve(folder / "second.dat", q_unit="1/nm")
    assert np.array_equal(served.q_inv_nm, source.q_inv_nm)
    assert np.array_equal(served.intensity, source.intensity)
    assert np.array_equal(served.sigma, source.sigma)


def test_the_documents_of_a_served_curve_are_valid(serve, measure, tmp_path):
    beamline, instrument = serve()
    exposure = measure(instrument, choose(beamline.space.candidates[0])).exposure
    run = read_run(tmp_path, exposure.action_id)
    validators, names = event_model.schema_validators, event_model.DocumentNames
    validators[names.descriptor].validate(run.descriptor)
    validators[names.event].validate(run.event)
    validators[names.resource].validate(run.resources[0])
    assert run.resources[0]["resource_path"] == "frames/night-00001-2expose-1.dat"


def test_a_served_curve_is_found_again_after_a_crash(serve, measure):
    beamline, instrument = serve()
    decision = choose(beamline.space.candidates[0])
    exposure = measure(instrument, decision).exposure
    report = serve()[1].reconcile(instrument.actions(decision)[-1], decision)
    assert report.exposure == exposure


def test_a_sample_that_does_not_exist_is_refused(serve, measure):
    beamline, instrument = serve()
    ghost = beamline.space.candidates[0].model_copy(update={"sample": "frist"})
    with pytest.raises(UnreachablePoint, match="there is no sample 'frist'; did you mean 'first'"):
        measure(instrument, choose(ghost))


def test_a_point_between_the_samples_is_refused(serve, measure):
    beamline, instrument = serve()
    between = beamline.space.candidates[0].model_copy(update={"sample": None})
    with pytest.raises(UnreachablePoint, match="there is no sample"):
        measure(instrument, choose(between))


def test_a_curve_that_vanishes_in_the_night_is_a_fault_not_a_crash(serve, measure, folder):
    beamline, instrument = serve()
    (folder / "first.dat").unlink()
    with pytest.raises(BeamlineFault, match="the curve of 'first' cannot be served"):
        measure(instrument, choose(beamline.space.candidates[0]))


def test_a_description_may_lie_beside_the_campaign_file(folder, tmp_path):
    home = tmp_path / "campaign"
    home.mkdir()
    (folder / "dataset.toml").rename(home / "mine.toml")
    dataset = open_dataset(Options(folder=str(folder), description="mine.toml"), home)
    assert len(dataset.curves) == 2


def test_building_writes_nothing(folder, tmp_path):
    before = set(tmp_path.rglob("*"))
    build_beamline(build, {"folder": str(folder)}, BuildContext("night", 1, tmp_path / "new"))
    assert set(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_tables_may_be_parted_otherwise_and_start_with_a_mark(folder, delimiter):
    text = TABLE.replace('"a, b"', "ab").replace(",", delimiter)
    (folder / "samples.csv").write_text("\ufeff# made by hand\n\n" + text, encoding="utf-8")
    assert len(read_dataset(folder / "dataset.toml", folder).curves) == 2


def test_rounded_fractions_are_scaled_to_their_sum(folder):
    rewrite(folder / "samples.csv", "0.25,0.75", "0.333,0.666")
    point = read_dataset(folder / "dataset.toml", folder).space.candidates[0]
    assert point["oil"] + point["water"] == pytest.approx(1.0, abs=1e-12)
    assert point["oil"] == pytest.approx(0.333 / 0.999)


def test_a_dataset_needs_no_sums(folder):
    (folder / "dataset.toml").write_text(DESCRIPTION.split("[[sums]]")[0])
    rewrite(folder / "samples.csv", "0.25,0.75", "0.9,0.9")
    assert read_dataset(folder / "dataset.toml", folder).space.sums == ()


WRONG_DESCRIPTIONS = {
    "an unknown key": ('q_unit = "1/nm"', 'q_unit = "1/nm"\nq_units = 1', r"q_units: .*mean q_unit"),
    "no q unit": ('q_unit = "1/nm"\n', "", r"dataset.toml: q_unit is missing"),
    "a q unit that is none": ('"1/nm"', '"nm"', r"dataset.toml: q_unit: is 'nm'"),
    "broken TOML": ('licence = "CC0"', "licence = CC0", r"dataset.toml: is not valid TOML.*line 2"),
    "a sum of no axis": ('"oil", "water"', '"oil", "wine"', r"the axis 'wine', which does not exist"),
    "one axis in two": ("axes = [", 'axes = ["oil", "salt"]\n[[sums]]\naxes = [', r"'oil' stands in a sum"),
    "a heading that is no name": ('name = "oil"', 'name = "oil (%)"', r"axes\[1\]: an axis cannot be called"),
    "two axes of one name": ('name = "water"', 'name = "oil"', r"the axis 'oil' is listed 2 times"),
    "a column that is not there": ('"salt"', '"sugar"', r"line 1: has no column 'sugar', .*axes\[0\].column"),
    "a curve column that is not there": ('"curve"', '"usaxs"', r"has no column 'usaxs', which curve_column"),
    "a table that is not there": ("source", 'table = "t.csv"\nsource', r"t.csv: there is no such file"),
    "curves without intensity": ("source", 'curve_columns = ["q"]\nsource', r"curve_columns lacks intensity"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", WRONG_DESCRIPTIONS)
def test_a_wrong_description_is_refused_with_file_and_key(folder, mistake):
    old, new, message = WRONG_DESCRIPTIONS[mistake]
    rewrite(folder / "dataset.toml", old, new)
    with pytest.raises(BadInput, match=message):
        open_dataset(Options(folder=str(folder)), Path())


WRONG_TABLES = {
    "a word for a number": ("20,0.5", "lots,0.5", r"samples.csv, line 3, column salt: is 'lots', which"),
    "an empty number": ("20,0.5", ",0.5", r"line 3, column salt: is empty"),
    "a decimal comma": ("20,0.5", '"20,5",0.5', r"column salt: is '20,5'.*Write a decimal point"),
    "a number that is not finite": ("20,0.5", "nan,0.5", r"column salt: is nan, which is not finite"),
    "a curve that is not there": ("second.dat", "sec.dat", r"line 3, column curve: names .*sec.dat, which"),
    "one name for two samples": ("second,", "first,", r"line 3, column sample: 'first' stands in line 2 too"),
    "a sample without a name": ("second,", ",", r"line 3, column sample: is empty"),
    "a sum that is missed": ("0.5,0.5", "0.5,0.6", r"line 3: oil \+ water = 1.1, must be 1 within 0.005"),
    "a row that is too short": ("0.5,0.5,second.dat,", "0.5,", r"line 3: has \d cells, the headings are 6"),
    "one heading twice": ("remark", "salt", r"line 1: has the column 'salt' 2 times"),
    "a quote that never ends": ('"a, b"', '"a, b', r"samples.csv, line \d"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", WRONG_TABLES)
def test_a_wrong_table_is_refused_with_file_and_line(folder, mistake):
    old, new, message = WRONG_TABLES[mistake]
    rewrite(folder / "samples.csv", old, new)
    with pytest.raises(BadInput, match=message):
        open_dataset(Options(folder=str(folder)), Path())


def test_an_empty_table_is_refused(folder):
    (folder / "samples.csv").write_text(TABLE.splitlines()[0] + "\n")
    with pytest.raises(BadInput, match="has no row with a curve"):
        open_dataset(Options(folder=str(folder)), Path())
    (folder / "samples.csv").write_text("")
    with pytest.raises(BadInput, match="has no row with a curve"):
        open_dataset(Options(folder=str(folder)), Path())


def test_a_curve_file_that_is_no_curve_is_refused_before_anything_moves(folder, tmp_path):
    (folder / "second.dat").write_text("to be done\n")
    with pytest.raises(BadInput, match=r"second.dat"):
        build_beamline(build, {"folder": str(folder)}, BuildContext("night", 1, tmp_path))


def test_no_folder_is_refused_with_the_option_that_names_it():
    with pytest.raises(BadInput, match="--dataset DIR"):
        open_dataset(Options(), Path())
    with pytest.raises(BadInput, match="there is no such f"):
        open_dataset(Options(folder="/nowhere/at/all"), Path())


@pytest.mark.skipif(not SILICA.exists(), reason="the measured silica curves are not here")
def test_the_measured_silica_is_served(start, measure, tmp_path):
    options = {"folder": str(SILICA), "description": str(EXAMPLE)}
    beamline = build_beamline(build, options, BuildContext("night", 1, tmp_path))
    assert len(beamline.space.candidates) == 67
    assert beamline.space.names == ("teos", "ammonia", "water", "ethanol", "ctab_mg_per_ml", "f127_mg_per_ml")
    assert all(not beamline.space.objections(point) for point in beamline.space.candidates)
    exposure = measure(start(beamline), choose(beamline.space.candidates[5])).exposure
    served = read_curve(Path(exposure.assets[0].path))
    source = next(SILICA.glob(f"saxs/*{'A9-T2'}*"))
    assert np.array_equal(served.intensity, read_curve(source, q_unit="1/A").intensity)


@pytest.mark.skipif(not SILICA.exists(), reason="the measured silica curves are not here")
def test_the_ultra_small_angle_curves_of_the_same_table_are_served_by_changing_one_key(tmp_path):
    text = EXAMPLE.read_text().replace('curve_column = "saxs"', 'curve_column = "usaxs"')
    (tmp_path / "dataset.toml").write_text(text)
    dataset = read_dataset(tmp_path / "dataset.toml", SILICA)
    assert len(dataset.curves) == 68
