"""The error of a map by one common model of what was measured; of a level, the share on its wrong side."""

import numpy as np

from agent.rehearsal.common_model import fit_common_model, map_error
from agent.rehearsal.yardsticks.explaining import explain_values
from agent.rehearsal.yardsticks.standard import (
    FEWEST_FOR_A_MAP,
    Run,
    Standard,
    Truth,
    looks_of,
    of_even_maps,
    refuse_nowhere,
)
from models.domain.history import Observation
from models.domain.objective import Level, Map
from models.domain.scattering import Floats
from models.domain.space import SearchSpace


class MapError:
    """For a map, and for a level in it: the truth is read as the feature."""

    def __init__(self, objective: Map | Level, unit: str = "1") -> None:
        """Take the goal, and the unit of its feature."""
        self._feature, self._unit = objective.feature, unit
        self._level = objective.level if isinstance(objective, Level) else None
        self.is_share = self._level is not None
        self.name = "share wrong" if self.is_share else "rmse"
        self.of = "the space" if self.is_share else "the range"
        self.meaning = (
            "Share of the space that a map by one common model of what was measured puts on the wrong side."
            if self.is_share
            else "The error is that of a map by one common model of what was measured, root mean square over "
            "the space."
        )

    def read(self, observation: Observation) -> Floats:
        """The feature, shape (1,)."""
        feature = observation.feature(self._feature)
        return np.array([np.nan if feature is None else feature.value])

    def lay(self, truth: Truth) -> Standard:
        """The feature, everywhere."""
        values = truth.rows[:, 0]
        refuse_nowhere(np.isfinite(values), self._feature)
        scale = 1.0 if self.is_share else float(np.nanmax(values) - np.nanmin(values)) or 1.0
        return Standard(truth.columns, values, 0.0, scale)

    def among(self, standard: Standard, space: SearchSpace) -> Standard:
        """The same: a map is of all samples."""
        del space
        return standard

    def scores(self, standard: Standard, run: Run) -> list[float | None]:
        """Error at some counts of measurements."""
        looks = looks_of(len(run.found))
        return [self._error(standard, run, n) if n in looks else None for n in range(1, len(run.found) + 1)]

    def _error(self, standard: Standard, run: Run, n: int) -> float | None:
        """Error of the common model of the first n measurements over the dense set."""
        known = [one for one in run.found[:n] if one is not None]
        read = [(point, feature) for point, one in known if (feature := one.feature(self._feature))]
        if len(read) < FEWEST_FOR_A_MAP:
            return None
        values, sigmas = (np.array(x) for x in zip(*((f.value, f.sigma) for _, f in read), strict=True))
        unit = run.encoding.encode([point for point, _ in read])
        is_known = np.isfinite(standard.values)
        means = fit_common_model(unit, values, sigmas).mean(standard.columns[is_known])
        return map_error(means, standard.values[is_known], self._level)

    def ideal(self, standard: Standard, n: int) -> tuple[float | None, ...]:
        """Error of the common model that knows the truth at evenly spread places."""
        is_known = np.isfinite(standard.values)
        columns, values = standard.columns[is_known], standard.values[is_known]

        def error(at: list[int]) -> float:
            model = fit_common_model(columns[at], values[at], np.zeros(len(at)))
            return map_error(model.mean(columns), values, self._level)

        return of_even_maps(columns, n, error)

    def explain(self, true: Floats, foretold: Floats) -> tuple[float, str]:
        """By the feature."""
        return explain_values(true, foretold, (self._feature,), (self._unit,))
