"""What must hold whatever happened, checked against the database, the files and the eyewitness.

Rows are read with plain SQL, so that the code under test does not vouch for itself.
"""

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from db.histories import read_history
from db.verify.record import verify
from instruments.documents import DOCUMENTS
from instruments.evidence import FRAMES
from models.domain.errors import BadInput, BeamlineUnsafe, LeaseLost, LogUnavailable
from models.domain.records import Annotation, Decided, Ended, Event, Observed, Record, Retried, Started
from tests.protocol.world import World

Row = dict[str, Any]
MEASURING = ("initial_design", "suggest", "fallback", "repeat", "human_override")


class Broken(AssertionError):
    """An invariant does not hold."""

    def __init__(self, invariant: str, sentence: str) -> None:
        super().__init__(f"{invariant}: {sentence}")
        self.invariant = invariant


class Rows:
    """All rows of the database as they stand."""

    def __init__(self, path: Path) -> None:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            self._read = {
                name: [dict(row) for row in connection.execute(f"SELECT * FROM {name}")]
                for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            }
        self.seq_of = {row["id"]: row["seq"] for row in self["decision"]}
        self.actions = {row["action_id"]: row for row in self["action"]}

    def __getitem__(self, table: str) -> list[Row]:
        return self._read[table]

    def seqs(self, table: str) -> list[int]:
        """`seq` of the decision of each row."""
        return [self.seq_of[row["decision_id"]] for row in self[table]]

    def states(self) -> dict[str, list[str]]:
        """What is on record of each command, in order."""
        states: dict[str, list[str]] = {}
        for row in self["action_event"]:
            states.setdefault(row["action_id"], []).append(row["status"])
        return states


def nothing_acknowledged_is_lost(world: World, rows: Rows) -> Iterator[str]:
    states = rows.states()
    decisions = {row["seq"]: row for row in rows["decision"]}
    observed, failed = set(rows.seqs("observation")), set(rows.seqs("failure"))
    n_told = Counter(row["sentence"] for row in rows["event"])
    n_said = Counter(row["text"] for row in rows["annotation"])
    told: Counter[str] = Counter()
    for record in world.acknowledged:
        match record:
            case Decided(decision=decision, actions=actions):
                row = decisions.get(decision.seq)
                is_there = row is not None and row["reason"] == decision.reason.sentence
                is_there = is_there and all(action.action_id in rows.actions for action in actions)
            case Started(action_id=action_id):
                is_there = "started" in states.get(action_id, ())
            case Ended(report=report):
                is_there = report.status in states.get(report.action_id, ())
            case Retried(actions=actions):
                is_there = all(action.action_id in rows.actions for action in actions)
            case Observed(observation=observation):
                is_there = observation.seq in observed
            case Event(sentence=sentence):
                told[sentence] += 1
                is_there = n_told[sentence] >= told[sentence]
            case Annotation(text=text):
                is_there = n_said[text] > 0
            case _:
                is_there = record.seq in failed
        if not is_there:
            yield f"{_text(record)} was acknowledged and is not on record"


def seq_counts_without_a_gap(world: World, rows: Rows) -> Iterator[str]:
    del world
    seqs = sorted(row["seq"] for row in rows["decision"])
    if seqs != list(range(1, len(seqs) + 1)):
        yield f"decisions {seqs}"


def nothing_moves_before_it_is_on_record(world: World, rows: Rows) -> Iterator[str]:
    del rows
    for seen in world.laboratory.seen:
        if seen.what != "close" and not seen.is_intended:
            yield f"{seen.what} for {seen.action_id}, of which the record knew nothing"


def no_sample_is_dosed_twice(world: World, rows: Rows) -> Iterator[str]:
    del rows
    for sample, doses in world.laboratory.doses().items():
        if len(doses) > 1:
            yield f"{sample} was dosed by {', '.join(dose.action_id for dose in doses)}"


def an_unknown_dose_is_quarantined(world: World, rows: Rows) -> Iterator[str]:
    """Also one of which the record says that it failed, while the eyewitness saw the pump run."""
    states = rows.states()
    quarantined = _quarantined(rows)
    closed = set(rows.seqs("observation")) | set(rows.seqs("failure"))
    for sample, doses in world.laboratory.doses().items():
        made = {dose.action_id for dose in doses}
        seqs = {rows.seq_of[rows.actions[a]["decision_id"]] for a in made if a in rows.actions}
        is_known = any("succeeded" in states.get(action_id, ()) for action_id in made)
        if seqs <= closed and not is_known and sample not in quarantined:
            yield f"{sample} was dosed, the record does not know it, and anybody may use it"
    for action_id, said in states.items():
        action = rows.actions[action_id]
        is_unknown = "unknown" in said and action["action_class"] == "at_most_once"
        if is_unknown and action["sample"] not in quarantined:
            yield f"{action_id} is unknown, and {action['sample']} may be used"


