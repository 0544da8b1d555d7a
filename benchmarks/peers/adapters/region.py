"""What may be measured, as adapters need it: scaled, with each sum solved for one of its axes. Needs only
numpy and scipy."""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import qmc

Floats = npt.NDArray[np.float64]
SLACK = 1e-9
"""How far a scaled coordinate may miss a bound by rounding."""
N_DIGITS = 9
"""Scaled coordinates that agree so far are one point."""


class Region:
    """A search space as it came over the wire.

    Peers without equality constraints get the *free* axes: each sum gives up its last axis, whose bounds
    become inequalities on the others.
    """

    def __init__(self, space: dict[str, Any]) -> None:
        """Read ``{"axes": [...], "sums": [...], "candidates": [...]}``."""
        self.names: list[str] = [axis["name"] for axis in space["axes"]]
        self.low = np.array([axis["low"] for axis in space["axes"]], dtype=np.float64)
        self.high = np.array([axis["high"] for axis in space["axes"]], dtype=np.float64)
        self.span = np.where(self.high > self.low, self.high - self.low, 1.0)
        self.sums = [
            ([self.names.index(name) for name in entry["axes"]], float(entry["total"]))
            for entry in space["sums"]
        ]
        dependent = {columns[-1] for columns, _ in self.sums}
        self.free = [column for column in range(len(self.names)) if column not in dependent]
        """Columns of the free axes."""
        listed = space.get("candidates") or []
        self.candidates: Floats | None = np.array(listed, dtype=np.float64) if listed else None
        """The only points that exist, shape (n, n_axes), in the axes' units; None when any may be had."""

    def to_free(self, points: Floats) -> Floats:
        """Scaled free coordinates, shape (n, n_axes) -> (n, n_free)."""
        return ((np.asarray(points, dtype=np.float64) - self.low) / self.span)[:, self.free]

    def to_unit(self, points: Floats) -> Floats:
        """Scaled coordinates on all axes, shape (n, n_axes)."""
        return (np.asarray(points, dtype=np.float64) - self.low) / self.span

    def from_free(self, unit: Floats) -> Floats:
        """Points in the axes' units, the sums solved, shape (n, n_free) -> (n, n_axes)."""
        points = np.zeros((len(unit), len(self.names)))
        points[:, self.free] = self.low[self.free] + np.asarray(unit) * self.span[self.free]
        for columns, total in self.sums:
            points[:, columns[-1]] = total - points[:, columns[:-1]].sum(axis=1)
        return np.clip(points, self.low, self.high)

    def inequalities(self) -> tuple[Floats, Floats]:
        """Rows a and limits b of a . u <= b that the scaled free coordinates u must obey."""
        rows, limits = [], []
        for columns, total in self.sums:
            row = np.zeros(len(self.free))
            for column in columns[:-1]:
                row[self.free.index(column)] = self.span[column]
            start = total - self.low[columns[:-1]].sum()
            rows += [row, -row]
            limits += [start - self.low[columns[-1]], self.high[columns[-1]] - start]
        return np.array(rows).reshape(len(rows), len(self.free)), np.array(limits)

    def is_allowed(self, unit: Floats) -> npt.NDArray[np.bool_]:
        """Which scaled free coordinates obey bounds and sums, shape (n, n_free) -> (n,)."""
        rows, limits = self.inequalities()
        inside = np.all((unit >= -SLACK) & (unit <= 1 + SLACK), axis=1)
        return inside & np.all(unit @ rows.T <= limits + SLACK, axis=1) if len(rows) else inside

    def draw(self, n: int, seed: int, *, is_even: bool = True) -> Floats:
        """Allowed points, in the axes' units, shape (n, n_axes).

        Parameters
        ----------
        n
            How many. From a list, each once.
        seed
            Seed of the draws.
        is_even
            True for a scrambled Sobol sequence, False for independent uniform draws.
        """
        rng = np.random.default_rng(seed)
        if self.candidates is not None:
            return self.candidates[rng.permutation(len(self.candidates))[:n]]
        sobol = qmc.Sobol(len(self.free), scramble=True, rng=rng)
        kept = np.zeros((0, len(self.free)))
        while len(kept) < n:
            batch = sobol.random(1024) if is_even else rng.random((1024, len(self.free)))
            kept = np.vstack([kept, batch[self.is_allowed(batch)]])
        return self.from_free(kept[:n])

    def nearest_left(self, points: Floats, taken: Floats) -> Floats:
        """For each point the nearest candidate that was not taken, each once; the points without a list."""
        if self.candidates is None:
            return points
        left = self.left(taken)
        chosen: list[Floats] = []
        for point in points:
            gaps = np.linalg.norm(self.to_unit(left) - self.to_unit(point[np.newaxis]), axis=1)
            nearest = int(np.argmin(gaps))
            chosen.append(left[nearest])
            left = np.delete(left, nearest, axis=0)
        return np.array(chosen)

    def left(self, taken: Floats) -> Floats:
        """Candidates that were not taken, shape (n_left, n_axes)."""
        assert self.candidates is not None
        return self.without(self.candidates, taken)

    def without(self, points: Floats, taken: Floats) -> Floats:
        """Points that are none of the taken ones."""
        gone = (
            {tuple(row) for row in np.round(self.to_unit(taken), N_DIGITS).tolist()} if len(taken) else set()
        )
        kept = [tuple(row) not in gone for row in np.round(self.to_unit(points), N_DIGITS).tolist()]
        return points[np.array(kept, dtype=bool)]
