"""What is foreseen of a sample never measured: its curve with a band, and features with their spread."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agent.strategy.learned import learned
from models.domain.bands import Z_95
from models.domain.history import History
from models.domain.objective import ObjectiveBase
from models.domain.point import Point
from models.domain.scattering import Curve, Feature, Floats
from models.domain.soft_log import harden
from models.domain.space import SearchSpace
from models.gp.curve_belief import CurveBelief
from models.gp.encoding import Encoding
from models.gp.outlook import believe_curves
from models.saxs.extractor import Extractor
from models.saxs.reading import read_features

N_DRAWS = 64
"""Curves that are drawn and read where features are foreseen."""


@dataclass(frozen=True, eq=False)
class ForeseenCurve:
    """The curve that is expected of a sample, noise-free, with the band that holds it in 95 of 100 cases."""

    q_inv_nm: Floats
    """Middle of each bin, shape (n_q,), 1/nm."""
    intensity: Floats
    """Median, shape (n_q,), in `unit`."""
    low: Floats
    """Lower edge of the band, shape (n_q,), in `unit`; below zero where the noise reaches there."""
    high: Floats
    """Upper edge of the band, shape (n_q,), in `unit`."""
    rms_sigma: float
    """Root mean square sigma of log-intensity over the bins: 0.1 is about 10 %."""
    unit: str
    """Unit of the intensity."""


@dataclass(frozen=True, eq=False)
class ForeseenFeature:
    """A feature as it was read off drawn curves: draws from its posterior."""

    name: str
    """Name of the feature."""
    unit: str
    """Its unit."""
    values: Floats
    """Its value in each draw that has it, shape (n,), in `unit`."""
    chance: float
    """Share of the draws that have it."""

    def as_feature(self) -> Feature:
        """Median, and half the distance of the 16th and 84th percentile as sigma."""
        low, middle, high = np.percentile(self.values, (15.87, 50.0, 84.13))
        return Feature(name=self.name, value=float(middle), sigma=float(high - low) / 2.0, unit=self.unit)


class Foresight:
    """What all curves on record say of samples that were not measured."""

    def __init__(self, space: SearchSpace, objective: ObjectiveBase, history: History) -> None:
        """Learn from the record.

        Parameters
        ----------
        space, objective
            The task: one that needs whole curves.
        history
            What was measured.

        Raises
        ------
        FitFailed
            When no curves are on record, or nothing can be learned from them.
        """
        self._encoding = Encoding(space)
        self.belief: CurveBelief = believe_curves(objective, learned(self._encoding, objective, history))
        """What is believed."""

    def curve(self, point: Point) -> ForeseenCurve:
        """The curve of one sample."""
        band, basis = self.belief.band(self._encoding.encode([point])), self.belief.basis
        mean, sigma = band.means[0], band.sigmas[0]
        middle, low, high = (harden(mean + z * sigma, basis.floor) for z in (0.0, -Z_95, Z_95))
        return ForeseenCurve(basis.q_inv_nm, middle, low, high, float(band.rms_sigmas[0]), basis.unit)

    def features(
        self, extractors: Sequence[Extractor], point: Point, seed: int, n_draws: int = N_DRAWS
    ) -> tuple[ForeseenFeature, ...]:
        """What extractors read off drawn curves of one sample, in the order in which they announce it.

        Each drawn curve is given the errors that measured ones have, at least 2 %, which extractors weigh by.

        Parameters
        ----------
        extractors
            What reads curves.
        point
            The sample.
        seed
            Seed of the draws.
        n_draws
            How many.
        """
        basis = self.belief.basis
        drawn = self.belief.draw(self._encoding.encode([point])[0], n_draws, seed)
        found: dict[str, list[float]] = {name: [] for one in extractors for name in one.makes}
        for intensity in drawn:
            sigma = basis.scale * np.hypot(intensity, 2.0 * basis.floor)
            for item in read_features(extractors, Curve(basis.q_inv_nm, intensity, sigma, basis.unit)):
                if isinstance(item, Feature):
                    found[item.name].append(item.value)
        units = {name: unit for one in extractors for name, unit in one.makes.items()}
        return tuple(
            ForeseenFeature(name, units[name], np.array(values), len(values) / n_draws)
            for name, values in found.items()
        )
