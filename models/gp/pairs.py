"""Covariances of watched points with a few that stand for all: computed when first asked for, then kept."""

from collections.abc import Callable
from copy import copy

import numpy as np
from numpy.typing import NDArray

from models.domain.scattering import Floats
from models.gp.kernel import covariance, take_off

Rows = NDArray[np.int64]
ChooseRows = Callable[[], Rows]
"""Says which rows of the watched points stand for all, when that is first needed."""


class Pairs:
    """Posterior covariance of watched points with the references under one Gaussian process.

    Observations are taken off in the order in which they came, those of the fit at once, whenever it is first
    asked: the same operations in the same order, so the same bits.
    """

    def __init__(
        self, points: Floats, choose: ChooseRows, n_first: int, rates: Floats, variance: float
    ) -> None:
        """Compute nothing yet.

        Parameters
        ----------
        points
            The watched points, scaled coordinates, shape (m, d).
        choose
            Says which of them are references.
        n_first
            Count of observations that are taken off at once.
        rates, variance
            The kernel's.
        """
        self._watched, self._choose, self._n_first = points, choose, n_first
        self._rates, self._variance = rates, variance
        self._n_taken = 0
        self._origin: tuple[Pairs, int] | None = None
        self._rows: Rows = np.empty(0, np.int64)
        self.points: Floats = np.empty((0, points.shape[1]))
        """The references, shape (k, d); empty until `take` was called, like all that follows."""
        self.white: Floats = np.empty((0, 0))
        """Their whitened covariances with the observations, shape (room, k)."""
        self.covariance: Floats = np.empty((0, 0))
        """Posterior covariance of the watched points with them, shape (m, k)."""

    def take(self, white: Floats, n: int) -> "Pairs":
        """Take off all observations up to now.

        Parameters
        ----------
        white
            Whitened covariances of the observations with the watched points, shape (room, m).
        n
            Count of observations.
        """
        if self._n_taken == 0 and self._origin is not None:
            self._go_on_from(*self._origin, white)
        if self._n_taken == 0:
            self._rows = self._choose()
            self.points = self._watched[self._rows]
            self.white = np.ascontiguousarray(white[:, self._rows])
            prior = covariance(self._watched, self.points, self._rates, self._variance)
            self.covariance = prior - white[: self._n_first].T @ self.white[: self._n_first]
            self._n_taken = self._n_first
        if len(self.white) < len(white):
            room = np.zeros((len(white), len(self._rows)))
            room[: len(self.white)] = self.white
            self.white = room
        for row in range(self._n_taken, n):
            self.white[row] = white[row, self._rows]
            take_off(self.covariance, white[row], self.white[row])
        self._n_taken = n
        return self

    def fork(self, n: int) -> "Pairs":
        """Pairs that go on from here, after n observations, for a while, in the spare rows of these."""
        forked = copy(self)
        forked._n_taken, forked._origin = 0, (self, n)
        return forked

    def _go_on_from(self, origin: "Pairs", n: int, white: Floats) -> None:
        origin.take(white, n)
        self._rows, self.points, self.white = origin._rows, origin.points, origin.white
        self.covariance, self._n_taken = origin.covariance.copy(), n
