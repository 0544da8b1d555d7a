"""Faults of the protocol, put in on purpose, each with the scenario and the invariant that catch it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from bluesky import preprocessors

from agent import loop, resume
from agent.loop import Loop
from db import lease, ledger, log
from db.lease import Lease
from db.ledger import FIRST
from db.log import DecisionLog
from db.verify import chain, raw_rows
from instruments import fence
from instruments import reconcile as reconciling
from instruments.evidence import Verified
from instruments.journal import Journal
from instruments.runner import BlueskyInstrument
from models.domain.action import Asset
from models.domain.canonical import canonical_json, sha256_text
from models.domain.decision import MEASURING_KINDS
from models.domain.errors import LogUnavailable
from models.domain.history import Failure, History
from models.domain.records import Ended, Started
from tests.protocol import scenarios

Patch = pytest.MonkeyPatch


@dataclass(frozen=True)
class Mutant:
    """A fault of the protocol."""

    install: Callable[[Patch], None]
    scenario: str
    """In which it shows."""
    caught_by: str
    """The invariant that breaks."""


def act_before_intent(patch: Patch) -> None:
    """Commands are given before the decision is on record."""
    usual = Loop._decide

    def decide(self: Any, decision: Any, actions: Any, *answers: Any) -> None:
        for action in actions[:1]:
            self._parts.instrument.perform(action, decision)
        usual(self, decision, actions, *answers)

    patch.setattr(Loop, "_decide", decide)


def start_without_commit(patch: Patch) -> None:
    """`Started` is not committed."""
    usual = DecisionLog.append
    patch.setattr(
        DecisionLog,
        "append",
        lambda self, record: None if isinstance(record, Started) else usual(self, record),
    )


def succeed_before_commit(patch: Patch) -> None:
    """`append` reports success, and commits with the next record."""
    usual = DecisionLog.append

    def append(self: Any, record: Any) -> None:
        waiting = getattr(self, "_waiting", None)
        self._waiting = record
        if waiting is not None:
            usual(self, waiting)

    patch.setattr(DecisionLog, "append", append)


def act_on_without_a_log(patch: Patch) -> None:
    """`LogUnavailable` is swallowed."""
    usual = DecisionLog.append

    def append(self: Any, record: Any) -> None:
        with suppress(LogUnavailable):
            usual(self, record)

    patch.setattr(DecisionLog, "append", append)


def commit_again_without_asking(patch: Patch) -> None:
    """A COMMIT whose answer was lost is tried again, without asking whether it went through."""
    patch.setattr(log, "is_on_record", lambda *_: False)


def retry_what_is_unknown(patch: Patch) -> None:
    """A command that may be given at most once is given again when nobody can tell."""
    patch.setitem(reconciling.JOURNAL_SAYS, "no journal", ("failed", "Nothing was dispensed."))


def resume_without_looking(patch: Patch) -> None:
    """What was under way is taken for failed."""
    usual = resume.recover

    def recover(logged: Any, find: Any, decision: Any) -> Any:
        failed = {"status": "failed", "exposure": None}
        return usual(logged, lambda action: find(action).model_copy(update=failed), decision)

    patch.setattr(loop, "recover", recover)


def assume_success(patch: Patch) -> None:
    """What was under way is taken for done."""
    usual = BlueskyInstrument.reconcile
    done = {"status": "succeeded"}
    patch.setattr(BlueskyInstrument, "reconcile", lambda *given: usual(*given).model_copy(update=done))


def trust_a_lost_journal(patch: Patch) -> None:
    """A journal that was lost passes for one that proves that nothing was dispensed."""
    patch.setattr(Journal, "has_mixes", True)


def take_a_fault_for_no_dose(patch: Patch) -> None:
    """A pump that fails is believed to have dosed nothing."""

    def end_of_fault(action: Any, found: Any, error: Exception, decision: Any) -> Ended:
        del decision
        report = found.model_copy(update={"status": "failed", "exposure": None})
        failure = Failure(seq=action.seq, code=type(error).__name__, sentence=str(error))
        return Ended(report=report, failure=failure)

    patch.setattr(loop, "end_of_fault", end_of_fault)


def write_no_quarantine(patch: Patch) -> None:
    """A sample of which nobody can tell is given up, and not quarantined."""
    patch.setattr(resume, "quarantine_after", lambda *_: None)


def forget_the_quarantine(patch: Patch) -> None:
    """A quarantined sample is used when a person asks for it."""
    patch.setattr(Loop, "_refusal", lambda *_: None)


def name_attempts_alike(patch: Patch) -> None:
    """The second attempt has the action_id of the first."""
    patch.setattr(
        resume, "_next_attempt", lambda action: action.model_copy(update={"attempt": action.attempt + 1})
    )


def write_two_outcomes(patch: Patch) -> None:
    """A decision gets its outcome and another one."""
    usual = Loop._close

    def close(self: Any, decision: Any, outcome: Any) -> None:
        usual(self, decision, outcome)
        self._parts.log.append(Failure(seq=decision.seq, code="again", sentence="Once more."))

    patch.setattr(Loop, "_close", close)


def write_an_outcome_twice(patch: Patch) -> None:
    """The same outcome is written twice."""
    usual = Loop._close

    def close(self: Any, decision: Any, outcome: Any) -> None:
        self._parts.log.append(outcome)
        usual(self, decision, outcome)

    patch.setattr(Loop, "_close", close)


def learn_from_rejected_frames(patch: Patch) -> None:
    """Observations that a check rejected train the model."""

    def accepted(self: Any) -> Any:
        pairs = ((self.decision(o.seq), o) for o in self.observations)
        return (pair for pair in pairs if pair[0].kind in MEASURING_KINDS)

    patch.setattr(History, "accepted", accepted)


def commit_without_a_fence(patch: Patch) -> None:
    """Commits do not ask for the lease."""
    patch.setattr(Lease, "hold", lambda *_: None)


def command_without_a_fence(patch: Patch) -> None:
    """Commands do not ask for the lease."""
    usual = fence._refusal
    patch.setattr(fence, "_refusal", lambda *given: (usual(*given), None)[1])


def save_without_a_fence(patch: Patch) -> None:
    """An exposure is proved by an agent that was relieved before it did so."""
    patch.setattr(fence, "COMMANDS", fence.COMMANDS - {fence.SAVE})


def dose_for_anybody(patch: Patch) -> None:
    """The dispenser takes commands of an agent that was taken for dead."""
    patch.setattr(Journal, "_refuse_stale", lambda *_: None)


def look_up_without_raising_the_fence(patch: Patch) -> None:
    """The journal is believed while a command of the agent before may still arrive."""
    patch.setattr(BlueskyInstrument, "_raise_fence", lambda *_: None)


def keep_the_fence(patch: Patch) -> None:
    """A new holder of the lease gets the fence of the one before."""
    usual = lease._write

    def write(connection: Any, instrument: Any, holder: Any, now: Any, row: Any) -> Any:
        taken = usual(connection, instrument, holder, now, row)
        if row is None:
            return taken
        connection.exec_driver_sql("DROP TRIGGER lease_fence_rises")
        connection.exec_driver_sql("UPDATE lease SET fence = 1")
        return 1

    patch.setattr(lease, "_write", write)


def take_a_living_lease(patch: Patch) -> None:
    """A lease is taken from an agent that is alive."""
    patch.setattr(lease, "_is_free", lambda *_: True)


def seal_without_chain(patch: Patch) -> None:
    """An entry's hash does not cover the entry before."""

    def entry_sha256(uid: str, n: int, previous: str, said: Any, members: Any) -> str:
        del previous
        return sha256_text(canonical_json({"said": said, "members": members, "uid": uid, "n": n, "p": FIRST}))

    _everywhere(patch, "entry_sha256", entry_sha256)


