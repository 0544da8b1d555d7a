"""Processes that reduce: results keep their order, and a frame that kills its process costs itself alone."""

import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from agent.watching.arrivals import Arrival, Arrivals, Stamp, wanted_names
from agent.watching.crew import Crew
from agent.watching.outcome import Outcome


def task(arrival: Arrival) -> Outcome:
    """Slow for the first, deadly for one."""
    if arrival.path.name == "deadly":
        os._exit(1)
    time.sleep(0.05 if arrival.path.name == "0" else 0.0)
    return Outcome("reduced", arrival.path.name)


def start() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork"))


def work(names: list[str]) -> list[tuple[str, bool]]:
    crew = Crew(start(), start, task, 2)
    for name in names:
        crew.take(Arrival(Path(name), Stamp(0, 0)))
    made: list[tuple[str, bool]] = []
    while len(crew):
        crew.wait(1.0)
        made += [(arrival.path.name, outcome.is_good) for arrival, outcome in crew.finished()]
    crew.close()
    return made


def test_results_come_in_the_order_of_the_frames():
    assert work(["0", "1", "2", "3", "4", "5"]) == [(str(number), True) for number in range(6)]


def test_a_frame_that_kills_its_process_is_flagged_and_the_others_are_reduced():
    names = ["0", "1", "deadly", "2", "3", "deadly", "4"]
    assert work(names) == [(name, name != "deadly") for name in names]


def test_a_file_is_handed_out_once_for_each_state_in_which_it_stays(tmp_path: Path):
    arrivals = Arrivals(tmp_path, wanted_names(None, frozenset({".tif"})), settle_s=1.0)
    file = tmp_path / "a.tif"
    (tmp_path / ".hidden.tif").write_text("draft")
    (tmp_path / "note.txt").write_text("note")
    file.write_text("1")
    assert arrivals.look(0.0) == []
    file.write_text("12")
    assert arrivals.look(0.9) == []
    assert arrivals.look(1.8) == [], "it changed at 0.9"
    assert arrivals.n_waiting == 1
    assert [arrival.path for arrival in arrivals.look(1.9)] == [file]
    assert arrivals.look(5.0) == []
    file.write_text("123")
    assert arrivals.look(6.0) == []
    assert [arrival.stamp.n_bytes for arrival in arrivals.look(7.0)] == [3]
    file.unlink()
    assert arrivals.look(8.0) == []
    assert arrivals.n_waiting == 0


def test_a_file_that_was_put_back_is_tried_again_ever_more_rarely(tmp_path: Path):
    arrivals = Arrivals(tmp_path, wanted_names("*.tif", frozenset()), settle_s=0.0)
    (tmp_path / "a.tif").write_text("1")
    arrivals.look(0.0)
    tries: list[float] = []
    for tick in range(200):
        for arrival in arrivals.look(tick / 10):
            tries.append(tick / 10)
            assert arrivals.is_overdue(arrival, tick / 10, 10.0) == (tick >= 100)
            arrivals.put_back(arrival, tick / 10)
    assert tries == [0.0, 0.5, 1.5, 3.5, 7.5, 15.5]
