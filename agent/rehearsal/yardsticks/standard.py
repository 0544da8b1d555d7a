"""What rehearsed campaigns are held against: the truth on a dense set of points, and what follows from it."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from models.domain.errors import BadInput
from models.domain.history import Observation
from models.domain.point import Point
from models.domain.scattering import Floats, Mask
from models.domain.seeds import derive_seed
from models.domain.space import SearchSpace
from models.gp.design import choose_spread, draw_allowed
from models.gp.encoding import Encoding

REACHES = (0.06, 0.02, 0.007)
"""Better places are looked for within so much of the axes' ranges, one after the other."""
N_LOOKS = 12
"""At how many counts of measurements a map is judged: each takes a fit."""
FEWEST_FOR_A_MAP = 3

Found = list[tuple[Point, Observation] | None]
"""Where each measurement was made and what it said; None where it brought nothing."""


@dataclass(frozen=True, eq=False)
class Standard:
    """The truth that one campaign is held against."""

    columns: Floats
    """Scaled coordinates of the dense set, shape (n, n_columns)."""
    values: Floats
    """What is compared there, shape (n,) or (n, n_values); NaN where the truth does not have it. A feature,
    distances from goals, log-intensities or numbers of phases: its yardstick says which."""
    best: float
    """Distance from the goal of the best place, or volume of the best front; 0 where the goal has no best."""
    scale: float
    """What a score of 100 % is."""
    marks: Floats = field(default_factory=lambda: np.empty(0))
    """What else its yardstick needs."""

    def is_listed(self, space: SearchSpace) -> Mask:
        """Which points of the dense set are among the samples of a space, shape (n,)."""
        listed = {row.tobytes() for row in Encoding(space).encode(space.candidates)}
        return np.array([row.tobytes() in listed for row in self.columns])


@dataclass(frozen=True, eq=False)
class Truth:
    """What the truth says on the dense set, and how it is asked for more."""

    columns: Floats
    """Scaled coordinates, shape (n, n_columns)."""
    rows: Floats
    """What a yardstick reads of each point, shape (n, n_read)."""
    encoding: Encoding
    """Of the space."""
    seed: int
    """Seed of further draws."""
    ask: Callable[[Point], Floats]
    """What the yardstick reads at one point, shape (n_read,)."""

    @property
    def is_all(self) -> bool:
        """True where the dense set is all there is: then no better place is looked for."""
        return bool(self.encoding.space.candidates)

    def ask_around(
        self, centres: Floats, reach: float, n: int, rng: np.random.Generator
    ) -> tuple[Floats, Floats]:
        """Ask up to n points around each of some centres; their columns and rows.

        Parameters
        ----------
        centres
            Scaled coordinates, shape (m, n_columns).
        reach
            How far around, as a share of the axes' ranges.
        n
            Points around each.
        rng
            Draws them.
        """
        near = np.vstack([_near(self.encoding, one, reach, n, rng) for one in centres])
        rows = [self.ask(point) for point in self.encoding.decode(near)] if len(near) else []
        return near, np.array(rows, dtype=np.float64).reshape(len(near), self.rows.shape[1])

    def draws(self) -> np.random.Generator:
        """Draws what is asked further."""
        return np.random.default_rng(derive_seed(self.seed, "polish"))


@dataclass(frozen=True, eq=False)
class Run:
    """One campaign that is to be scored."""

    found: Found
    """What it measured."""
    encoding: Encoding
    """Of its space."""
    ask: Callable[[Point], Floats]
    """What the yardstick reads of the truth at a point."""

    def columns(self) -> Floats:
        """Scaled coordinates of what was found, shape (n_found, n_columns)."""
        return self.encoding.encode([one[0] for one in self.found if one is not None])


def refuse_nowhere(is_known: Mask, what: str) -> None:
    """Refuse a truth that has what is sought at none of its points."""
    if not is_known.any():
        raise BadInput(
            "--world",
            f"has {what} at none of {len(is_known)} points that were looked at",
            "Choose a feature that it has, or another world",
        )


def looks_of(n: int) -> set[float]:
    """After which of n measurements a map is judged."""
    looks = set(np.unique(np.geomspace(FEWEST_FOR_A_MAP, max(n, 4), N_LOOKS).round()).tolist())
    return looks | {float(n)}


def _near(encoding: Encoding, centre: Floats, reach: float, n: int, rng: np.random.Generator) -> Floats:
    """Allowed points around one: steps between points of the space, so that sums go on to hold."""
    pool = draw_allowed(encoding, 4 * n, int(rng.integers(2**32))).columns
    pairs = rng.permutation(len(pool))
    steps = pool[pairs[: len(pool) // 2]] - pool[pairs[len(pool) // 2 : len(pool) // 2 * 2]]
    near = encoding.snap(centre + 2.0 * reach * steps)
    return near[encoding.is_allowed(near)][:n]


def of_even_maps(columns: Floats, n: int, error: Callable[[list[int]], float]) -> tuple[float | None, ...]:
    """Errors of maps of evenly spread places, of 1 to n of them, at the counts that are looked at.

    Parameters
    ----------
    columns
        Places to choose from, shape (m, n_columns).
    n
        Places, at most.
    error
        Error of a map that knows the truth at some rows of them.
    """
    rows, looks = choose_spread(columns, columns[:0], n), looks_of(n)
    counts = (min(count, len(rows)) for count in range(1, n + 1))
    return tuple(
        error(rows[:known]) if count in looks and known >= FEWEST_FOR_A_MAP else None
        for count, known in enumerate(counts, 1)
    )
