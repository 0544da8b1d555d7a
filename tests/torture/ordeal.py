"""One campaign that is killed again and again, and has to end all the same."""

import random
import signal
from dataclasses import dataclass, field
from pathlib import Path

from models.domain.history import History
from tests.torture.audit import Findings, audit
from tests.torture.campaigns import Small
from tests.torture.forecast import read_forecast
from tests.torture.points import BIRTH, RARE, first_needed
from tests.torture.record import read_on_record
from tests.torture.runs import Nursery, Trap

AT_RANDOM = "at a random time"
LONGEST_RANDOM_S = 1.2
"""Random kills come up to this time after a start: a campaign takes three to four of them."""
FARTHEST = 2
"""A trap springs at the first or second passing of its point: a kill moves a campaign on only a little."""
MOST_STATEMENTS = 18


@dataclass
class Ordeal:
    """What became of one campaign."""

    folder: Path
    url: str
    kills: list[str] = field(default_factory=list[str])
    """Where it was killed, in order."""
    unsprung: list[str] = field(default_factory=list[str])
    """Traps that no run fell into: the campaign had ended."""
    fallen: list[str] = field(default_factory=list[str])
    """Runs that ended by themselves, but not well."""
    is_over: bool = False

    def findings(self, nursery: Nursery, calm: History) -> Findings:
        """What an auditor finds afterwards."""
        found = audit(read_on_record(self.folder, self.url), calm)
        found.fallen += self.fallen
        if found.unknown:
            # From the first unknown dispense on, no campaign left in peace is there to compare with.
            run = nursery.start(self.folder, "forecast", self.url).wait()
            found.diverged += (
                read_forecast(self.folder) if run.status == 0 else [f"forecast: exit {run.status}"]
            )
        return found


class Executioner:
    """Kills one campaign by a plan."""

    def __init__(self, nursery: Nursery, rng: random.Random, mutant: str | None = None) -> None:
        self._nursery, self._rng, self._mutant = nursery, rng, mutant

    def carry_out(self, ordeal: Ordeal, campaign: Small, plan: tuple[str | Trap, ...]) -> None:
        """Kill at every point of the plan, then leave it in peace until it has ended."""
        campaign.write(ordeal.folder)
        for point in plan:
            if isinstance(point, Trap):
                self._run(ordeal, point.point, point)
                continue
            needed = first_needed(point)
            if needed is not None:
                self._run(ordeal, needed, Trap(needed))
            if not self._run(ordeal, point, self._trap(point)):
                ordeal.unsprung.append(point)
        self._run(ordeal, None, None)

    def _run(self, ordeal: Ordeal, point: str | None, trap: Trap | None) -> bool:
        """Let the program run, unless the campaign is over; true when it was killed."""
        if ordeal.is_over:
            return False
        words = ("run", "torture.toml", "--db", ordeal.url)
        child = self._nursery.start(ordeal.folder, *words, trap=trap, mutant=self._mutant)
        run = child.wait(self._rng.uniform(0.0, LONGEST_RANDOM_S) if point == AT_RANDOM else None)
        if run.status == -signal.SIGKILL:
            ordeal.kills.append(str(point))
            return True
        ordeal.is_over = True
        if run.status != 0:
            said = (ordeal.folder / "said.txt").read_text()[-600:]
            ordeal.fallen.append(f"exit {run.status} ({point or 'left in peace'}): {said}")
        return False

    def _trap(self, point: str) -> Trap | None:
        return None if point == AT_RANDOM else Trap(point, self._count(point))

    def _count(self, point: str) -> int:
        if point in ("amid tables", "amid triggers"):
            return self._rng.randint(1, MOST_STATEMENTS)
        is_first = point in BIRTH or point in RARE or first_needed(point) is not None
        return 1 if is_first else self._rng.randint(1, FARTHEST)


def run_in_peace(nursery: Nursery, campaign: Small, folder: Path, url: str) -> History:
    """The same campaign uninterrupted."""
    ordeal = Ordeal(folder, url)
    Executioner(nursery, random.Random(0)).carry_out(ordeal, campaign, ())
    if ordeal.fallen:
        raise RuntimeError(ordeal.fallen[0])
    return read_on_record(folder, url).history
