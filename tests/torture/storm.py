"""Campaigns whose PostgreSQL is stopped at once again and again."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.torture.campaigns import Small
from tests.torture.ordeal import Ordeal, run_in_peace
from tests.torture.postgresql import Server
from tests.torture.runs import Nursery
from tests.torture.torture import Figures, Tally

STOPS_PER_CAMPAIGN = 5
DOWN_S = 1.0
"""How long the server stays away."""
BETWEEN_S = (0.2, 1.5)
"""Between two stops, s."""
MAY_BE_RUN_AGAIN = (1, 2)
"""Exit status of a run that ended since its database did not answer."""


@dataclass(frozen=True)
class Storm:
    """What is to be done."""

    seed: int
    n_stops: int
    folder: Path
    server: Server
    campaign: Small = field(default_factory=lambda: Small(time_scale=0.2))
    raise_nursery: Callable[[], Nursery] = Nursery

    def carry_out(self, progress: Callable[[int], None] = lambda n: None) -> Figures:
        """Stop, start, go on, audit, add up."""
        rng, tally = random.Random(f"storm/{self.seed}"), Tally(self.seed)
        n_left, n_ended, nursery = self.n_stops, 0, self.raise_nursery()
        try:
            calm = run_in_peace(nursery, self.campaign, *self._place("calm-storm"))
            index = 0
            while n_left > 0:
                index += 1
                ordeal = Ordeal(*self._place(f"storm-{index:04d}"))
                n_ended += self._weather(nursery, ordeal, min(n_left, STOPS_PER_CAMPAIGN), rng)
                n_left -= len(ordeal.kills)
                progress(len(ordeal.kills))
                tally.add(index, ordeal, ordeal.findings(nursery, calm))
        finally:
            nursery.close()
        figures = tally.figures()
        figures.stops, figures.kills, figures.runs_ended_by_stops = figures.kills, 0, n_ended
        return figures

    def _weather(self, nursery: Nursery, ordeal: Ordeal, n_stops: int, rng: random.Random) -> int:
        """Run one campaign to its end; how often it had to be started again."""
        self.campaign.write(ordeal.folder)
        n_runs = 0
        while not ordeal.is_over:
            child = nursery.start(ordeal.folder, "run", "torture.toml", "--db", ordeal.url)
            n_runs += 1
            while len(ordeal.kills) < n_stops and not child.has_ended_within(rng.uniform(*BETWEEN_S)):
                self.server.stop_at_once()
                time.sleep(DOWN_S)
                self.server.start()
                ordeal.kills.append("database stopped")
            status = child.wait().status
            ordeal.is_over = status not in MAY_BE_RUN_AGAIN or n_runs > n_stops + 1
            if ordeal.is_over and status != 0:
                ordeal.fallen.append(f"exit {status}: {(ordeal.folder / 'said.txt').read_text()[-600:]}")
        return n_runs - 1

    def _place(self, name: str) -> tuple[Path, str]:
        folder = self.folder / name
        folder.mkdir()
        return folder, self.server.url(folder)
