"""Appends records to a log while it is watched: ``python -m tests.torture.appends FOLDER [--careless]``.

Careless leaves the writing to the system's cache, as a faster log would. Before and after each append it
writes a mark to /dev/null, of one byte and of two.
"""

import os
import sys
from pathlib import Path
from typing import Any

from db import engine
from models.domain.action import ActionReport
from models.domain.decision import Decision, Reason
from models.domain.history import Observation
from models.domain.records import Decided, Ended, Event, Observed, Record, Retried, Started
from models.domain.space import Point
from tests import fakes
from tests.torture.syscalls import be_traced

N_DECISIONS = 3
BEFORE, AFTER = b"b", b"aa"
"""Marks, told apart by their length."""


def records() -> list[Record]:
    """A few decisions with everything that follows from them."""
    made: list[Record] = []
    for seq in range(1, N_DECISIONS + 1):
        point = Point(coordinates={"surfactant": 0.1 * seq, "cosurfactant": 0.1, "water": 0.9 - 0.1 * seq})
        reason = Reason(code="initial_design", sentence="Even start.")
        one = Decision(seq=seq, kind="initial_design", point=point, exposure_s=0.1, reason=reason)
        load, expose = fakes.FakeInstrument().actions(one)
        again = load.model_copy(update={"attempt": 2, "action_id": f"{load.action_id}-again"})
        made += [
            Decided(decision=one, actions=(load, expose)),
            Started(action_id=load.action_id),
            Ended(report=ActionReport(action_id=load.action_id, status="failed", sentence="stuck")),
            Retried(actions=(again,)),
            Started(action_id=expose.action_id),
            Ended(
                report=ActionReport(
                    action_id=expose.action_id, status="succeeded", sentence="done",
                    exposure=fakes.exposure_of(expose, one),
                )
            ),
            Observed(observation=Observation(seq=seq, is_accepted=True)),
            Event(level="info", code="note", sentence="all is well", seq=seq),
        ]  # fmt: skip
    return made


def main() -> None:
    folder = Path(sys.argv[1])
    if "--careless" in sys.argv:
        careful = engine._prepare_to_write

        def careless(connection: Any, record: Any) -> None:
            careful(connection, record)
            connection.execute("PRAGMA synchronous = OFF")

        engine._prepare_to_write = careless
    log = fakes.open_log(fakes.sqlite_url(folder), fakes.spec(), folder)
    mark = os.open(os.devnull, os.O_WRONLY)
    appended = records()
    be_traced()
    for record in appended:
        os.write(mark, BEFORE)
        log.append(record)
        os.write(mark, AFTER)
    log.close()


if __name__ == "__main__":
    main()