def only_what_was_made_is_used(world: World, rows: Rows) -> Iterator[str]:
    del rows
    made: set[str] = set()
    for seen in world.laboratory.seen:
        if seen.what == "dose":
            made.add(seen.sample)
        elif seen.what in ("load", "expose") and seen.sample not in made:
            yield f"{seen.what} of {seen.sample!r}, which nobody made, for {seen.action_id}"


def what_is_quarantined_is_never_used(world: World, rows: Rows) -> Iterator[str]:
    del rows
    for seen in world.laboratory.seen:
        if seen.what in ("load", "expose") and seen.is_quarantined:
            yield f"{seen.what} of {seen.sample} for {seen.action_id}"


def each_decision_has_one_outcome(world: World, rows: Rows) -> Iterator[str]:
    del world
    outcomes = Counter(rows.seqs("observation")) + Counter(rows.seqs("failure"))
    last = max((row["seq"] for row in rows["decision"]), default=0)
    for row in rows["decision"]:
        n_due = 0 if row["point_json"] is None else 1
        n = outcomes[row["seq"]]
        if n != n_due and not (row["seq"] == last and n == 0):
            yield f"decision {row['seq']} has {n} outcomes"


def each_command_is_given_once(world: World, rows: Rows) -> Iterator[str]:
    for action_id, states in rows.states().items():
        n_ends = len(states) - states.count("started")
        if states.count("started") > 1 or n_ends > 1 or states[0] != "started":
            yield f"{action_id} is {', '.join(states)}"
    exposed = Counter(seen.action_id for seen in world.laboratory.seen if seen.what == "expose")
    yield from (f"{action_id} was exposed {n} times" for action_id, n in exposed.items() if n > 1)


def no_whole_exposure_is_repeated(world: World, rows: Rows) -> Iterator[str]:
    """One whose event is on disk, with its frame, is found by whoever resumes."""
    documents = world.laboratory.folder / DOCUMENTS
    for action in rows["action"]:
        path = documents / f"{action['action_id']}.jsonl"
        frame = world.laboratory.folder / FRAMES / f"{action['action_id']}.dat"
        # The event tells the hash of the frame that the detector wrote.
        is_whole = frame.is_file() and path.is_file() and _sha256(frame) in path.read_text()
        later = [other for other in rows["action"] if _is_later(other, action)]
        if is_whole and later:
            yield f"{later[0]['action_id']} repeats {action['action_id']}, which was whole"


def the_shutter_is_closed_while_nothing_is_exposed(world: World, rows: Rows) -> Iterator[str]:
    del rows
    is_open = False
    for seen in world.laboratory.seen:
        is_open = seen.what == "open" or (is_open and seen.what != "close")
        if is_open and seen.what in ("dose", "load"):
            yield f"{seen.what} for {seen.action_id} with the shutter open"


def nobody_writes_after_being_relieved(world: World, rows: Rows) -> Iterator[str]:
    del world
    fence_of = {row["id"]: row["fence"] for row in rows["session"]}
    for table in ("decision", "event"):
        fences = [fence_of[row["session_id"]] for row in sorted(rows[table], key=lambda row: row["id"])]
        if fences != sorted(fences):
            yield f"table {table} was written under fences {fences}, in this order"


def one_agent_moves_at_a_time(world: World, rows: Rows) -> Iterator[str]:
    """But for a pump without a journal: it knows no fence, and its samples are quarantined instead."""
    highest = 0
    agents: dict[int, int] = {}
    for seen in world.laboratory.seen:
        if seen.what == "dose" and not world.laboratory.has_journal:
            continue
        if seen.fence < highest:
            yield f"agent {seen.agent}, fence {seen.fence}, did {seen.what} after fence {highest} had moved"
        if agents.setdefault(seen.fence, seen.agent) != seen.agent:
            yield f"agents {agents[seen.fence]} and {seen.agent} both moved under fence {seen.fence}"
        highest = max(highest, seen.fence)
    fences = [row["fence"] for row in rows["session"]]
    if fences != sorted(set(fences)):
        yield f"sessions with fences {fences}"


def observations_come_from_verified_exposures(world: World, rows: Rows) -> Iterator[str]:
    states = rows.states()
    seen = {seen.action_id for seen in world.laboratory.seen if seen.what == "expose"}
    exposures = {row["decision_id"]: row for row in rows["exposure"]}
    files = {row["action_id"]: row for row in rows["asset"] if row["role"] == "frame"}
    for row in rows["observation"]:
        exposure = exposures.get(row["decision_id"])
        seq = rows.seq_of[row["decision_id"]]
        if exposure is None or "succeeded" not in states[exposure["action_id"]]:
            yield f"decision {seq} was observed without an exposure"
            continue
        action_id = exposure["action_id"]
        file = files.get(action_id)
        if action_id not in seen or file is None or not _is_whole(file):
            yield f"decision {seq} was observed from {action_id}, of which there is no whole frame"


