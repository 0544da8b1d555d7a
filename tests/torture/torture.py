"""Many campaigns, many kills, from one seed; figures at the end."""

import random
import shutil
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from models.domain.history import History
from tests.torture.audit import Findings
from tests.torture.campaigns import Small
from tests.torture.ordeal import AT_RANDOM, Executioner, Ordeal, run_in_peace
from tests.torture.points import BIRTH, POINTS, RARE, in_order
from tests.torture.runs import Nursery

KILLS_PER_CAMPAIGN = 9
N_BIRTHS = 2
"""Kills of each campaign while it starts: the first of them before it has a database."""
LONG = 4
"""So many kills a named point are many."""
TRIES = 6
"""A point that so many campaigns did not pass is never passed."""

Database = Callable[[Path], str]
"""The URL of an empty database for the campaign in a folder."""


def sqlite(folder: Path) -> str:
    return f"sqlite:///{folder / 'nightbeam.db'}"


class Plans:
    """Hands out plans until there were enough kills: every named point once, then again, and random times.

    Few kills go to the named points, the rest comes at random times; of many, half come at random times.
    """

    def __init__(self, seed: int, n_kills: int) -> None:
        self._rng = random.Random(f"plans/{seed}")
        self._left = n_kills
        self._lock = threading.Lock()
        self._tries: Counter[str] = Counter()
        self._owed: list[str] = []
        self._is_long = n_kills >= LONG * len(POINTS)
        self._others = sorted(set(POINTS).difference(BIRTH))
        self._n_random = len(self._others) if self._is_long else max(0, n_kills - len(POINTS))
        self._deck = self._shuffled()
        self._births = self._rng.sample(BIRTH, len(BIRTH))

    def draw(self) -> tuple[str, ...] | None:
        """The points at which the next campaign is killed; None when there were enough."""
        with self._lock:
            n = min(max(self._left, len(self._owed)), KILLS_PER_CAMPAIGN)
            if n <= 0:
                return None
            plan = [self._owed.pop() for _ in range(min(n, len(self._owed)))]
            while len(plan) < n:
                n_births = sum(point in BIRTH for point in plan)
                plan.append(
                    self._next_birth() if n_births < N_BIRTHS and self._births else self._next_other()
                )
            self._left -= len(plan)
        return tuple(sorted(plan, key=in_order))

    def give_back(self, unsprung: list[str]) -> None:
        """Take back traps that no run fell into."""
        with self._lock:
            self._left += len(unsprung)
            for point in unsprung:
                self._tries[point] += 1
                if point != AT_RANDOM and self._tries[point] < TRIES:
                    self._owed.append(point)

    def _next_birth(self) -> str:
        birth = self._births.pop()
        if self._is_long and not self._births:
            self._births = self._rng.sample(BIRTH, len(BIRTH))
        return birth

    def _next_other(self) -> str:
        self._deck = self._deck or self._shuffled()
        return self._deck.pop()

    def _shuffled(self) -> list[str]:
        """Every point that a campaign passes after its start, once, and random times among them."""
        deck = [p for p in self._others if p not in RARE] + [AT_RANDOM] * self._n_random
        # What a campaign passes at one decision only goes to one campaign: a resumed run passes it again.
        return [*self._rng.sample(deck, len(deck)), *reversed(RARE)]


@dataclass
class Figures:
    """What is printed at the end."""

    seed: int
    kills: int = 0
    campaigns: int = 0
    lost: int = 0
    duplicated: int = 0
    double_dispensed: int = 0
    orphaned: int = 0
    broken_chain: int = 0
    diverged: int = 0
    unlogged: int = 0
    fallen: int = 0
    late: int = 0
    quarantined: int = 0
    unknown_dispenses: int = 0
    same_sequence: int = 0
    """Campaigns whose decisions are all those of the campaign left in peace."""
    stops: int = 0
    """Immediate stops of the database."""
    runs_ended_by_stops: int = 0
    """Stops after which the run ended, and the next one went on."""
    resume_median_s: float = 0.0
    resume_longest_s: float = 0.0
    kills_by_point: dict[str, int] = field(default_factory=dict[str, int])
    points_never_passed: list[str] = field(default_factory=list[str])
    objections: list[str] = field(default_factory=list[str])

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Tally:
    """Adds up what the audits found."""

    def __init__(self, seed: int) -> None:
        self._figures = Figures(seed)
        self._resume_s: list[float] = []
        self._by_point: Counter[str] = Counter()

    def add(self, index: int, ordeal: Ordeal, found: Findings) -> None:
        figures = self._figures
        figures.kills += len(ordeal.kills)
        figures.campaigns += 1
        self._by_point.update(ordeal.kills)
        self._resume_s += found.resume_s[1:]
        figures.unknown_dispenses += len(found.unknown)
        figures.quarantined += found.n_quarantined
        figures.same_sequence += not found.diverged and not found.unknown
        for kind, objections in found.objections().items():
            setattr(figures, kind, getattr(figures, kind) + len(objections))
            figures.objections += [
                f"campaign {index} ({', '.join(ordeal.kills)}): {kind}: {o}" for o in objections
            ]

    def figures(self) -> Figures:
        figures = self._figures
        figures.kills_by_point = dict(sorted(self._by_point.items()))
        figures.points_never_passed = [point for point in POINTS if not self._by_point[point]]
        if self._resume_s:
            ordered = sorted(self._resume_s)
            figures.resume_median_s = round(ordered[len(ordered) // 2], 3)
            figures.resume_longest_s = round(ordered[-1], 3)
        return figures


@dataclass(frozen=True)
class Torture:
    """What is to be done."""

    seed: int
    n_kills: int
    folder: Path
    """Campaigns go here; those that passed the audit are removed."""
    database: Database = sqlite
    n_workers: int = 2
    mutant: str | None = None
    raise_nursery: Callable[[], Nursery] = Nursery

    def carry_out(self, progress: Callable[[int], None] = lambda n: None) -> Figures:
        """Kill, resume, audit, add up."""
        campaign = Small()
        plans, tally, lock = Plans(self.seed, self.n_kills), Tally(self.seed), threading.Lock()
        indices = iter(range(1, 10**9))

        def work(calm: History, nursery: Nursery) -> None:
            while (plan := plans.draw()) is not None:
                with lock:
                    index = next(indices)
                ordeal = self._suffer(nursery, index, campaign, plan)
                found = ordeal.findings(nursery, calm)
                plans.give_back(ordeal.unsprung)
                with lock:
                    tally.add(index, ordeal, found)
                    progress(len(ordeal.kills))
                if not found.objections():
                    shutil.rmtree(ordeal.folder)

        nurseries = [self.raise_nursery() for _ in range(self.n_workers)]
        try:
            calm = run_in_peace(nurseries[0], campaign, *self._place("calm"))
            with ThreadPoolExecutor(self.n_workers) as pool:
                for job in [pool.submit(work, calm, nursery) for nursery in nurseries]:
                    job.result()
        finally:
            for nursery in nurseries:
                nursery.close()
        return tally.figures()

    def _suffer(self, nursery: Nursery, index: int, campaign: Small, plan: tuple[str, ...]) -> Ordeal:
        folder, url = self._place(f"campaign-{index:04d}")
        ordeal = Ordeal(folder, url)
        rng = random.Random(f"{self.seed}/{index}")
        Executioner(nursery, rng, self.mutant).carry_out(ordeal, campaign, plan)
        return ordeal

    def _place(self, name: str) -> tuple[Path, str]:
        folder = self.folder / name
        folder.mkdir()
        return folder, self.database(folder)
