"""kill -9 at twenty random moments: the rows are those of a watch that nobody disturbed."""

import multiprocessing
import random
import time
from pathlib import Path

import h5py

from tests.agent.watched import Laboratory

N_FRAMES, N_KILLS = 60, 20


def test_twenty_kills_lose_nothing_and_repeat_nothing(tmp_path: Path):
    lab = Laboratory(tmp_path)
    lab.add(*range(N_FRAMES))
    lab.watch()
    expected, curves = lab.rows(), contents(lab.out / "curves")
    lab.out = tmp_path / "killed"
    dice, lengths = random.Random(5), [0]
    fork = multiprocessing.get_context("fork")  # what it needs is loaded and compiled already
    for _ in range(N_KILLS):
        child = fork.Process(target=lab.watch, kwargs={"out": lab.out})
        child.start()
        n_more = dice.randrange(6)
        while child.is_alive() and n_lines(lab) < lengths[-1] + n_more:
            time.sleep(0.001)
        time.sleep(dice.uniform(0.0, 0.02))
        child.kill()
        child.join()
        if (lab.out / "curves.h5").exists():
            with h5py.File(lab.out / "curves.h5") as book:
                assert all("sigma" in group for group in book.values())
        lengths.append(n_lines(lab))
    assert len({n for n in lengths if 1 < n <= N_FRAMES}) >= 5, f"killed in the midst of it: {lengths}"
    lab.watch(out=lab.out)
    assert lab.rows() == expected
    assert contents(lab.out / "curves") == curves
    with h5py.File(lab.out / "curves.h5") as book:
        assert {name: group.attrs["sha256"] for name, group in book.items()} == {
            row["file"]: row["sha256"] for row in expected
        }


def test_a_row_that_was_torn_is_written_again(tmp_path: Path):
    lab = Laboratory(tmp_path)
    lab.add(1, 2)
    lab.watch()
    expected = lab.rows()
    table = lab.out / "features.csv"
    for cut in (1, len(table.read_bytes().splitlines()[-1])):
        table.write_bytes(table.read_bytes()[:-cut])
        lab.watch()
        assert lab.rows() == expected


def n_lines(lab: Laboratory) -> int:
    table = lab.out / "features.csv"
    return table.read_bytes().count(b"\n") if table.exists() else 0


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}
