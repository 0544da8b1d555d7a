"""How long the instrument waits for samples: the twin's night with each made ahead, beside a serial one."""

import contextlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from agent.campaign import Campaign
from agent.config import read_campaign
from benchmarks.machine import machine_settings
from benchmarks.row import Peer, Row, make_row
from benchmarks.task import Task
from instruments.virtual_cell import LOOK_S, FlowCellOptions
from models.domain.clock import SECONDS_PER_HOUR
from models.domain.history import History
from models.gp.threads import use_one_thread

EXAMPLE = Path(__file__).parent.parent / "examples" / "overnight.toml"
N_SAMPLES, N_SAMPLES_QUICK = 60, 6
SERIAL = "the same night, each sample made when the one before it is out of the cell"


@dataclass(frozen=True)
class Commands:
    """What one decision's commands took by the instrument's clock, s."""

    prepare_s: float
    """Making the sample; 0 where none was made."""
    load_s: float
    """Pumping it into the cell."""
    expose_s: float
    """Exposing it, and waiting for the next one, where that was being made."""
    beyond_s: float = 0.0
    """How much of that was waiting."""


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
    """The share of the night for which the instrument waits: both nights carried out, by the twin's clock."""
    use_one_thread()
    n = task.repeats(N_SAMPLES, N_SAMPLES_QUICK)
    own_s = FlowCellOptions().rinse_s + LOOK_S
    found: list[Idle] = []
    for is_overlapped in (True, False):
        with tempfile.TemporaryDirectory(prefix="nightbeam-bench-") as folder:
            found.append(idle_of(commands_of(run_night(Path(folder), n, is_overlapped)), own_s))
    overlapped, serial = found
    settings = machine_settings() | {
        "campaign": EXAMPLE.name, "n_samples": n, "serial_h": serial.total_s / SECONDS_PER_HOUR,
        "overlapped_h": overlapped.total_s / SECONDS_PER_HOUR,
    }  # fmt: skip
    peer = Peer(name=SERIAL, value=serial.share)
    return [make_row("idle.share_of_the_night", overlapped.share, "1", settings, peer)]


def run_night(folder: Path, n_samples: int, is_overlapped: bool) -> History:
    """The named night with its faults, but for the power cut: it would end this process."""
    text = re.sub(r"^power_cut = .*\n", "", EXAMPLE.read_text(), flags=re.MULTILINE)
    text = re.sub(r"^overlap = .*\n", "", text, flags=re.MULTILINE)
    text = text.replace("[deck]", f"[deck]\noverlap = {str(is_overlapped).lower()}")
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
        exposure, expose_s = history.exposure(decision.seq), took.get("expose", 0.0)
        beyond_s = 0.0
        if decision.ahead is not None and exposure is not None:
            beyond_s = max(expose_s - exposure.exposure_s, 0.0)
        if took:
            yield Commands(took.get("prepare", 0.0), took.get("load", 0.0), expose_s, beyond_s)


def idle_of(commands: Iterable[Commands], own_s: float) -> Idle:
    """How long a night took, and waited: while a sample is made, an empty cell is rinsed and looked through.

    Parameters
    ----------
    commands
        What they took.
    own_s
        Rinsing the cell and looking through it, s.
    """
    total_s = waited_s = 0.0
    for one in commands:
        total_s += one.prepare_s + one.load_s + one.expose_s
        waited_s += max(one.prepare_s - own_s, 0.0) + one.beyond_s
    return Idle(total_s, waited_s)
