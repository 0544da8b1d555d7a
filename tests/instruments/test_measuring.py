"""A decision is measured: one trip through RunEngine, devices, documents and frame file."""

import json
import threading
from dataclasses import replace
from pathlib import Path

import event_model
import h5py
import hdf5plugin  # noqa: F401  (registers the decompressor)
import numpy as np
import pytest

from instruments.documents import documents_path, read_run
from instruments.frame_writer import write_atomically
from instruments.kinds import BuildContext, build_beamline
from instruments.soft import FileDetector, FileKind, Setting
from instruments.virtual import build


def documents_of(folder: Path, action_id: str) -> list[tuple[str, dict]]:
    lines = documents_path(folder, action_id).read_text().splitlines()
    return [tuple(json.loads(line)) for line in lines]


def test_a_decision_is_measured_end_to_end(instrument, decide, measure, world):
    report = measure(instrument, decide(7))

    exposure = report.exposure
    assert report.status == "succeeded"
    assert exposure.seq == 7
    assert exposure.point.coordinates == pytest.approx({"surfactant": 0.2, "cosurfactant": 0.1, "water": 0.7})
    assert exposure.point.sample is None
    assert (exposure.monitor, exposure.transmission, exposure.transmission_sigma) == (2e5, 0.8, 0.002)
    assert exposure.exposure_s == 2.0
    assert world.shots == [(7, {"surfactant": 0.2, "cosurfactant": 0.1, "water": 0.7})]


def test_the_frame_file_holds_what_a_reduction_needs(instrument, decide, measure, world):
    exposure = measure(instrument, decide()).exposure

    (asset,) = exposure.assets
    assert asset.role == "frame"
    assert asset.n_bytes == Path(asset.path).stat().st_size
    with h5py.File(asset.path) as file:
        data, detector = file["/entry/data/data"], file["/entry/instrument/detector"]
        assert data.shape == (1, 40, 30)
        assert data.dtype == np.int32
        assert data._filters == {"32008": data._filters["32008"]}, "bitshuffle"
        assert np.all(data[0][world.pixel_mask] == -1)
        assert np.all(data[0][~world.pixel_mask] == 200)
        assert np.array_equal(detector["pixel_mask"][()].astype(bool), world.pixel_mask)
        assert detector["pixel_mask"].dtype == np.uint32
        assert detector["distance"][()] == pytest.approx(1.5)
        assert detector["x_pixel_size"][()] == pytest.approx(172e-6)
        assert (detector["beam_center_x"][()], detector["beam_center_y"][()]) == (15, 20)
        assert detector["count_time"][()] == 2.0
        assert detector["saturation_value"][()] == 1000
        wavelength = file["/entry/instrument/beam/incident_wavelength"]
        assert wavelength[()] == pytest.approx(1.0)
        assert wavelength.attrs["units"] == "angstrom"
        assert file["/entry/control/integral"][()] == 2e5
        assert file["/entry/sample/thickness"][()] == 1.5
        assert file["/entry/entry_identifier"][()].decode() == exposure.action_id


def test_every_document_is_valid_and_carries_the_ids(instrument, decide, measure, tmp_path):
    exposure = measure(instrument, decide(3)).exposure

    documents = documents_of(tmp_path, exposure.action_id)
    for name, document in documents:
        event_model.schema_validators[event_model.DocumentNames[name]].validate(document)
    names = [name for name, _ in documents]
    assert names == ["start", "descriptor", "resource", "datum", "event", "stop"]
    start = documents[0][1]
    assert start["campaign"] == "night"
    assert start["decision_id"] == "night-00003"
    assert start["action_id"] == exposure.action_id
    assert start["seq"] == 3
    assert start["uid"] == exposure.run_uid
    assert documents[-1][1]["exit_status"] == "success"


class AreaDetectorHandler:
    """What readers of the AD_HDF5 format do: nothing but the documents leads them to the array."""

    specs = frozenset({"AD_HDF5"})

    def __init__(self, path: str, frame_per_point: int = 1) -> None:
        self.file, self.n = h5py.File(path, "r"), frame_per_point

    def __call__(self, point_number: int) -> np.ndarray:
        return self.file["/entry/data/data"][point_number * self.n : (point_number + 1) * self.n]

    def close(self) -> None:
        self.file.close()


def fill(documents, handler) -> np.ndarray:
    found = []
    with event_model.Filler({"AD_HDF5": handler}, inplace=False) as filler:
        for name, document in documents:
            filled_name, filled = filler(name, document)
            if filled_name == "event":
                found.append(np.asarray(filled["data"]["pilatus_image"]))
    return found[0]


