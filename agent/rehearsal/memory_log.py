"""A log in memory: a rehearsed campaign's records with their times, until the one writer has them."""

from collections.abc import Callable

from models.domain.action import Action
from models.domain.clock import Stamp
from models.domain.history import History
from models.domain.records import Decided, LoggedAction, Record, Started
from models.domain.request import LoggedRequest

BOOT = "rehearsal"
"""What stands for the boot of a machine: no real time passes."""
NS_PER_S = 1_000_000_000


class MemoryLog:
    """The `DecisionLog` port for a campaign that begins anew."""

    def __init__(self, now: Callable[[], Stamp], exposing: Callable[[], None]) -> None:
        """Begin with nothing.

        Parameters
        ----------
        now
            Tells the rehearsed time.
        exposing
            Is told of each exposure that begins: it takes more than its exposure time.
        """
        self._now, self._exposing = now, exposing
        self._actions: dict[str, Action] = {}
        self.stamped: list[tuple[Record, Stamp]] = []
        """Everything that was written, in order."""

    def append(self, record: Record) -> None:
        """Keep a record with its time."""
        if isinstance(record, Decided):
            self._actions |= {action.action_id: action for action in record.actions}
        if isinstance(record, Started) and self._actions[record.action_id].kind == "expose":
            self._exposing()
        self.stamped.append((record, self._now()))

    def history(self) -> History:
        """Nothing: it begins anew."""
        return History()

    def actions(self, seq: int) -> tuple[LoggedAction, ...]:
        """None: nothing is ever gone on with."""
        del seq
        return ()

    def requests(self) -> tuple[LoggedRequest, ...]:
        """Nobody asks for anything."""
        return ()
