"""The error of whole curves by one common model of what was measured."""

import numpy as np

from agent.rehearsal.common_model import fit_common_curves, map_error
from agent.rehearsal.yardsticks.profiles import Rows, profile_row, read_rows
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
from models.domain.misfit import LEAST_FLOOR
from models.domain.objective import Curves
from models.domain.scattering import Floats
from models.domain.soft_log import soften, soften_sigma
from models.domain.space import SearchSpace


class CurveError:
    """For whole curves: log-intensity, softened where a curve is lost in the noise of one exposure.

    The softening is that of the truth, the same for all strategies.
    """

    name, is_share, of = "rmse", False, "the spread of the curves"
    meaning = (
        "The error is that of log-intensity, root mean square over all bins and the whole space (0.05 is "
        "about 5 %), of curves that one common model tells from what was measured. 100 % is the error of "
        "whoever knows the mean curve alone."
    )

    def __init__(self, objective: Curves) -> None:
        """Take the goal."""
        self._n_bins = objective.bins

    def read(self, observation: Observation) -> Floats:
        """The curve, shape (3 n_bins,)."""
        return profile_row(observation.profile, self._n_bins)

    def lay(self, truth: Truth) -> Standard:
        """Log-intensity, everywhere; the scale is how far curves are from their mean, root mean square."""
        known = read_rows(truth.rows)
        floor = _floor_of(known)
        refuse_nowhere(np.atleast_1d(floor > 0), "an intensity other than 0")
        logs = np.full((len(truth.rows), len(known.q_inv_nm)), np.nan)
        logs[known.is_known] = told = soften(known.intensities, floor)
        marks = np.full(self._n_bins, np.nan)
        marks[known.is_shared] = floor
        scale = float(np.sqrt(((told - told.mean(axis=0)) ** 2).mean())) or 1.0
        return Standard(truth.columns, logs, 0.0, scale, marks)

    def among(self, standard: Standard, space: SearchSpace) -> Standard:
        """The same: all curves are to be told."""
        del space
        return standard

    def scores(self, standard: Standard, run: Run) -> list[float | None]:
        """Error at some counts of measurements."""
        looks = looks_of(len(run.found))
        rows = [None if one is None else self.read(one[1]) for one in run.found]
        unit = np.full((len(rows), standard.columns.shape[1]), np.nan)
        unit[[row is not None for row in rows]] = run.columns()
        return [
            self._error(standard, unit[:n], rows[:n]) if n in looks else None for n in range(1, len(rows) + 1)
        ]

    def _error(self, standard: Standard, unit: Floats, rows: list[Floats | None]) -> float | None:
        """Error of the common model over the dense set."""
        is_bin, is_known = np.isfinite(standard.marks), np.isfinite(standard.values[:, 0])
        floor, read = standard.marks[is_bin], list[tuple[Floats, Floats, Floats]]()
        for place, row in zip(unit, rows, strict=True):
            if row is not None:
                _, intensity, sigma = (part[is_bin] for part in np.split(row, 3))
                if np.isfinite(intensity + sigma).all():
                    read.append((place, soften(intensity, floor), soften_sigma(intensity, sigma, floor)))
        if len(read) < FEWEST_FOR_A_MAP:
            return None
        places, logs, noise = (np.array(part) for part in zip(*read, strict=True))
        model = fit_common_curves(places, logs, np.sqrt((noise**2).mean(axis=1)))
        return map_error(model.mean(standard.columns[is_known]), standard.values[is_known], None)

    def ideal(self, standard: Standard, n: int) -> tuple[float | None, ...]:
        """Error of the common model that knows the true curves at evenly spread places."""
        is_known = np.isfinite(standard.values[:, 0])
        columns, logs = standard.columns[is_known], standard.values[is_known]

        def error(at: list[int]) -> float:
            model = fit_common_curves(columns[at], logs[at], np.zeros(len(at)))
            return map_error(model.mean(columns), logs, None)

        return of_even_maps(columns, n, error)

    def explain(self, true: Floats, foretold: Floats) -> tuple[float, str]:
        """By log-intensity, over all bins."""
        known = read_rows(true)
        floor = _floor_of(known)
        guess = np.split(foretold, 3, axis=1)[1][np.ix_(known.is_known, known.is_shared)]
        logs, told = soften(known.intensities, floor), soften(guess, floor)
        square = float(((told - logs) ** 2).mean())
        spread = float(((logs - logs.mean(axis=0)) ** 2).mean()) or 1.0
        return 1.0 - square / spread, f"log-intensity to {np.sqrt(square):.3g} rms"


def _floor_of(known: Rows) -> Floats:
    """Intensity of each bin below which a curve is lost in the noise of one exposure, shape (n_bins,)."""
    return np.maximum(np.median(known.sigmas, axis=0), LEAST_FLOOR * float(np.abs(known.intensities).max()))
