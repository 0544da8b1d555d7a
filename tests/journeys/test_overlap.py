"""A night whose samples are made ahead: each once, killed wherever, and computed again exactly."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from db.engine import open_to_read
from db.histories import read_history
from db.queries import read_campaigns

EXAMPLE = Path(__file__).parents[2] / "examples" / "formulation.toml"
TRAPS = [
    ("after Started:prepare", 3),
    ("mixing", 2),
    ("mixed", 2),
    ("frame written", 2),
    ("after Ended:prepare", 2),
]
"""Between the two beginnings, in the mix, between mix and exposure, in that, and between the two ends."""


def overlapped(folder: Path, n: int) -> Path:
    text = EXAMPLE.read_text().replace("[deck] ", "[deck]\noverlap = true\n#", 1)
    text = re.sub(r"^measurements = \d+", f"measurements = {n}", text, flags=re.MULTILINE)
    text = re.sub(r"^initial = \d+", "initial = 5", text, flags=re.MULTILINE)
    path = folder / "formulation.toml"
    path.write_text(text)
    return path


def history_in(folder: Path):
    with open_to_read(f"sqlite:///{folder / 'nightbeam.db'}").connect() as connection:
        return read_history(connection, read_campaigns(connection, "formulation")[0].id)


def journal_in(folder: Path) -> list[dict]:
    (path,) = folder.rglob("dispenser.journal.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()]


def begun_by_hand(lines: list[dict], history) -> dict[str, float]:
    """What the recipes of all samples take together whose making the journal knows."""
    recipes = {one.sample: one.recipe for one in history.decisions if one.recipe is not None}
    recipes |= {one.ahead.sample: one.ahead.recipe for one in history.decisions if one.ahead is not None}
    taken: Counter[str] = Counter()
    for line in lines:
        if line["word"] == "started":
            taken.update(recipes[line["sample"]].takes())
    return dict(taken)


def debited(history) -> dict[str, float]:
    taken: Counter[str] = Counter()
    for debit in history.debits:
        taken[debit.name] += debit.amount
    return dict(taken)


def test_all_but_the_first_sample_are_made_while_another_is_exposed(nightbeam, tmp_path):
    done = nightbeam("run", str(overlapped(tmp_path, 7)))
    assert done.returncode == 0, done.stdout + done.stderr
    history = history_in(tmp_path)
    assert [one.prepared for one in history.decisions] == [None, *(f"A{n}" for n in range(1, 8)), None]
    assert [one.ahead is not None for one in history.decisions] == [True] * 7 + [False, False]
    lines = journal_in(tmp_path)
    made = [line["sample"] for line in lines if line["word"] == "started"]
    assert made == ["S1", *(f"A{n}" for n in range(1, 8))]
    assert debited(history) == pytest.approx(begun_by_hand(lines, history))
    again = nightbeam("replay", "all").stdout
    assert f"{len(history.decisions)} decisions: {len(history.decisions)} exact" in again, again


def test_killed_around_every_command_of_the_pair_a_night_makes_no_sample_twice(nightbeam, tmp_path):
    path = str(overlapped(tmp_path, 7))
    for trap in TRAPS:
        assert nightbeam("run", path, trap=trap).returncode == -9, trap
    done = nightbeam("run", path)
    assert done.returncode == 0, done.stdout + done.stderr
    history, lines = history_in(tmp_path), journal_in(tmp_path)
    begun = [line for line in lines if line["word"] == "started"]
    ended = {line["action_id"] for line in lines if line["word"] == "done"}
    for name in ("action_id", "sample"):
        assert max(Counter(line[name] for line in begun).values()) == 1, name
    lost = {line["sample"] for line in begun if line["action_id"] not in ended}
    assert {one.sample for one in history.quarantines} == lost
    assert any(sample.startswith("A") for sample in lost), "one of them was killed in the mix of a pair"
    assert not lost & {one.sample for one in history.decisions if history.exposure(one.seq)}
    wells = [debit.name for debit in history.debits if debit.name.startswith("well ")]
    assert len(wells) == len(set(wells)) == len(begun)
    assert debited(history) == pytest.approx(begun_by_hand(lines, history))
    said = " ".join(done.stdout.split())
    assert "debits are what recipes and rinses say, to the last." in said
    for sample in lost:
        assert sample in said
    again = nightbeam("replay", "all").stdout
    assert f"{len(history.decisions)} decisions: {len(history.decisions)} exact" in again, again
