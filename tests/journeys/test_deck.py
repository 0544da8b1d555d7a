"""A night whose samples are made from stocks: only what is left can be made, and every drop is on record."""

import json
import re
from pathlib import Path

from db.engine import open_to_read
from db.histories import read_history
from db.queries import read_campaigns

EXAMPLE = Path(__file__).parents[2] / "examples" / "formulation.toml"


def short(folder: Path, **changes: str) -> Path:
    text = re.sub(r"^measurements = \d+", "measurements = 10", EXAMPLE.read_text(), flags=re.MULTILINE)
    text = re.sub(r"^initial = \d+", "initial = 5", text, flags=re.MULTILINE)
    for old, new in changes.items():
        text = re.sub(rf"^{old} = .*", f"{old} = {new}", text, count=1, flags=re.MULTILINE)
    path = folder / "formulation.toml"
    path.write_text(text)
    return path


def history_in(folder: Path):
    with open_to_read(f"sqlite:///{folder / 'nightbeam.db'}").connect() as connection:
        return read_history(connection, read_campaigns(connection, "formulation")[0].id)


def taken_by_hand(history) -> dict[str, float]:
    """What all recipes take together."""
    taken: dict[str, float] = {}
    for decision in history.decisions:
        if decision.recipe is not None:
            for name, volume in decision.recipe.volumes_ul.items():
                taken[name] = taken.get(name, 0.0) + volume
    return taken


def test_every_sample_has_a_recipe_and_the_ledger_adds_up_to_all_of_them(nightbeam, tmp_path):
    done = nightbeam("run", str(short(tmp_path)))
    assert done.returncode == 0, done.stdout + done.stderr
    history = history_in(tmp_path)
    made = [decision for decision in history.decisions if decision.recipe is not None]
    assert len(made) == history.n_measured + 1 == 11  # and a blank
    assert len({decision.recipe.well for decision in made}) == len(made)
    for decision in made:
        assert abs(decision.recipe.volume_ul - 1000.0) < 1e-6
        for name, error in decision.recipe.errors.items():
            assert abs(error) <= 0.005 + 1e-9, (decision.seq, name)
    by_hand = taken_by_hand(history)
    rows = {row["name"]: row for row in json.loads(nightbeam("deck", "--json").stdout)}
    for name, volume in by_hand.items():
        debited = sum(debit.amount for debit in history.debits if debit.name == f"stock {name}")
        assert abs(debited - volume) < 1e-6
        assert abs(rows[f"stock {name}"]["taken"] - volume) < 1e-6
    assert rows["wells"]["taken"] == len(made)
    again = nightbeam("replay", "all").stdout
    assert f"{len(history.decisions)} decisions: {len(history.decisions)} exact" in again, again
    assert "lasts for" in nightbeam("deck").stdout


def test_a_dispense_that_may_have_happened_is_debited_in_full_and_never_repeated(nightbeam, tmp_path):
    path = str(short(tmp_path))
    killed = nightbeam("run", path, trap=("before mixing", 3))
    assert killed.returncode != 0
    done = nightbeam("run", path)
    assert done.returncode == 0, done.stdout + done.stderr
    history = history_in(tmp_path)
    by_hand = taken_by_hand(history)
    for name, volume in by_hand.items():
        debited = sum(debit.amount for debit in history.debits if debit.name == f"stock {name}")
        assert debited <= volume + 1e-6
    wells = [debit.name for debit in history.debits if debit.name.startswith("well ")]
    assert len(wells) == len(set(wells))


def test_a_stock_that_would_run_out_is_made_to_last_to_the_end_of_the_night(nightbeam, tmp_path):
    scarce = EXAMPLE.read_text().replace('volume = "4 mL"', 'volume = "1.6 mL"')
    path = tmp_path / "formulation.toml"
    path.write_text(re.sub(r"^initial = \d+", "initial = 5", scarce, flags=re.MULTILINE))
    done = nightbeam("run", str(path))
    assert done.returncode == 0, done.stdout + done.stderr
    history = history_in(tmp_path)
    assert history.n_measured == 24
    soap = sum(debit.amount for debit in history.debits if debit.name == "stock soap")
    assert 700.0 < soap <= 1100.0 + 1e-6  # 1.6 mL less a dead volume of 0.5 mL


def test_check_tells_beforehand_what_runs_out_first(nightbeam, tmp_path):
    out = " ".join(nightbeam("check", str(short(tmp_path, tips="20"))).stdout.split())
    assert re.search(r"tips last for [67] more samples .* it is what runs out first", out), out


def test_a_night_ends_in_words_when_nothing_can_be_made_any_more(nightbeam, tmp_path):
    done = nightbeam("run", str(short(tmp_path, tips="12")))
    assert done.returncode == 3, done.stdout + done.stderr
    assert "No further sample can be made: no tip is left; load a new rack." in " ".join(done.stdout.split())
