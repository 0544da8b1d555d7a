"""NXcanSAS opens in sasdata and gives every point back."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from sasdata.dataloader.loader import Loader

from models.domain.curve_text import curve_to_text
from tests import fakes
from tests.db.export_record import curve, execute, exported, record

ANGSTROM_PER_NM = 10.0


@pytest.fixture(scope="module")
def curves(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, out = tmp_path_factory.mktemp("record"), tmp_path_factory.mktemp("curves")
    record(fakes.sqlite_url(folder), folder)
    assert exported(fakes.sqlite_url(folder), "nxcansas", out).notes == ()
    return out


@pytest.mark.parametrize(("name", "unit"), [("fake", "1/cm"), ("other", "a.u.")])
def test_sasdata_reads_every_accepted_curve_and_every_point_of_it(curves, name, unit):
    loaded = Loader().load(str(curves / f"{name}.h5"))
    assert [one.run_name[one.run[0]] for one in loaded] == ["decision 1", "decision 2"]
    for seq, one in enumerate(loaded, start=1):
        true = curve(seq, unit)
        assert one.errors == []
        np.testing.assert_allclose(one.x, true.q_inv_nm / ANGSTROM_PER_NM, rtol=1e-12, atol=0)
        np.testing.assert_allclose(one.y, true.intensity, rtol=1e-12, atol=0)
        np.testing.assert_allclose(one.dy, true.sigma, rtol=1e-12, atol=0)


def test_sasdata_knows_sample_instrument_and_where_it_stands_on_record(curves):
    one = Loader().load(str(curves / "fake.h5"))[1]
    assert one.sample.name == "vial-2"
    assert "surfactant = 0.2" in one.sample.details
    assert one.sample.transmission == 0.75
    assert one.instrument == "fake"
    assert one.source.radiation == "x-ray"
    (process,) = one.process
    assert "The blank of decision 1 was subtracted" in process.description
    assert {"seq = 2", "kind = suggest", "campaign = fake"} <= set(process.term)
    assert any(term.startswith("curve_sha256 = ") for term in process.term)
    assert f"frame_sha256 = {'0' * 64}" in process.term


def test_the_file_keeps_to_the_application_definition(curves):
    with h5py.File(curves / "fake.h5") as file:
        assert file.attrs["default"] == "sasentry000001"
        for entry in file.values():
            assert (entry.attrs["NX_class"], entry.attrs["canSAS_class"]) == ("NXentry", "SASentry")
            assert entry["definition"].asstr()[()] == "NXcanSAS"
            assert entry["title"].asstr()[()].startswith("fake ")
            points = entry[entry.attrs["default"]]
            assert (points.attrs["signal"], points.attrs["I_axes"]) == ("I", "Q")
            assert (points["Q"].attrs["units"], points["I"].attrs["units"]) == ("1/nm", "1/cm")
            assert points["Idev"].attrs["units"] == "1/cm"
            assert points["I"].attrs["uncertainties"] == "Idev"
            np.testing.assert_array_equal(points["Q"][()], curve(1).q_inv_nm)
            scale = points[points["I"].attrs["scaling_factor"]]
            assert (scale[()], points[scale.attrs["uncertainties"]][()]) == (1.0, 0.0123)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_curve_that_is_not_in_the_record_is_taken_from_its_file_or_left_out_with_a_reason(url, tmp_path):
    record(url, tmp_path)
    kept, edited = tmp_path / "1.dat", tmp_path / "2.dat"
    kept.write_text(curve_to_text(curve(1)))
    edited.write_text(curve_to_text(curve(9)))
    execute(
        url,
        "DELETE FROM decision_artifact",
        f"UPDATE asset SET path = '{kept}' WHERE path = '/gone/1.dat'",
        f"UPDATE asset SET path = '{edited}' WHERE path = '/gone/2.dat'",
    )
    notes = exported(url, "nxcansas", tmp_path / "out", campaign="fake").notes
    assert notes == (f"fake: decision 2 is left out: {edited} is not the file on record any more",)
    (loaded,) = Loader().load(str(tmp_path / "out" / "fake.h5"))
    np.testing.assert_allclose(loaded.y, curve(1).intensity, rtol=1e-12, atol=0)
