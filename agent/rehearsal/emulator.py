"""A model of a finished night: whole curves at any point, drawn as they may have been, and their noise."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from models.domain.scattering import Curve, Floats
from models.domain.soft_log import harden
from models.gp.belief import Belief, form_belief
from models.gp.curve_basis import CurveBasis, find_basis
from models.gp.curve_set import CurveSet
from models.gp.training import Training

JITTER = 1e-6
"""Added to the variances of a draw, relative to the largest, so that its covariance can be factored."""
LEAST_SHARE = 1e-12


@dataclass(frozen=True, eq=False)
class Night:
    """What a finished night taught: its accepted curves, blanks subtracted, in the order of measurement."""

    columns: Floats
    """Where each was measured, scaled coordinates, shape (n, n_columns)."""
    q_inv_nm: Floats
    """q of all of them, shape (n_q,), 1/nm."""
    intensities: Floats
    """Shape (n, n_q), in `unit`."""
    sigmas: Floats
    """One standard deviation of each, shape (n, n_q), in `unit`."""
    exposures_s: Floats
    """How long each was counted, shape (n,), s."""
    unit: str
    """Unit of the intensity."""
    share_failed: float
    """Share of the measurements that brought nothing."""

    def without(self, rows: NDArray[np.int64]) -> "Night":
        """The same without some of the curves."""
        kept = np.setdiff1d(np.arange(len(self.columns)), rows)
        return Night(
            self.columns[kept], self.q_inv_nm, self.intensities[kept], self.sigmas[kept],
            self.exposures_s[kept], self.unit, self.share_failed,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Noise:
    """Variance of an intensity by counting: ``(base + slope x intensity) / exposure``, bin by bin."""

    base: Floats
    """Shape (n_q,), unit squared times s."""
    slope: Floats
    """Shape (n_q,), unit times s."""

    def sigma(self, intensity: Floats, exposure_s: float) -> Floats:
        """One standard deviation, shape (n_q,), in the unit of the intensity."""
        return np.sqrt((self.base + self.slope * np.maximum(intensity, 0.0)) / exposure_s)


class Emulator:
    """Beliefs about whole curves of one night, from which truths are drawn."""

    def __init__(self, night: Night) -> None:
        """Learn.

        Parameters
        ----------
        night
            Its curves.

        Raises
        ------
        FitFailed
            When nothing can be learned from them.
        """
        n = len(night.columns)
        curves = CurveSet(
            night.columns, night.q_inv_nm, night.intensities, night.sigmas, np.arange(n), night.unit,
            len(night.q_inv_nm),
        )  # fmt: skip
        self.basis: CurveBasis = find_basis(curves, n)
        found = self.basis.read(night.intensities, night.sigmas)
        self.beliefs: list[Belief] = [
            form_belief(Training(night.columns, found.values[:, k], found.sigmas[:, k]))
            for k in range(self.basis.n_components)
        ]
        self.noise = fit_noise(night)
        self.night = night

    def mean(self, columns: Floats) -> Floats:
        """Intensities that are expected at points, shape (m, n_columns) -> (m, n_q)."""
        means = np.stack([belief.predict(columns)[0] for belief in self.beliefs], axis=1)
        return harden(self.basis.mean + means @ self.basis.vectors, self.basis.floor)

    def draw(self, dense: Floats, seed: int) -> "Drawn":
        """One truth that the night may have met: a curve at every point, the same whenever it is asked.

        Each coefficient is drawn jointly at a dense set of points; elsewhere it is what these and the
        measurements make one expect.

        Parameters
        ----------
        dense
            Scaled coordinates, shape (n, n_columns).
        seed
            Seed of the draw.
        """
        rng = np.random.default_rng(seed)
        return Drawn(self, [_draw_one(belief, dense, rng) for belief in self.beliefs])


Coefficient = Callable[[Floats], Floats]
"""One coefficient at points, shape (m, n_columns) -> (m,), standardised."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """One truth."""

    emulator: Emulator
    """What it was drawn from."""
    coefficients: list[tuple[int, Coefficient]]
    """Of each component: which member of its belief holds, and its coefficient."""

    def intensities(self, columns: Floats, rng: np.random.Generator | None = None) -> Floats:
        """Curves at points, shape (m, n_columns) -> (m, n_q).

        Parameters
        ----------
        columns
            Where.
        rng
            Draws what makes two samples of one recipe differ; None for the truth itself.
        """
        emulator, values = self.emulator, np.empty((len(columns), len(self.coefficients)))
        for k, (belief, (member, at)) in enumerate(zip(emulator.beliefs, self.coefficients, strict=True)):
            standardised = at(columns)
            if rng is not None:
                scatter = np.sqrt(belief.noise_variances()[member])
                standardised = standardised + scatter * rng.standard_normal(len(columns))
            values[:, k] = belief.state.scale.middle(standardised)
        return harden(emulator.basis.mean + values @ emulator.basis.vectors, emulator.basis.floor)

    def curve(self, columns: Floats, exposure_s: float) -> Curve:
        """The noise-free curve at one point, shape (n_columns,), weighed as an exposure would be."""
        intensity = self.intensities(columns[np.newaxis])[0]
        night = self.emulator.night
        return Curve(night.q_inv_nm, intensity, self.emulator.noise.sigma(intensity, exposure_s), night.unit)


def _draw_one(belief: Belief, dense: Floats, rng: np.random.Generator) -> tuple[int, Coefficient]:
    """One coefficient: of one member of its belief, drawn at the dense set."""
    member = int(rng.choice(len(belief.weights), p=belief.weights / belief.weights.sum()))
    covariance = belief.covariances_between(dense, dense)[member]
    largest = float(np.diag(covariance).max())
    covariance = covariance + max(JITTER * largest, LEAST_SHARE) * np.eye(len(dense))
    factor = np.linalg.cholesky(covariance)
    weights = solve_triangular(factor, rng.standard_normal(len(dense)), lower=True, trans=1)

    def at(columns: Floats) -> Floats:
        mean = belief.at(columns).means[member]
        return mean + belief.covariances_between(columns, dense)[member] @ weights

    return member, at


def fit_noise(night: Night) -> Noise:
    """The law of counting that the curves' own sigmas follow, bin by bin, by least squares."""
    variances = night.sigmas**2 * night.exposures_s[:, np.newaxis]
    intensity = np.maximum(night.intensities, 0.0)
    mean, centre = variances.mean(axis=0), intensity.mean(axis=0)
    spread = ((intensity - centre) ** 2).sum(axis=0)
    slope = ((intensity - centre) * (variances - mean)).sum(axis=0) / np.maximum(spread, LEAST_SHARE)
    slope = np.clip(slope, 0.0, mean / np.maximum(centre, LEAST_SHARE))
    return Noise(np.maximum(mean - slope * centre, 0.0), slope)
