"""The dispenser's journal: what was dispensed, and which agent may still ask for it."""

import fcntl
import json
import os
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal

from models.domain.disk import disk_refuses, is_refusal
from models.domain.errors import BeamlineFault, LeaseLost

Word = Literal["fence", "started", "done"]
"""What a line says: an agent with that fence is here, a mix begins, a mix is done."""


@dataclass(frozen=True)
class Vial:
    """A sample that was made."""

    sample: str
    """Name by which the changer knows it."""
    fractions: dict[str, float]
    """Fraction of each component."""
    well: str = ""
    """Where it is; empty where the dispenser has no wells."""
    volumes_ul: dict[str, float] = field(default_factory=dict[str, float])
    """What was taken of each stock, uL; empty where that is not counted."""
    tips: tuple[str, ...] = ()
    """Tips that were used up; none where they are not counted."""


LOCK_S, POLL_S = 5.0, 0.01
"""Longest wait for another process that writes, and between two looks, s."""
NOTHING = Vial("", {})
"""Stands in a line that is about no sample."""


class Journal:
    """What was dispensed, line by line, on disk before and after each mix; one for all agents.

    It also remembers the highest fence that it was given. A command with a lower one comes from an agent that
    was taken for dead and has woken up, and is refused.
    """

    def __init__(self, path: Path) -> None:
        """Read what is there already.

        Parameters
        ----------
        path
            The file; need not exist yet.
        """
        self._path = path
        self._n_read = 0
        self._highest_fence = 0
        self._entries: dict[str, Literal["started", "done"]] = {}
        self._vials: dict[str, Vial] = {}
        self._begun: dict[str, Vial] = {}
        self._catch_up()

    @property
    def has_mixes(self) -> bool:
        """True when any mix is in it: then it was there when the last one was commanded.

        An agent finds out about each mix before it begins another. A journal without any may have been begun
        anew, and proves nothing of an earlier agent's command.
        """
        self._catch_up()
        return bool(self._entries)

    def refuse_below(self, fence: int) -> None:
        """Write down that an agent with that fence is here; forced to disk.

        Raises
        ------
        LeaseLost
            When a higher fence was given before.
        LogUnavailable
            When the disk refuses.
        """
        self._catch_up()
        if fence > self._highest_fence:
            with self._alone():
                self._append("fence", "", NOTHING, fence)
        self._refuse_stale(fence, "an agent")

    def entry(self, action_id: str) -> Literal["started", "done"] | None:
        """How far that mix got; None when it was never begun."""
        self._catch_up()
        return self._entries.get(action_id)

    def vial(self, sample: str) -> Vial | None:
        """The sample of that name; None when it was never made."""
        self._catch_up()
        return self._vials.get(sample)

    @property
    def begun(self) -> tuple[Vial, ...]:
        """All samples that were begun, ended or not, in their order: what they take is gone."""
        self._catch_up()
        return tuple(self._begun.values())

    @property
    def unfinished(self) -> str | None:
        """The last mix, when it was begun and not ended; None when it was ended, or there was none."""
        self._catch_up()
        last = next(reversed(self._entries), None)
        return last if last is not None and self._entries[last] == "started" else None

    def begin(self, action_id: str, vial: Vial, fence: int) -> None:
        """Write that a mix begins, unless a newer agent has been here; forced to disk.

        Raises
        ------
        LeaseLost
            When the fence is lower than one that was given before.
        BeamlineFault
            When the same mix was begun before.
        """
        with self._alone():
            self._refuse_stale(fence, action_id)
            if action_id in self._entries:
                raise BeamlineFault(f"mix {action_id} was begun before; look at the vial.")
            self._append("started", action_id, vial, fence)

    def end(self, action_id: str, vial: Vial) -> None:
        """Write that a mix is done; forced to disk."""
        with self._alone():
            self._append("done", action_id, vial, self._highest_fence)

    def _refuse_stale(self, fence: int, what: str) -> None:
        if fence < self._highest_fence:
            raise LeaseLost(
                f"the dispenser refused {what}: it comes with fence {fence}, and an agent with "
                f"fence {self._highest_fence} has taken over. If none has, these are two databases: see "
                "'One agent at an instrument' in docs/the-record.md"
            )

    @contextmanager
    def _alone(self) -> Generator[None]:
        """Keep other agents out while one line is written, and know what they wrote."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a+b") as file:
            self._lock(file)
            self._catch_up()
            yield

    def _lock(self, file: IO[bytes]) -> None:
        """Wait for the lock, but not for ever: an agent may have been stopped while it held it."""
        deadline = time.monotonic() + LOCK_S
        while True:
            try:
                return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise BeamlineFault(
                        f"{self._path} is held by another process for more than {LOCK_S:g} s; "
                        "end that process, then resume."
                    ) from None
                time.sleep(POLL_S)

    def _append(self, word: Word, action_id: str, vial: Vial, fence: int) -> None:
        said = {
            "word": word, "action_id": action_id, "sample": vial.sample, "fractions": vial.fractions,
            "fence": fence, "well": vial.well, "volumes_ul": vial.volumes_ul, "tips": vial.tips,
        }  # fmt: skip
        is_whole = self._path.stat().st_size == self._n_read
        try:
            with self._path.open("ab") as file:
                # A line that a crash cut short must not swallow this one.
                file.write(b"" if is_whole else b"\n")
                file.write(json.dumps(said).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise (disk_refuses(self._path, error) if is_refusal(error) else error) from error
        self._catch_up()

    def _catch_up(self) -> None:
        """Take in the whole lines that were written since the last look."""
        if not self._path.exists():
            return
        if self._path.stat().st_size < self._n_read:
            self._n_read = 0  # somebody removed it, and another one was begun
        with self._path.open("rb") as file:
            file.seek(self._n_read)
            whole = file.read().rpartition(b"\n")[0]
        if whole:
            self._n_read += len(whole) + 1
            for line in whole.split(b"\n"):
                self._remember(line)

    def _remember(self, line: bytes) -> None:
        try:
            said: dict[str, Any] = json.loads(line)
        except ValueError:
            return
        self._highest_fence = max(self._highest_fence, int(said.get("fence", 0)))
        if said["word"] == "fence":
            return
        action_id = said["action_id"]
        self._entries.pop(action_id, None)  # the last word stands last
        self._entries[action_id] = said["word"]
        vial = Vial(
            said["sample"], said["fractions"], said.get("well", ""), said.get("volumes_ul", {}),
            tuple(said.get("tips", ())),
        )  # fmt: skip
        if said["word"] == "started":
            self._begun[action_id] = vial
        else:
            self._vials[vial.sample] = vial
