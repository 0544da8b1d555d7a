"""A watched folder: each frame is reduced once, when it is whole, and what is wrong with it is said."""

import fcntl
import os
import signal
import threading
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from agent.signals import listening
from agent.watching.recipe import Recipe
from models.domain.errors import BadInput
from models.saxs.curve_files import read_curve
from tests.agent.watched import SHAPE, Laboratory, Told, counts_of, write_hdf5, write_tiff


@pytest.fixture
def lab(tmp_path: Path) -> Laboratory:
    return Laboratory(tmp_path)


def test_each_frame_becomes_a_row_a_curve_file_and_a_group(lab):
    lab.add(1, 2, 3)
    counts = lab.watch()
    assert (counts.n_good, counts.n_flagged) == (3, 0)
    assert all(int(row["counts"]) > 10_000 for row in lab.rows()), (
        "photons, not the share that they leave open"
    )
    rows = lab.rows()
    assert [row["file"] for row in rows] == ["frame_001.tif", "frame_002.tif", "frame_003.tif"]
    assert all(abs(float(r["rg [nm]"]) - 4.0) < 5 * float(r["rg_sigma [nm]"]) for r in rows)
    kept = read_curve(lab.out / rows[1]["curve"])
    with h5py.File(lab.out / "curves.h5") as book:
        assert sorted(book) == [row["file"] for row in rows]
        assert np.array_equal(book["frame_002.tif/intensity"][()], kept.intensity)
        assert book["frame_002.tif"].attrs["sha256"] == rows[1]["sha256"]
        assert book["frame_002.tif/q"].attrs["units"] == "1/nm"
    assert (lab.out / "newest.png").read_bytes().startswith(b"\x89PNG")


def test_started_again_it_does_only_what_is_new_or_written_anew(lab):
    lab.add(1, 2, 3)
    lab.watch()
    os.utime(lab.frames / "frame_001.tif")
    write_tiff(lab.frames / "frame_002.tif", counts_of(20))
    lab.add(4)
    counts = lab.watch()
    assert (counts.n_before, counts.n_reduced) == (3, 2)
    names = [row["file"] for row in lab.rows()]
    assert sorted(names[3:]) == ["frame_002.tif", "frame_004.tif"], "touched is not written anew"
    with h5py.File(lab.out / "curves.h5") as book:
        newest = {row["file"]: row["sha256"] for row in lab.rows()}
        assert {name: group.attrs["sha256"] for name, group in book.items()} == newest


def test_what_is_wrong_with_a_frame_is_said_with_value_limit_and_remedy(lab):
    lab.add(1)
    (lab.frames / "copy.tif").write_bytes((lab.frames / "frame_001.tif").read_bytes())
    write_tiff(lab.frames / "other_shape.tif", np.ones((30, 40), np.int32))
    write_tiff(lab.frames / "dark.tif", np.zeros(SHAPE, np.int32))
    write_tiff(lab.frames / "dead.tif", np.full(SHAPE, -1, np.int32))
    with h5py.File(write_hdf5(lab.frames / "hot.h5", counts_of(5)), "a") as file:
        file["/entry/instrument/detector/saturation_value"] = 100.0
    (lab.frames / "text.tif").write_text("no image")
    os.utime(lab.frames / "frame_001.tif", (1, 1))  # came first
    counts = lab.watch()
    assert (counts.n_good, counts.n_flagged) == (1, 6)
    flags = lab.flags()
    assert flags["copy.tif"].startswith("duplicate: holds the very same bytes as frame_001.tif")
    assert flags["other_shape.tif"].startswith("mask: has shape (60, 80), the frame (30, 40). Give")
    assert "counts: 3.1 1 against a limit of 0.1. So much is left open by 0 counts" in flags["dark.tif"]
    assert flags["dead.tif"]
    assert "against a limit of 80. Attenuate" in flags["hot.h5"]
    assert flags["text.tif"].startswith("file: is not an image")
    flagged = [row for row in lab.rows() if row["verdict"] == "flagged"]
    assert all(row["rg [nm]"] == "" for row in flagged), "no sigma is promised for these"


