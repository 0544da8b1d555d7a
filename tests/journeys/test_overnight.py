"""The named night in a short form: bubbles, a clog, a lost beam and a power cut, and the books agree."""

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from agent.config import read_campaign
from agent.night import figures, night_of
from agent.plan import prepare
from agent.strategy.stack import told
from db.engine import open_to_read
from db.histories import read_history
from db.queries import read_campaigns
from models.domain.history import History
from models.domain.recipe import Debit

EXAMPLE = Path(__file__).parents[2] / "examples" / "overnight.toml"
FAULTS = {"bubble": "[3]", "clog": "[5]", "lost_beam": "[7]", "power_cut": "[9]"}
DIRTY = """[instrument.world.cell]
films = [{ at = 11, share = 0.05, until = 12 }]
"""


def short(folder: Path, n: int = 8, *, overlap: bool = True) -> Path:
    text = EXAMPLE.read_text().replace("[instrument.world.faults]", f"{DIRTY}[instrument.world.faults]")
    for kind, at in FAULTS.items():
        text = re.sub(rf"^{kind} = .*", f"{kind} = {{ at = {at} }}", text, flags=re.MULTILINE)
    text = re.sub(r"^measurements = \d+", f"measurements = {n}", text, flags=re.MULTILINE)
    text = re.sub(r"^overlap = true", f"overlap = {str(overlap).lower()}", text, flags=re.MULTILINE)
    text = re.sub(r"^initial = \d+", "initial = 7", text, flags=re.MULTILINE)
    path = folder / "overnight.toml"
    path.write_text(text)
    return path


def record_in(folder: Path) -> History:
    with open_to_read(f"sqlite:///{folder / 'nightbeam.db'}").connect() as connection:
        return read_history(connection, read_campaigns(connection, "overnight")[0].id)


def by_hand(history: History, folder: Path) -> dict[str, float]:
    """What the recipes of all samples take of which the dispenser's journal knows, and all rinses."""
    recipes = {one.sample: one.recipe for one in history.decisions if one.recipe is not None}
    recipes |= {one.ahead.sample: one.ahead.recipe for one in history.decisions if one.ahead is not None}
    (journal,) = folder.rglob("dispenser.journal.jsonl")
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    taken: Counter[str] = Counter()
    for line in lines:
        if line["word"] == "started":
            taken.update(recipes[line["sample"]].takes())
    debited = {debit.seq for debit in history.debits}
    for decision in history.decisions:
        if decision.setup is not None and decision.setup.rinse_ul and decision.seq in debited:
            taken.update({"rinse": decision.setup.rinse_ul, "waste": decision.setup.rinse_ul})
    return dict(taken)


def test_a_night_on_which_everything_goes_wrong_explains_itself_and_its_books_agree(nightbeam, tmp_path):
    path = str(short(tmp_path))
    killed = nightbeam("run", path)
    assert killed.returncode == -9, killed.stdout + killed.stderr
    done = nightbeam("run", path)
    assert done.returncode == 0, done.stdout + done.stderr
    history = record_in(tmp_path)
    reasons = {one.seq: (one.kind, one.repeats, one.reason.code) for one in history.decisions}
    assert reasons[4] == ("setup", 3, "rinse")  # the bubble
    assert reasons[6] == ("setup", 5, "rinse")  # the clog
    assert reasons[8] == ("repeat", 7, "repeat")  # the lost beam
    assert history.observation(9) is not None  # the power cut met the sample that was made meanwhile
    assert reasons[12] == ("setup", 11, "rinse")  # the dirty cell
    assert [one.sample for one in history.quarantines] == ["A9"]
    said = " ".join(done.stdout.split())
    assert re.search(r"8 samples: 7 measured, 1 explained\. [AS]\d: beam: ", said), said
    assert "A9, made ahead, is not measured: The journal has a beginning of this mix and no end" in said, said
    assert "debits are what recipes and rinses say, to the last." in said
    taken = {}
    for debit in history.debits:
        taken[debit.name] = taken.get(debit.name, 0.0) + debit.amount
    assert taken == pytest.approx(by_hand(history, tmp_path))
    expose_s = [one.seconds for one in history.durations if one.kind == "expose"]
    assert max(expose_s) == 450.0
    again = nightbeam("replay", "all").stdout
    assert f"{len(history.decisions)} decisions: {len(history.decisions)} exact" in again, again


def test_a_ledger_that_does_not_add_up_is_told(tmp_path):

    plan = prepare(read_campaign(short(tmp_path)), tmp_path, f"sqlite:///{tmp_path / 'nightbeam.db'}")
    problem = told(plan.problem, plan.spec)
    decision = plan.strategy.propose(History())
    assert decision.recipe is not None
    debits = decision.recipe.debits(1, "a")
    history = History().plus(decision)
    for debit in debits[1:]:
        history = history.plus(debit)
    history = history.plus(Debit(seq=1, action_id="b", name="tips", amount=2.0, unit="1"))
    lines = "\n".join(figures(night_of(problem, history)))
    assert "ledger: " in lines
    assert "the ledger +2" in lines
    assert "the ledger -1000" in lines
    assert "0 samples: 0 measured" in lines


TRAPS = [("mixed", 2), ("after Started:load", 2), ("before Ended:load", 1)]
"""After a mix that the record does not know of, while a cell is filled, and when it is full."""


def test_killed_around_its_loads_a_night_makes_no_sample_twice(nightbeam, tmp_path):
    path = short(tmp_path, n=4, overlap=False)
    path.write_text(re.sub(r"^power_cut = .*\n", "", path.read_text(), flags=re.MULTILINE))
    for trap in TRAPS:
        assert nightbeam("run", str(path), trap=trap).returncode != 0, trap
    done = nightbeam("run", str(path))
    assert done.returncode == 0, done.stdout + done.stderr
    history = record_in(tmp_path)
    wells = [debit.name for debit in history.debits if debit.name.startswith("well ")]
    assert len(wells) == len(set(wells)) == sum(one.recipe is not None for one in history.decisions)
    assert history.decision(4).reason.code == "rinse"
    assert "debits are what recipes and rinses say, to the last." in " ".join(done.stdout.split())
    measured = [history.exposure(one.seq) for one in history.decisions if history.exposure(one.seq)]
    assert all(one.empty_transmission is not None for one in measured)
    again = nightbeam("replay", "all").stdout
    assert f"{len(history.decisions)} decisions: {len(history.decisions)} exact" in again, again
