"""How long the instrument waits for samples: the twin's night as it is run, beside one that overlaps."""

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agent.campaign import Campaign
from agent.config import read_campaign
from benchmarks.machine import machine_settings
from benchmarks.row import Peer, Row, make_row
from benchmarks.task import Task
from instruments.virtual_cell import LOOK_S, FlowCellOptions
from models.domain.history import History
from models.gp.threads import use_one_thread

EXAMPLE = Path(__file__).parent.parent / "examples" / "overnight.toml"
N_SAMPLES, N_SAMPLES_QUICK = 60, 6
SCHEDULE = (
    "the same commands, each sample made while the one before it is exposed: a schedule, not carried out"
)


@dataclass(frozen=True)
class Commands:
    """What one decision's commands took by the instrument's clock, s."""

    prepare_s: float
    """Making the sample; 0 where none was made."""
    load_s: float
    """Pumping it into the cell."""
    expose_s: float
    """Exposing it."""


@dataclass(frozen=True)
class Idle:
    """How long a night took, and for how much of it the cell had nothing to do, s."""

    total_s: float
    """From the first command to the end of the last."""
    waited_s: float
    """Neither rinsed, looked through, loaded nor exposed."""

    @property
    def share(self) -> float:
        """Share of the night."""
        return self.waited_s / self.total_s if self.total_s > 0 else 0.0


def measure(task: Task) -> list[Row]:
    """The share of the night for which the instrument waits: serial as carried out, and scheduled."""
    use_one_thread()
    n = task.repeats(N_SAMPLES, N_SAMPLES_QUICK)
    with tempfile.TemporaryDirectory(prefix="nightbeam-bench-") as folder:
        commands = tuple(commands_of(run_night(Path(folder), n)))
    own_s = FlowCellOptions().rinse_s + LOOK_S
    serial, planned = serially(commands, own_s), overlapped(commands, own_s)
    settings = machine_settings() | {
        "campaign": EXAMPLE.name, "n_samples": n, "serial_h": serial.total_s / 3600,
        "overlapped_h": planned.total_s / 3600,
    }  # fmt: skip
    return [
        make_row(
            "idle.share_of_the_night", serial.share, "1", settings, Peer(name=SCHEDULE, value=planned.share)
        )
    ]


def run_night(folder: Path, n_samples: int) -> History:
    """The named night with its faults, but for the power cut: it would end this process."""
    text = re.sub(r"^power_cut = .*\n", "", EXAMPLE.read_text(), flags=re.MULTILINE)
    text = re.sub(r"^measurements = \d+", f"measurements = {n_samples}", text, flags=re.MULTILINE)
    path = folder / EXAMPLE.name
    path.write_text(text)
    spec = read_campaign(path).model_copy(update={"folder": str(folder / "frames")})
    campaign = Campaign(spec, home=folder, db=f"sqlite:///{folder / 'idle.db'}")
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        campaign.run()
    return campaign.history()


def commands_of(history: History) -> Iterator[Commands]:
    """What each decision's commands took, in the order in which they were given."""
    for decision in history.decisions:
        took = {one.kind: one.seconds for one in history.durations if one.seq == decision.seq}
        if took:
            yield Commands(took.get("prepare", 0.0), took.get("load", 0.0), took.get("expose", 0.0))


def serially(commands: tuple[Commands, ...], own_s: float) -> Idle:
    """One command after the other; while a sample is made, the cell is rinsed and looked through.

    Parameters
    ----------
    commands
        What they took.
    own_s
        Rinsing the cell and looking through it, s.
    """
    total_s = sum(one.prepare_s + one.load_s + one.expose_s for one in commands)
    return Idle(total_s, sum(max(one.prepare_s - own_s, 0.0) for one in commands))


def overlapped(commands: tuple[Commands, ...], own_s: float) -> Idle:
    """Each sample made from when the one before it is in the cell; the cell is rinsed once that was exposed.

    Parameters
    ----------
    commands
        What they took.
    own_s
        Rinsing the cell and looking through it, s.
    """
    now_s = waited_s = begun_s = 0.0
    for one in commands:
        if one.prepare_s > 0:
            rinsed_s = now_s + own_s
            made_s = begun_s + one.prepare_s
            waited_s += max(made_s - rinsed_s, 0.0)
            now_s = max(made_s, rinsed_s)
        now_s += one.load_s
        begun_s = now_s
        now_s += one.expose_s
    return Idle(now_s, waited_s)
