"""Simulated samples over a factor of 100 in brightness: count rates, readers, and the Fisher bound."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.domain.errors import FitFailed
from models.domain.scattering import Curve, Floats
from models.saxs.extractor import Found
from models.saxs.extractors import load_extractor

Q_INV_NM = np.linspace(0.1, 3.0, 400)
"""Where counts are binned, 1/nm."""
PIXELS = 20.0 * Q_INV_NM / Q_INV_NM[0]
"""Pixels of each bin: rings grow with q."""
FAINTEST, BRIGHTEST = 0.03, 3.0
"""Counts of a pixel in a second at the top of a peak."""
FORWARD = 40.0
"""Forward scattering of particles, in that of a peak."""
STEP = 1e-5
"""Relative step of the derivatives."""
Model = Callable[[Floats], Floats]
"""Intensity in the bins, of parameters."""


@dataclass(frozen=True, eq=False)
class CountedSample:
    """One sample."""

    feature: str
    """What is asked for."""
    unit: str
    """Its unit."""
    extractor: str
    """What reads it."""
    truth: float
    """The feature of the noise-free sample."""
    relative_sigma: float
    """Share of the feature that it is asked for."""
    model: Model
    """Intensity of parameters, shape (n_q,), counts per pixel and second."""
    parameters: Floats
    """The true ones, shape (n,)."""
    feature_of: Callable[[Floats], float]
    """The feature of parameters."""
    window_inv_nm: tuple[float, float]
    """q that the law holds in, 1/nm: what lies outside says nothing of the parameters."""

    @property
    def rate_hz(self) -> Floats:
        """Counts of each bin in a second, shape (n_q,)."""
        return self.model(self.parameters) * PIXELS

    def read(self, counts: Floats, seconds: float) -> Found:
        """What the extractor reads from counts; nothing where it fails."""
        per_count = 1.0 / (PIXELS * seconds)
        curve = Curve(Q_INV_NM, counts * per_count, np.sqrt(np.maximum(counts, 1.0)) * per_count)
        extract = load_extractor(self.extractor).extract
        assert extract is not None
        try:
            return extract(curve)
        except FitFailed:
            return ()

    def bound_s(self, sigma: float) -> float:
        """Shortest time in which anybody can know the feature to that sigma, s.

        From the Fisher information of Poisson counts, sum (d mu/d a)(d mu/d b)/mu over the window (Cramer and
        Rao), all parameters unknown.
        """
        low, high = self.window_inv_nm
        rows = (low <= Q_INV_NM) & (high >= Q_INV_NM)
        steps = STEP * np.diag(np.maximum(np.abs(self.parameters), 1e-3))
        slopes = np.array(
            [
                (self.model(self.parameters + step) - self.model(self.parameters - step)) / (2 * step.max())
                for step in steps
            ]
        )
        slopes = (slopes * PIXELS)[:, rows]
        information = (slopes / self.rate_hz[rows]) @ slopes.T
        by_parameter = np.array(
            [
                (self.feature_of(self.parameters + step) - self.feature_of(self.parameters - step))
                / (2 * step.max())
                for step in steps
            ]
        )
        return float(by_parameter @ np.linalg.solve(information, by_parameter)) / sigma**2


def _peak(parameters: Floats) -> Floats:
    """A Gaussian peak times exp of a cubic in ln q: order, seen through a form factor."""
    height, q0, width, *ground = parameters
    logs = np.log(Q_INV_NM)
    through = np.exp(sum(g * logs**k for k, g in enumerate(ground)))
    return through * (1.0 + height * np.exp(-0.5 * ((Q_INV_NM - q0) / width) ** 2))


def _draw_peak(rng: np.random.Generator, brightness: float) -> CountedSample:
    q0, share = float(rng.uniform(0.6, 1.6)), float(10 ** rng.uniform(-1.0, 0.3))
    width = float(q0 * rng.uniform(0.03, 0.08))
    slope = float(rng.uniform(-1.0, -0.2))
    ground = np.log(share * brightness) - slope * np.log(q0)
    parameters = np.array([1.0 / share, q0, width, ground, slope, 0.0, 0.0])
    return CountedSample(
        feature="peak_q", unit="1/nm", extractor="peak", truth=q0, relative_sigma=0.002, model=_peak,
        parameters=parameters, feature_of=lambda p: float(p[1]), window_inv_nm=(q0 / 1.6, q0 * 1.6),
    )  # fmt: skip


def _guinier(parameters: Floats) -> Floats:
    """Guinier's law, as far as it goes; a sphere of the same radius of gyration would bend off."""
    i0, rg = parameters
    return i0 * np.exp(-((Q_INV_NM * rg) ** 2) / 3) + 1e-12


def _draw_guinier(rng: np.random.Generator, brightness: float) -> CountedSample:
    rg = float(rng.uniform(2.0, 5.0))
    return CountedSample(
        feature="rg", unit="nm", extractor="guinier", truth=rg, relative_sigma=0.01, model=_guinier,
        parameters=np.array([FORWARD * brightness, rg]), feature_of=lambda p: float(p[1]),
        window_inv_nm=(0.0, 1.3 / rg),
    )  # fmt: skip


DRAWERS = {"peak": _draw_peak, "guinier": _draw_guinier}
KINDS = tuple(DRAWERS)
"""Kinds of samples."""


def draw_samples(kind: str, n: int, seed: int) -> list[CountedSample]:
    """Samples of a kind, their brightness even in logarithm over a factor of 100.

    Parameters
    ----------
    kind
        One of `KINDS`.
    n
        How many.
    seed
        Seed of everything about them.
    """
    rng = np.random.default_rng((seed, sorted(DRAWERS).index(kind)))
    brightness = FAINTEST * (BRIGHTEST / FAINTEST) ** rng.permutation(np.linspace(0.0, 1.0, n))
    return [DRAWERS[kind](rng, float(one)) for one in brightness]