def seal_without_a_column(patch: Patch) -> None:
    """A row's hash does not cover the reason."""
    usual = ledger.row_sha256

    def row_sha256(table: Any, row: Any) -> str:
        return usual(table, {name: value for name, value in row.items() if name != "reason"})

    _everywhere(patch, "row_sha256", row_sha256)


def leave_a_row_unsealed(patch: Patch) -> None:
    """The rows of failures are in no entry."""
    usual = ledger.Entry.add

    def add(self: Any, table: Any, **values: Any) -> Any:
        key = usual(self, table, **values)
        if table.name == "failure":
            self._members.pop()
        return key

    patch.setattr(ledger.Entry, "add", add)


def leave_the_shutter_open(patch: Patch) -> None:
    """A fault in mid-exposure leaves the shutter open."""

    def without_end(plan: Any, *_: Any, **__: Any) -> Any:
        return (yield from plan)

    patch.setattr(preprocessors, "finalize_wrapper", without_end)
    patch.setattr(BlueskyInstrument, "_try_to_make_safe", lambda *_: "")


def resume_with_the_shutter_as_it_is(patch: Patch) -> None:
    """A resumed run does not close the shutter first."""
    patch.setattr(BlueskyInstrument, "make_safe", lambda *_: None)


def believe_any_file(patch: Patch) -> None:
    """An exposure counts as done without a look at its file."""

    def believe(path: Any, action_id: str, event: Any, role: Any) -> Verified:
        del action_id
        written = next((str(v) for key, v in event.items() if key.endswith("_sha256")), "0" * 64)
        return Verified(Asset(role=role, path=str(path), sha256=written, n_bytes=1))

    patch.setattr(reconciling, "verify_file", believe)


