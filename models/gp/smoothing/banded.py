"""A curve that leans on the points beside and on given shapes: evidence, mean, variance, by banded matrices."""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_solve_banded, cholesky_banded

from models.domain.scattering import Floats
from models.gp.smoothing.chain import Chain


@dataclass(frozen=True, eq=False)
class Prior:
    """What is believed of a curve beforehand: shapes with weights, and a Gaussian process along q on top."""

    chain: Chain
    """The process, for variance 1."""
    amplitude: float
    """Its standard deviation."""
    shapes: Floats
    """Shapes, shape (n_shapes, n_q)."""
    spreads: Floats
    """Standard deviation of the weight of each, shape (n_shapes,)."""

    def solve(self, values: Floats, weights: Floats) -> "Solved":
        """Condition on straight-line measurements.

        Parameters
        ----------
        values
            What was measured, shape (n_q,).
        weights
            Inverse variance of each, shape (n_q,); 0 where there is no point.
        """
        n_q, shapes = len(values), self.shapes
        diagonal = self.chain.diagonal / self.amplitude**2
        diagonal[:, 0, 0] += weights
        below = self.chain.below / self.amplitude**2
        banded = cholesky_banded(_in_bands(diagonal, below), lower=True, check_finite=False)

        pulls = np.zeros((n_q, 2, 1 + len(shapes)))
        pulls[:, 0, 0] = weights * values
        pulls[:, 0, 1:] = (weights * shapes).T
        answers = cho_solve_banded((banded, True), pulls.reshape(2 * n_q, -1), check_finite=False)[::2]
        plain, leaned = answers[:, 0], answers[:, 1:]
        left = shapes.T - leaned
        core = np.diag(self.spreads**-2.0) + (weights * shapes) @ left
        shares = np.linalg.solve(core, (weights * shapes) @ (values - plain))
        mean = plain + left @ shares
        log_prior = (
            self.chain.log_determinant - 4.0 * n_q * np.log(self.amplitude) - 2.0 * np.log(self.spreads).sum()
        )
        log_posterior = 2.0 * np.log(banded[0]).sum() + np.linalg.slogdet(core)[1]
        unexplained = float((weights * values * (values - mean)).sum())
        evidence = -0.5 * float(unexplained + log_posterior - log_prior)
        return Solved(mean, shares, evidence, diagonal, below, left, core)


@dataclass(frozen=True, eq=False)
class Solved:
    """What is believed afterwards."""

    mean: Floats
    """The curve, shape (n_q,)."""
    shares: Floats
    """Weight of each shape, shape (n_shapes,)."""
    evidence: float
    """Logarithm of the probability of the measurements, but for what does not depend on the prior."""
    diagonal: Floats
    """Blocks of the inverse covariance on the diagonal, shape (n_q, 2, 2)."""
    below: Floats
    """Blocks below it, shape (n_q - 1, 2, 2)."""
    left: Floats
    """What the process cannot take over of each shape, shape (n_q, n_shapes)."""
    core: Floats
    """Inverse covariance of the shares, shape (n_shapes, n_shapes)."""

    def variance(self) -> Floats:
        """Variance of the curve, shape (n_q,)."""
        return self._of_process() + np.einsum("qi,ij,qj->q", self.left, np.linalg.inv(self.core), self.left)

    def mean_square_shares(self) -> Floats:
        """Expected square of each share, shape (n_shapes,)."""
        return self.shares**2 + np.diag(np.linalg.inv(self.core))

    def _of_process(self) -> Floats:
        """Diagonal of the inverse of the chain's part, by a sweep there and back."""
        n_q = len(self.diagonal)
        ahead = np.empty_like(self.diagonal)
        carried = np.empty_like(self.below)
        ahead[0] = np.linalg.inv(self.diagonal[0])
        for k in range(1, n_q):
            carried[k - 1] = self.below[k - 1] @ ahead[k - 1]
            ahead[k] = np.linalg.inv(self.diagonal[k] - carried[k - 1] @ self.below[k - 1].T)
        found = np.empty(n_q)
        last = ahead[-1]
        found[-1] = last[0, 0]
        for k in range(n_q - 2, -1, -1):
            last = ahead[k] + carried[k].T @ last @ carried[k]
            found[k] = last[0, 0]
        return found


def _in_bands(diagonal: Floats, below: Floats) -> Floats:
    """The lower bands of a block-tridiagonal matrix, shape (4, 2 n_q), as LAPACK takes them."""
    bands = np.zeros((4, len(diagonal), 2))
    bands[0] = diagonal[:, (0, 1), (0, 1)]
    bands[1, :, 0] = diagonal[:, 1, 0]
    bands[1, :-1, 1] = below[:, 0, 1]
    bands[2, :-1] = below[:, (0, 1), (0, 1)]
    bands[3, :-1, 0] = below[:, 1, 0]
    return bands.reshape(4, -1)
