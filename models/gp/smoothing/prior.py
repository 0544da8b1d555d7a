"""What is believed of a curve before and after it was measured: shapes with shares, and a process along q."""

from dataclasses import dataclass

import numpy as np

from models.domain.scattering import Floats
from models.gp.smoothing.sweep import sweep_back, sweep_forward


@dataclass(frozen=True, eq=False)
class Prior:
    """What is believed of a curve beforehand: shapes with shares, and a Gaussian process along q on top."""

    steps: Floats
    """Distances from point to point in correlation lengths, above 0, shape (n_q - 1,)."""
    amplitude: float
    """Standard deviation of the process."""
    shapes: Floats
    """Shapes, shape (n_shapes, n_q)."""
    spreads: Floats
    """Standard deviation of the share of each, shape (n_shapes,)."""

    def evidence(self, values: Floats, weights: Floats) -> float:
        """Logarithm of the probability of straight-line measurements, but for what no prior changes.

        Parameters
        ----------
        values
            What was measured, shape (n_q,).
        weights
            Inverse variance of each, shape (n_q,); 0 where there is no point.
        """
        none = np.empty((0, 2, 1)), np.empty((0, 3))
        products, log_ratio = sweep_forward(
            self.steps, self.amplitude**2, weights, self._columns(values), *none
        )
        core = self._core(products)
        explained = products[0, 1:] @ np.linalg.solve(core, products[1:, 0])
        log_shares = np.linalg.slogdet(core)[1] + 2.0 * np.log(self.spreads).sum()
        return -0.5 * float(products[0, 0] - explained + log_ratio + log_shares)

    def solve(self, values: Floats, weights: Floats) -> "Solved":
        """Condition on straight-line measurements; see `evidence`."""
        columns = self._columns(values)
        means, covariances = np.empty((len(values), 2, columns.shape[1])), np.empty((len(values), 3))
        products, _ = sweep_forward(self.steps, self.amplitude**2, weights, columns, means, covariances)
        sweep_back(self.steps, self.amplitude**2, means, covariances)
        core = self._core(products)
        shares = np.linalg.solve(core, products[1:, 0])
        left = self.shapes.T - means[:, 0, 1:]
        variance = covariances[:, 0] + np.einsum("qi,ij,qj->q", left, np.linalg.inv(core), left)
        return Solved(means[:, 0, 0] + left @ shares, variance, shares)

    def _columns(self, values: Floats) -> Floats:
        return np.ascontiguousarray(np.vstack([values, self.shapes]).T)

    def _core(self, products: Floats) -> Floats:
        """Inverse covariance of the shares after the measurements."""
        return products[1:, 1:] + np.diag(self.spreads**-2.0)


@dataclass(frozen=True, eq=False)
class Solved:
    """What is believed afterwards."""

    mean: Floats
    """The curve, shape (n_q,)."""
    variance: Floats
    """Its variance, shape (n_q,)."""
    shares: Floats
    """Share of each shape, shape (n_shapes,)."""