@pytest.mark.parametrize("kind", ["tif", "h5"])
def test_a_half_written_file_is_waited_for(lab, kind):
    write = write_tiff if kind == "tif" else write_hdf5
    whole = write(lab.folder / f"whole.{kind}", counts_of(1)).read_bytes()
    path = lab.frames / f"frame.{kind}"
    path.write_bytes(whole[: len(whole) // 2])
    told, pace = Told(), replace(lab.order.pace, patience_s=30.0)
    ended: list[object] = []
    watching = threading.Thread(target=lambda: ended.append(lab.watch(told, pace=pace)))
    watching.start()
    assert not told.seen.wait(0.3)
    path.write_bytes(whole)
    watching.join(20)
    assert ended
    assert [(name, outcome.is_good) for name, outcome in told.frames] == [(path.name, True)]


def test_a_file_that_stays_half_is_flagged_and_reduced_when_it_is_whole_after_all(lab):
    whole = write_hdf5(lab.folder / "whole.h5", counts_of(1)).read_bytes()
    path = lab.frames / "frame.h5"
    path.write_bytes(whole[:2500])
    lab.watch()
    assert lab.flags()["frame.h5"].startswith("file: is truncated or not HDF5")
    path.write_bytes(whole)
    lab.watch()
    assert [row["verdict"] for row in lab.rows()] == ["flagged", "good"]


def test_an_hdf5_file_that_its_writer_holds_is_left_alone_until_it_lets_go(lab):
    path = write_hdf5(lab.frames / "frame.h5", counts_of(1))
    with path.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        lab.watch()
    assert lab.flags() == {"frame.h5": "file: is locked by a program that writes it."}
    os.utime(path)
    lab.watch()
    assert [row["verdict"] for row in lab.rows()] == ["flagged", "good"]


def test_ctrl_c_ends_it_with_what_is_in_hand_written_down(lab):
    lab.add(1, 2)
    told = Told()

    def interrupt() -> None:
        told.seen.wait(20)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with listening() as signals:
        counts = lab.watch(told, signals, once=False)
    assert counts.n_reduced + counts.n_left == 2
    assert len(lab.rows()) == counts.n_reduced >= 1


def test_rows_of_other_settings_do_not_come_into_one_table(lab):
    lab.add(1)
    lab.watch()
    with pytest.raises(BadInput, match=r"made with --mask of SHA-256 .*, now it is left out. Name another"):
        lab.watch(recipe=replace(lab.order.recipe, mask=None))
    poni = Path(lab.order.recipe.geometry)
    poni.write_text(poni.read_text().replace("Distance: 0.5", "Distance: 0.6"))
    with pytest.raises(BadInput, match="made with --geometry of SHA-256"):
        lab.watch()


def test_two_watches_do_not_write_into_one_table(lab):
    lab.add(1)
    lab.watch()
    with (lab.out / "features.csv").open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(BadInput, match="another watch"):
            lab.watch()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"features": ("peek",)}, "Did you mean 'peak'"),
        ({"geometry": "nowhere.poni"}, "no such geometry file"),
        ({"mask": Path("nowhere.npy")}, "no such file"),
        ({"buffers": (Path("nowhere.tif"),)}, "no such file"),
    ],
)
def test_a_mistake_is_answered_before_the_first_frame(lab, change: dict[str, object], says: str):
    with pytest.raises(BadInput, match=says):
        lab.watch(recipe=replace(lab.order.recipe, **change))
    assert not lab.out.exists()


def test_a_buffer_is_subtracted_from_each_frame(lab):
    lab.add(1)
    buffer = write_tiff(lab.folder / "buffer.tif", counts_of(9, level=30.0))
    lab.watch()
    lab.watch(recipe=replace(lab.order.recipe, buffers=(buffer,)), out=lab.folder / "less")
    plain = read_curve(lab.out / "curves/frame_001.dat")
    less = read_curve(lab.folder / "less/curves/frame_001.dat")
    assert 0.85 < np.median(less.intensity / plain.intensity) < 0.95


def test_names_that_share_a_stem_get_curves_of_their_own(lab):
    write_tiff(lab.frames / "a.tif", counts_of(1))
    write_hdf5(lab.frames / "a.h5", counts_of(2))
    lab.watch()
    assert len({row["curve"] for row in lab.rows()}) == 2


def test_a_recipe_is_prepared_once_for_all_frames():
    assert hash(Recipe("header", None, (Path("b.tif"),), ("peak",)))
