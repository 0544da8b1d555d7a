"""The audit of one campaign that was killed: what the record, the files and the eyewitness say together."""

import re
from collections import Counter
from dataclasses import dataclass, field

from models.domain.history import History
from tests.torture.record import OnRecord, turn

SEQ = re.compile(r"-(\d{5})-\d")
RESUME_LIMIT_S = 5.0


@dataclass
class Findings:
    """What an audit found; every list but `unknown` and `resume_s` must be empty."""

    lost: list[str] = field(default_factory=list[str])
    duplicated: list[str] = field(default_factory=list[str])
    double_dispensed: list[str] = field(default_factory=list[str])
    orphaned: list[str] = field(default_factory=list[str])
    broken_chain: list[str] = field(default_factory=list[str])
    diverged: list[str] = field(default_factory=list[str])
    late: list[str] = field(default_factory=list[str])
    unlogged: list[str] = field(default_factory=list[str])
    """Commands that were given without being on record as started."""
    fallen: list[str] = field(default_factory=list[str])
    """Runs that ended by themselves, but not well."""
    unknown: list[int] = field(default_factory=list[int])
    """`seq` whose dispense is unknown: its sample is quarantined."""
    n_quarantined: int = 0
    resume_s: list[float] = field(default_factory=list[float])
    """From the start of the program to the first new record."""

    def objections(self) -> dict[str, list[str]]:
        """All that is wrong."""
        kinds = (
            "lost", "duplicated", "double_dispensed", "orphaned", "broken_chain", "diverged", "late",
            "unlogged", "fallen",
        )  # fmt: skip
        return {kind: getattr(self, kind) for kind in kinds if getattr(self, kind)}


def audit(record: OnRecord, calm: History) -> Findings:
    """Hold a campaign against its witness, and against the same campaign left in peace."""
    found = Findings()
    _find_lost(record, found)
    _find_duplicates(record, found)
    _find_double_dispenses(record, found)
    _find_unlogged(record, found)
    _find_orphans(record, found)
    found.broken_chain += record.chain
    found.unknown = [f.seq for f in record.history.failures if f.code.startswith("unknown_prepare")]
    _find_unquarantined(record, found)
    _find_divergence(record.history, calm, found)
    _find_resume_times(record, found)
    return found


def _find_lost(record: OnRecord, found: Findings) -> None:
    acknowledged = Counter(
        tuple(key) for said in record.said if said.word == "acknowledged" for key in said.what["keys"]
    )
    for key, n in acknowledged.items():
        if record.keys[key] < n:
            found.lost.append(f"{key} was acknowledged {n} times, and is on record {record.keys[key]} times")
    seqs = [d.seq for d in record.history.decisions]
    if seqs != list(range(1, len(seqs) + 1)):
        found.lost.append(f"decisions {seqs} have gaps")
    outcomes = {o.seq for o in record.history.observations} | {f.seq for f in record.history.failures}
    for decision in record.history.decisions:
        if decision.point is not None and decision.seq not in outcomes:
            found.lost.append(f"decision {decision.seq} has no outcome")


def _find_duplicates(record: OnRecord, found: Findings) -> None:
    history = record.history
    for name, rows in (("decision", history.decisions), ("exposure", history.exposures)):
        twice = [seq for seq, n in Counter(row.seq for row in rows).items() if n > 1]
        found.duplicated += [f"{name} {seq} stands there twice" for seq in twice]
    outcomes = Counter([o.seq for o in history.observations] + [f.seq for f in history.failures])
    found.duplicated += [f"decision {seq} has {n} outcomes" for seq, n in outcomes.items() if n > 1]
    for (seq, kind), n in record.succeeded.items():
        if n > 1 and kind != "load":  # an absolute move may be made again
            found.duplicated.append(f"{kind} of decision {seq} succeeded {n} times")
    found.duplicated += [f"{key} stands there {n} times" for key, n in record.keys.items() if n > 1]


def _find_double_dispenses(record: OnRecord, found: Findings) -> None:
    pumped = Counter(_seq(s.what["action_id"]) for s in record.said if s.word == "pumped")
    found.double_dispensed += [
        f"sample of decision {q} was mixed {n} times" for q, n in pumped.items() if n > 1
    ]
    commanded = Counter(s.what["action_id"] for s in record.said if s.word == "commanded")
    found.double_dispensed += [f"mix {a} was commanded {n} times" for a, n in commanded.items() if n > 1]


def _find_unlogged(record: OnRecord, found: Findings) -> None:
    """A command may be given only after its start was acknowledged by the log."""
    started: set[str] = set()
    for said in record.said:
        if said.word == "acknowledged" and said.what["record"].startswith("Started"):
            started.add(said.what["keys"][0][1])
        elif said.word in ("commanded", "exposed") and said.what["action_id"] not in started:
            found.unlogged.append(f"{said.what['action_id']} was {said.word} before its start was on record")


def _find_orphans(record: OnRecord, found: Findings) -> None:
    for path, sha256 in record.on_disk.items():
        if path not in record.files:
            found.orphaned.append(f"{path} is on no record")
        elif record.files[path] != sha256:
            found.orphaned.append(f"{path} is not the file on record")
    found.lost += [f"{path} is gone" for path in record.files if path not in record.on_disk]


def _find_unquarantined(record: OnRecord, found: Findings) -> None:
    """A sample that may be anything must be in quarantine, and nobody may expose it."""
    quarantined = {q.seq for q in record.history.quarantines}
    found.n_quarantined = len(record.history.quarantines)
    exposed = {e.seq for e in record.history.exposures}
    for seq in found.unknown:
        if seq not in quarantined:
            found.lost.append(f"the unknown sample of decision {seq} is not in quarantine")
        if seq in exposed:
            found.duplicated.append(f"the unknown sample of decision {seq} was exposed")


def _find_divergence(history: History, calm: History, found: Findings) -> None:
    """The same sequence as in peace, up to the first dispense that is unknown."""
    last = min(found.unknown, default=len(calm.decisions))
    for expected in calm.decisions[:last]:
        if expected.seq > len(history.decisions):
            found.diverged.append(f"decision {expected.seq} is missing")
            return
        one, other = turn(history, history.decision(expected.seq)), turn(calm, expected)
        ignored = {"features", "failure"} if expected.seq in found.unknown else set[str]()
        for what in one.keys() - ignored:
            if one[what] != other[what]:
                found.diverged.append(
                    f"decision {expected.seq}: {what} is {one[what]}, in peace {other[what]}"
                )
    if not found.unknown and len(history.decisions) != len(calm.decisions):
        found.diverged.append(f"{len(history.decisions)} decisions, in peace {len(calm.decisions)}")


def _find_resume_times(record: OnRecord, found: Findings) -> None:
    began: dict[int, float] = {}
    for said in record.said:
        if said.word == "began":
            began[said.pid] = said.t_s
        elif said.word == "acknowledged" and said.what["record"] != "Session" and said.pid in began:
            taken_s = said.t_s - began.pop(said.pid)
            found.resume_s.append(taken_s)
            if taken_s > RESUME_LIMIT_S:
                found.late.append(f"{taken_s:.1f} s to the first record")


def _seq(action_id: str) -> int:
    match = SEQ.search(action_id)
    assert match is not None, action_id
    return int(match[1])