def _everywhere(patch: Patch, name: str, function: Any) -> None:
    """Put a function in the place of one of the ledger's, wherever it was imported to."""
    for module in (ledger, chain, raw_rows, scenarios):
        if hasattr(module, name):
            patch.setattr(module, name, function)


MUTANTS = (
    Mutant(act_before_intent, "peace", "nothing_moves_before_it_is_on_record"),
    Mutant(start_without_commit, "peace", "nothing_acknowledged_is_lost"),
    Mutant(succeed_before_commit, "peace", "nothing_acknowledged_is_lost"),
    Mutant(act_on_without_a_log, "locked for long", "nothing_acknowledged_is_lost"),
    Mutant(commit_again_without_asking, "COMMIT breaks after it went through", "each_command_is_given_once"),
    Mutant(retry_what_is_unknown, "killed dosing, no journal", "no_sample_is_dosed_twice"),
    Mutant(resume_without_looking, "killed dosed", "no_sample_is_dosed_twice"),
    Mutant(assume_success, "killed command on its way to the pump", "only_what_was_made_is_used"),
    Mutant(trust_a_lost_journal, "journal lost", "no_sample_is_dosed_twice"),
    Mutant(take_a_fault_for_no_dose, "mix breaks", "an_unknown_dose_is_quarantined"),
    Mutant(write_no_quarantine, "killed dosing", "an_unknown_dose_is_quarantined"),
    Mutant(forget_the_quarantine, "quarantined sample is asked for", "what_is_quarantined_is_never_used"),
    Mutant(name_attempts_alike, "killed after Started", "agents_end_for_a_reason"),
    Mutant(write_two_outcomes, "peace", "each_decision_has_one_outcome"),
    Mutant(write_an_outcome_twice, "peace", "agents_end_for_a_reason"),
    Mutant(learn_from_rejected_frames, "peace", "models_learn_from_accepted_measurements_only"),
    Mutant(commit_without_a_fence, "duel before Started", "each_command_is_given_once"),
    Mutant(command_without_a_fence, "duel start document written", "one_agent_moves_at_a_time"),
    Mutant(save_without_a_fence, "duel reading", "no_whole_exposure_is_repeated"),
    Mutant(dose_for_anybody, "awake too early", "one_agent_moves_at_a_time"),
    Mutant(look_up_without_raising_the_fence, "awake too early", "one_agent_moves_at_a_time"),
    Mutant(keep_the_fence, "duel before a command", "one_agent_moves_at_a_time"),
    Mutant(take_a_living_lease, "restarted too early", "a_living_agent_keeps_the_instrument"),
    Mutant(seal_without_chain, "an editor seals again", "an_entry_that_was_sealed_again_is_found"),
    Mutant(seal_without_a_column, "an editor comes", "an_edited_cell_is_found"),
    Mutant(leave_a_row_unsealed, "peace", "the_ledger_verifies"),
    Mutant(leave_the_shutter_open, "expose refuses", "the_shutter_is_closed_while_nothing_is_exposed"),
    Mutant(
        resume_with_the_shutter_as_it_is, "killed frame not written",
        "the_shutter_is_closed_while_nothing_is_exposed",
    ),
    Mutant(believe_any_file, "expose file vanishes", "observations_come_from_verified_exposures"),
)  # fmt: skip
