"""A covariance matrix's Cholesky factor that grows by one row at a time, and what is solved with it.

The factor is kept transposed, so that all loops run along memory. A row is appended in O(n^2); a factor that
was built in another process by the same appends has the same bits.
"""

import math

import numpy as np

from models.compiled import compiled
from models.domain.errors import FitFailed
from models.domain.scattering import Floats
from models.gp.routines import lapack

SPARE_ROWS = 32
"""Rows for which room is made at once."""

FEW = 8
"""Up to so many right sides are solved one by one: the library would copy the factor first."""


@compiled
def forward(upper: Floats, n: int, right: Floats) -> Floats:
    """Solve L x = right, L being the transpose of the first n rows and columns of `upper`; shape (n,)."""
    found = right[:n].copy()
    for j in range(n):
        found[j] /= upper[j, j]
        step = found[j]
        for i in range(j + 1, n):
            found[i] -= upper[j, i] * step
    return found


@compiled
def backward(upper: Floats, n: int, right: Floats) -> Floats:
    """Solve L^T x = right; see `forward`."""
    found = right[:n].copy()
    for j in range(n - 1, -1, -1):
        total = found[j]
        for i in range(j + 1, n):
            total -= upper[j, i] * found[i]
        found[j] = total / upper[j, j]
    return found


class Factor:
    """Cholesky factor of a symmetric positive matrix."""

    def __init__(self, matrix: Floats) -> None:
        """Factor a matrix, shape (n, n), which is not kept.

        Raises
        ------
        FitFailed
            When it is not positive definite.
        """
        self.n = len(matrix)
        found, failed = lapack.dpotrf(matrix, lower=0, clean=1)
        if failed:
            raise FitFailed("the covariance of the observations is not positive definite")
        self.upper = np.zeros((self.n + SPARE_ROWS, self.n + SPARE_ROWS))
        """Transposed factor in the first n rows and columns."""
        self.upper[: self.n, : self.n] = found

    def append(self, column: Floats, diagonal: float) -> Floats:
        """Append a row and column of the matrix.

        Parameters
        ----------
        column
            Its covariances with the rows before, shape (n,).
        diagonal
            Its own variance.

        Returns
        -------
        Floats
            The factor's new row without its last value, shape (n,).

        Raises
        ------
        FitFailed
            When the matrix is no longer positive definite.
        """
        row = forward(self.upper, self.n, column)
        rest = diagonal - float(row @ row)
        if not rest > 0.0:
            raise FitFailed("the covariance of the observations is no longer positive definite")
        if self.n == len(self.upper):
            grown = np.zeros((2 * self.n, 2 * self.n))
            grown[: self.n, : self.n] = self.upper
            self.upper = grown
        self.upper[: self.n, self.n] = row
        self.upper[self.n, self.n] = math.sqrt(rest)
        self.n += 1
        return row

    def whiten(self, rights: Floats) -> Floats:
        """Solve L x = rights, shape (n, m), by columns."""
        if rights.shape[1] <= FEW:
            return np.stack(
                [forward(self.upper, self.n, np.ascontiguousarray(column)) for column in rights.T], axis=1
            )
        square = np.ascontiguousarray(self.upper[: self.n, : self.n])
        found, _ = lapack.dtrtrs(square.T, rights, lower=1)
        return found

    def inverse_column(self, row: int) -> Floats:
        """One column of the inverse of the matrix, shape (n,)."""
        unit = np.zeros(self.n)
        unit[row] = 1.0
        return backward(self.upper, self.n, forward(self.upper, self.n, unit))

    def inverse(self, n: int) -> Floats:
        """The inverse of the matrix' first rows and columns, shape (n, n)."""
        found, _ = lapack.dpotri(self.upper[:n, :n], lower=0)
        half = np.triu(found)
        return half + np.triu(half, 1).T


def with_room(rows: Floats) -> Floats:
    """The rows in an array that can take more."""
    grown = np.zeros((len(rows) + max(SPARE_ROWS, len(rows) // 2), *rows.shape[1:]))
    grown[: len(rows)] = rows
    return grown
