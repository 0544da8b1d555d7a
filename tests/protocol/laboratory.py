"""A laboratory that outlives processes: its pump doses each time it is told, and somebody watches."""

import sqlite3
import threading
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from instruments.beamline import Beamline, Tags, Timeouts
from instruments.evidence import FRAMES
from instruments.frame_writer import write_atomically
from instruments.journal import Journal, Vial
from instruments.mixing import ComponentFraction, Mix
from instruments.soft import FileDetector, FileKind, Setting, SoftStatus
from instruments.virtual_sample import JOURNAL
from models.domain.errors import BeamlineFault
from tests.protocol.life import Life

COMPONENTS = ("surfactant", "cosurfactant", "water")
STARTED = "SELECT 1 FROM action_event WHERE action_id = ? AND status = 'started'"
QUARANTINED = "SELECT 1 FROM quarantine JOIN sample ON sample.id = quarantine.sample_id WHERE sample.name = ?"
TIMEOUTS = Timeouts(move_s=0.15, mix_s=0.15, readout_s=0.15)
"""Devices of the laboratory do what they do at once, or never."""


Trouble = str | Exception
"""What goes wrong with a command; see `Bench`."""


@dataclass(frozen=True)
class Seen:
    """One thing that a device really did."""

    what: Literal["dose", "load", "open", "close", "expose"]
    agent: int
    fence: int
    sample: str = ""
    action_id: str = ""
    is_intended: bool = False
    """True when, at that moment, the database said that this command was started."""
    is_quarantined: bool = False
    """True when, at that moment, the database said that nobody may use this sample."""


@dataclass
class Laboratory:
    """The physical things, and an eyewitness who never looks away."""

    folder: Path
    """The campaign's folder, as the laboratory sees it."""
    database: Path
    """The database, read by the eyewitness alone."""
    has_journal: bool = True
    """False for a pump that keeps none."""
    seen: list[Seen] = field(default_factory=list[Seen])
    """What was done, in order."""
    is_open: bool = False
    """True while the shutter is."""
    faults: dict[str, Trouble] = field(default_factory=dict[str, Trouble])
    """What goes wrong at the next command of a sort; see `Bench`."""
    lasting: dict[str, Trouble] = field(default_factory=dict[str, Trouble])
    """What goes wrong at every command of a sort."""
    let_go: threading.Event = field(default_factory=threading.Event)
    """Frees the devices that block."""

    def witness(self, what: Any, bench: "Bench", sample: str = "") -> None:
        """See what is done, and look into the record at that very moment."""
        action_id, life = str(bench.action_id.get()), bench.life
        is_intended = self._is_there(STARTED, action_id)
        is_quarantined = self._is_there(QUARANTINED, sample)
        self.seen.append(Seen(what, life.number, life.fence, sample, action_id, is_intended, is_quarantined))

    def _is_there(self, statement: str, key: str) -> bool:
        if not self.database.exists():
            return False
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            return connection.execute(statement, (key,)).fetchone() is not None

    def trouble(self, sort: str) -> Trouble | None:
        """What goes wrong with this command, once."""
        return self.lasting.get(sort) or self.faults.pop(sort, None)

    def doses(self) -> dict[str, list[Seen]]:
        """What was pumped, by vial."""
        pumped: dict[str, list[Seen]] = {}
        for seen in self.seen:
            if seen.what == "dose":
                pumped.setdefault(seen.sample, []).append(seen)
        return pumped

    def lose_the_journal(self) -> None:
        """Somebody tidies up."""
        (self.folder / JOURNAL).unlink(missing_ok=True)


