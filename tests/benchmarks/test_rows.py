"""A benchmark's figures reach the person and the JSON whole, and one that cannot run stops no other."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.__main__ import main, run_all
from benchmarks.registry import NAMES, Measure, find_benchmark
from benchmarks.report import table_of, write_rows
from benchmarks.row import Peer, Row, make_row
from benchmarks.task import Skipped, Task
from benchmarks.timing import spread_of, time_turn_about

KEYS = {"name", "value", "unit", "peer", "peer_value", "ratio", "settings"}


def count_sheep(task: Task) -> list[Row]:
    """A tiny benchmark."""
    n = sum(1 for _ in task.track(range(task.repeats(6, 3)), "sheep"))
    return [make_row("sheep", float(n), "sheep", {"repeats": n}, Peer(name="a shepherd", value=12.0))]


def find_sheep(name: str) -> Measure:
    del name
    return count_sheep


def lack_a_dataset(task: Task) -> list[Row]:
    raise Skipped(f"there is no dataset at {task.dataset}")


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=200)


def said(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_rows_are_written_as_a_json_list_with_all_keys(console: Console, tmp_path: Path):
    rows = run_all({"sheep": count_sheep}, console, tmp_path, is_quick=False)
    write_rows(rows, tmp_path / "results" / "latest.json")
    (written,) = json.loads((tmp_path / "results" / "latest.json").read_text())
    assert set(written) == KEYS
    assert (written["value"], written["peer_value"], written["ratio"]) == (6.0, 12.0, 0.5)


def test_a_row_without_a_peer_has_null_where_the_peer_would_be():
    row = make_row("alone", 1.0, "s", {}).model_dump(mode="json")
    assert set(row) == KEYS
    assert row["peer"] is row["peer_value"] is row["ratio"] is None


def test_a_peer_that_takes_no_time_has_no_ratio():
    assert make_row("quick", 1.0, "s", {}, Peer(name="nothing", value=0.0)).ratio is None


def test_a_benchmark_that_cannot_run_here_says_why_and_the_others_go_on(console: Console, tmp_path: Path):
    rows = run_all({"absent": lack_a_dataset, "sheep": count_sheep}, console, tmp_path, is_quick=False)
    assert [row.name for row in rows] == ["sheep"]
    assert f"absent: skipped, there is no dataset at {tmp_path}" in said(console)


def test_quick_runs_repeat_less(console: Console, tmp_path: Path):
    (row,) = run_all({"sheep": count_sheep}, console, tmp_path, is_quick=True)
    assert row.value == 3.0


def test_the_table_shows_both_figures_and_their_ratio(console: Console):
    console.print(table_of([make_row("sheep", 6.0, "ms", {}, Peer(name="a shepherd", value=12.0))]))
    for words in ("sheep", " 6 ", " 12 ", " ms ", "0.50", "a shepherd"):
        assert words in said(console)


def test_a_partial_or_quick_run_leaves_the_committed_figures_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    latest = tmp_path / "latest.json"
    monkeypatch.setattr("benchmarks.__main__.LATEST", latest)
    monkeypatch.setattr("benchmarks.__main__.find_benchmark", find_sheep)
    monkeypatch.setattr("benchmarks.__main__.keep_to_one_thread", lambda: None)
    main(names=["reduction"])
    main(quick=True)
    assert not latest.exists()
    main(names=["reduction"], out=tmp_path / "own.json")
    assert (tmp_path / "own.json").exists()
    main()
    assert len(json.loads(latest.read_text())) == len(NAMES)


def test_every_name_in_the_registry_has_its_benchmark():
    assert all(callable(find_benchmark(name)) for name in NAMES)


def test_a_median_and_quartiles_are_those_of_the_figures():
    spread = spread_of([5.0, 1.0, 2.0, 4.0, 3.0])
    assert (spread.low, spread.median, spread.high, spread.n) == (2.0, 3.0, 4.0, 5)


def test_actions_take_turns_and_warm_ups_are_not_counted():
    calls: list[str] = []
    first, second = time_turn_about(
        (lambda r: calls.append(f"a{r}"), lambda r: calls.append(f"b{r}")), range(2), n_warm_ups=1
    )
    assert calls == ["a0", "b0", "a0", "b0", "a1", "b1"]
    assert first.wall_s.n == second.wall_s.n == 2