def models_learn_from_accepted_measurements_only(world: World, rows: Rows) -> Iterator[str]:
    del world
    accepted = {rows.seq_of[row["decision_id"]] for row in rows["observation"] if row["is_accepted"]}
    for row in rows["decision"]:
        if row["model_json"] is None:
            continue
        due = sorted(
            d["seq"]
            for d in rows["decision"]
            if d["seq"] in accepted and d["seq"] <= row["watermark"] and d["kind"] in MEASURING
        )
        if json.loads(row["model_json"]) != due:
            yield f"decision {row['seq']} learned from {row['model_json']}, and not from {due}"


def an_override_says_who_and_why(world: World, rows: Rows) -> Iterator[str]:
    del world
    for row in rows["decision"]:
        is_whole = row["actor_kind"] == "human" and row["actor_name"] and row["reason"].strip()
        if row["kind"] == "human_override" and not (is_whole and row["supersedes"] == row["seq"] - 1):
            yield f"decision {row['seq']} is an override by {row['actor_name']!r} for {row['reason']!r}"


def the_ledger_verifies(world: World, rows: Rows) -> Iterator[str]:
    del rows
    with world.reader.connect() as connection:
        yield from (finding.text() for finding in verify(connection))


def memory_is_what_the_record_says(world: World, rows: Rows) -> Iterator[str]:
    """An agent that is about to write, and still holds the lease, knows all that is on record."""
    (held,) = rows["lease"] or [{"fence": 0}]
    for agent in world.agents:
        is_current = agent.state == "stopped" and agent.life.fence == held["fence"]
        if agent.loop is None or not is_current or not agent.life.where.startswith("before "):
            continue
        with world.reader.connect() as connection:
            on_record = read_history(connection, 1)
        if on_record != agent.loop.history:
            yield f"agent {agent.life.number} believes another history than is on record"


def agents_end_for_a_reason(world: World, rows: Rows) -> Iterator[str]:
    del rows
    for agent in world.agents:
        error = agent.error
        if error is None or isinstance(error, BadInput | LeaseLost | BeamlineUnsafe):
            continue
        if not isinstance(error, LogUnavailable) or not world.was_refusing:
            yield f"agent {agent.life.number} ended by {type(error).__name__}: {error}"


def the_shutter_is_closed_when_an_agent_ends(world: World, rows: Rows) -> Iterator[str]:
    """But for one that lost its lease, or whose shutter is broken and that calls a person."""
    del rows
    for agent in world.agents:
        if agent.left_open and not isinstance(agent.error, LeaseLost | BeamlineUnsafe):
            yield f"agent {agent.life.number} ended with the shutter open ({agent.error})"


INVARIANTS: tuple[Callable[[World, Rows], Iterator[str]], ...] = (
    nothing_acknowledged_is_lost,
    seq_counts_without_a_gap,
    nothing_moves_before_it_is_on_record,
    no_sample_is_dosed_twice,
    an_unknown_dose_is_quarantined,
    only_what_was_made_is_used,
    what_is_quarantined_is_never_used,
    each_decision_has_one_outcome,
    each_command_is_given_once,
    one_agent_moves_at_a_time,
    no_whole_exposure_is_repeated,
    the_shutter_is_closed_while_nothing_is_exposed,
    nobody_writes_after_being_relieved,
    observations_come_from_verified_exposures,
    models_learn_from_accepted_measurements_only,
    an_override_says_who_and_why,
    the_ledger_verifies,
    memory_is_what_the_record_says,
    agents_end_for_a_reason,
    the_shutter_is_closed_when_an_agent_ends,
)


def check(world: World) -> None:
    """Raise `Broken` for the first invariant that does not hold."""
    rows = Rows(world.database)
    for invariant in INVARIANTS:
        for sentence in invariant(world, rows):
            raise Broken(invariant.__name__, sentence)


def _quarantined(rows: Rows) -> set[str]:
    names = {row["id"]: row["name"] for row in rows["sample"]}
    return {names[row["sample_id"]] for row in rows["quarantine"]}


def _is_later(other: Row, action: Row) -> bool:
    is_same_step = (other["decision_id"], other["step"]) == (action["decision_id"], action["step"])
    return is_same_step and action["kind"] == "expose" and other["attempt"] > action["attempt"]


def _is_whole(file: Row) -> bool:
    path = Path(file["path"])
    return path.is_file() and _sha256(path) == file["sha256"]


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _text(record: Record) -> str:
    return f"{type(record).__name__} ({record.model_dump_json()[:120]})"