class Bench:
    """One process' connection to the laboratory: ophyd devices that die with it.

    A fault is ``deaf`` (never ends), ``refuses`` (raises before anything is done), ``breaks`` (raises after
    it was done), ``hangs`` (is done, and never says so), ``blocks`` (does not even return), what becomes of
    a frame's file, or an error to raise before anything is done.
    """

    def __init__(self, laboratory: Laboratory, life: Life) -> None:
        self.laboratory, self.life = laboratory, life
        self.seq = Setting(name="tag_seq", value=0)
        self.action_id = Setting(name="tag_action_id", value="")
        self.fence = Setting(name="tag_fence", value=0)
        self.fractions = {name: ComponentFraction(name=f"pump_{name}") for name in COMPONENTS}
        self.changer = Told(name="changer", value="", bench=self, sort="load")
        self.shutter = Told(name="shutter", value="closed", bench=self, sort="shutter")
        self.pump = Pump(self)
        files = FileKind(laboratory.folder, FRAMES, ".dat", "AD_HDF5", (1, 1, 1), "<i4")
        self.spoiled: tuple[Path, Trouble | None] = (Path(), None)
        self.detector = PromptDetector(
            name="detector", files=files, take=self._take, action_id=self.action_id
        )
        self.detector.spoil, self.detector.passes = self.spoil, life.passes

    def beamline(self) -> Beamline:
        """What an instrument is built from."""
        tags = Tags(seq=self.seq, action_id=self.action_id, fence=self.fence)
        return Beamline(
            axes=self.fractions, detector=self.detector, shutter=self.shutter, changer=self.changer,
            dispenser=self.pump, tags=tags, timeouts=TIMEOUTS, name="laboratory",
        )  # fmt: skip

    def begin(self, sort: str) -> Trouble | None:
        """Receive a command; what will go wrong with it."""
        trouble = self.laboratory.trouble(sort)
        if trouble == "refuses":
            raise BeamlineFault(f"{sort} was refused; look at the device.")
        if trouble == "blocks":
            self.laboratory.let_go.wait()
            self.life.must_live()
        if isinstance(trouble, Exception):
            raise trouble
        return trouble

    def move(self, sort: str, value: str) -> bool:
        """Carry out a move; False when its end is never told."""
        trouble = self.begin(f"shutter {value}" if sort == "shutter" else sort)
        if trouble == "deaf":
            return False
        if sort == "shutter":
            self.laboratory.is_open = value == "open"
            self.laboratory.witness("open" if value == "open" else "close", self)
        else:
            self.laboratory.witness("load", self, value)
        _raise_after(trouble, sort)
        return trouble != "hangs"

    def _take(self, action_id: str, exposure_s: float, path: Path) -> None:
        del exposure_s
        self.life.must_live()
        trouble = self.begin("expose")
        if self.laboratory.is_open:
            self.laboratory.witness("expose", self, str(self.changer.get()))
        self.life.passes("frame not written", may_stop=False)
        if trouble == "no file":
            return
        write_atomically(path, lambda partial: _write(partial, action_id))
        self.life.passes("frame written", may_stop=False)
        _raise_after(trouble, "expose")
        self.spoiled = (path, trouble)

    def spoil(self) -> Trouble | None:
        """What becomes of a frame after the detector has hashed it."""
        (path, trouble), self.spoiled = self.spoiled, (Path(), None)
        if trouble == "file vanishes":
            path.unlink()
        elif trouble == "file changes":
            path.write_text("a frame of another action\n")
        return trouble


class Told(Setting):
    """A device that is told a word."""

    def __init__(self, *, name: str, value: str, bench: Bench, sort: str) -> None:
        super().__init__(name=name, value=value)
        self._bench, self._sort = bench, sort

    def set(self, value: str, **_: Any) -> Any:
        self._bench.life.must_live()
        if not self._bench.move(self._sort, value):
            return SoftStatus(self)
        return super().set(value)


class Pump:
    """Doses each time it is told to. Its journal, where it has one, is the shipped dispenser's."""

    components = COMPONENTS

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.mix = Mix(name="pump_mix", on_set=self._mix)
        self._journal = Journal(bench.laboratory.folder / JOURNAL) if bench.laboratory.has_journal else None

    def journal_entry(self, action_id: str) -> Any:
        if self._journal is None:
            return "no journal"
        entry = self._journal.entry(action_id)
        is_from_before = str(self._bench.action_id.get()) != action_id
        return "no journal" if entry is None and is_from_before and not self._journal.has_mixes else entry

    def refuse_below(self, fence: int) -> None:
        if self._journal is not None:
            self._journal.refuse_below(fence)

    def _mix(self, action_id: str) -> Any:
        bench, laboratory = self._bench, self._bench.laboratory
        # What was checked a moment ago may have changed when the command arrives.
        bench.life.passes("command on its way to the pump")
        trouble = bench.begin("mix")
        if trouble == "deaf":
            return SoftStatus()
        sample = f"S{int(bench.seq.number())}"
        vial = Vial(sample, {name: fraction.asked for name, fraction in bench.fractions.items()})
        if self._journal is not None:
            self._journal.begin(action_id, vial, int(bench.fence.number()))
        laboratory.witness("dose", bench, sample)
        bench.life.passes("dosing", may_stop=False)
        _raise_after(trouble, "mix")
        status = SoftStatus()
        if trouble == "hangs":
            return status
        if self._journal is not None:
            self._journal.end(action_id, vial)
        bench.life.passes("dosed", may_stop=False)
        status.set_finished()
        return status


class PromptDetector(FileDetector):
    """The shipped detector, which here writes its file before `trigger` returns."""

    def passes(self, point: str) -> None:
        """Tell that a point is passed."""

    def read(self) -> Any:
        self.passes("reading")
        return super().read()

    def spoil(self) -> Any:
        """Do something to the file afterwards; ``hangs`` when the end is not told."""

    def trigger(self) -> Any:
        status = SoftStatus(self)
        self._latest = status
        self._write(str(self._action_id.get()), float(self.count_time.get()), status)
        return SoftStatus(self) if self.spoil() == "hangs" else status


def _write(partial: Path, action_id: str) -> None:
    partial.write_text(f"a frame of {action_id}\n")


def _raise_after(trouble: Trouble | None, sort: str) -> None:
    if trouble == "breaks":
        raise ConnectionError(f"the connection broke during {sort}")