def test_a_standard_reader_finds_the_frame_from_the_documents_alone(instrument, decide, measure, tmp_path):
    exposure = measure(instrument, decide()).exposure
    frame = fill(documents_of(tmp_path, exposure.action_id), AreaDetectorHandler)
    assert frame.shape == (1, 40, 30)
    assert frame.max() == 200


def test_the_facilities_own_handler_reads_it_too(instrument, decide, measure, tmp_path):
    from area_detector_handlers import handlers

    exposure = measure(instrument, decide()).exposure
    frame = fill(documents_of(tmp_path, exposure.action_id), handlers.AreaDetectorHDF5Handler)
    assert frame.shape == (1, 40, 30)
    assert frame.max() == 200


def test_asking_for_the_actions_moves_nothing(instrument, beamline, decide, world, tmp_path):
    actions = instrument.actions(decide(4))

    assert [(a.kind, a.action_class, a.step) for a in actions] == [
        ("prepare", "at_most_once", 1),
        ("load", "idempotent", 2),
        ("expose", "verify_then_retry", 3),
    ]
    assert len({a.action_id for a in actions}) == 3
    assert instrument.actions(decide(4)) == actions
    assert world.shots == []
    assert list(tmp_path.iterdir()) == []
    assert not beamline.shutter.is_open


def test_a_decision_to_stop_asks_for_no_action(instrument, decide):
    assert instrument.actions(decide(kind="stop", point=None)) == ()
    assert instrument.actions(decide(kind="pause")) == ()


def test_a_blank_is_measured_like_a_sample(instrument, decide, measure):
    blank = {"coordinates": {"surfactant": 0.0, "cosurfactant": 0.0, "water": 1.0}}
    exposure = measure(instrument, decide(kind="blank", point=blank)).exposure
    assert exposure.point["water"] == 1.0


def test_the_shutter_is_open_only_while_the_frame_is_taken(instrument, beamline, decide, measure, world):
    seen = []
    beamline.shutter.subscribe(lambda value, **_: seen.append((value, len(world.shots))), run=False)
    measure(instrument, decide())
    assert seen == [("open", 0), ("closed", 1)]


def test_a_closed_shutter_gives_neither_counts_nor_flux(beamline, start, decide, measure):
    report = measure(start(replace(beamline, shutter=None)), decide())
    with h5py.File(report.exposure.assets[0].path) as file:
        assert file["/entry/data/data"][()].max() == 0
    assert report.exposure.monitor == 0


def test_the_real_world_behind_the_devices_gives_a_megapixel_frame(start, decide, measure, tmp_path):
    context = BuildContext("night", 5, tmp_path, ("surfactant", "cosurfactant", "water"))
    exposure = measure(start(build_beamline(build, {}, context)), decide()).exposure
    run = read_run(tmp_path, exposure.action_id)
    assert run.descriptor["data_keys"]["pilatus_image"]["shape"] == [1, 1043, 981]
    with h5py.File(exposure.assets[0].path) as file:
        counts = file["/entry/data/data"][0]
    assert counts.shape == (1043, 981)
    assert counts[counts >= 0].sum() > 1e5
    assert (counts < 0).mean() > 0.05, "gaps hold no counts"


def test_a_file_has_its_name_only_once_it_is_whole(tmp_path):
    path, seen = tmp_path / "frames" / "a.h5", []

    def write(partial: Path) -> None:
        seen.append((partial == path, path.exists()))
        partial.write_bytes(b"whole")

    write_atomically(path, write)
    assert seen == [(False, False)]
    assert [file.name for file in path.parent.iterdir()] == ["a.h5"]


def test_a_late_file_does_not_lend_its_documents_to_the_next(tmp_path):
    release, tag = threading.Event(), Setting(name="tag", value="late")

    def take(action_id: str, exposure_s: float, path: Path) -> None:
        if action_id == "late":
            release.wait(5)
        path.write_text(action_id)

    files = FileKind(tmp_path, ".", ".txt", "TEXT", (1,), "<i4")
    camera = FileDetector(name="camera", files=files, take=take, action_id=tag)
    late = camera.trigger()
    tag.put("next")
    camera.trigger().wait(5)
    release.set()
    late.wait(5)
    documents = dict(camera.collect_asset_docs())
    assert documents["resource"]["resource_path"] == "next.txt"
