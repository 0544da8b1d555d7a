"""What tests, benchmarks and pictures may ask of a slice, and the agent never."""

import math
from collections.abc import Mapping
from typing import Literal, get_args

import numpy as np

from models.domain.errors import BadInput
from models.domain.scattering import Floats
from sims.fibres import count_between, invariant_between, invariant_of, order_of
from sims.specimen_world import ScanWorld

ScanTruthName = Literal[
    "invariant",
    "partial_invariant",
    "orientation_order",
    "orientation_angle",
    "orientation_cos2",
    "orientation_sin2",
]
SCAN_TRUTHS: tuple[ScanTruthName, ...] = get_args(ScanTruthName)


class ScanTruth:
    """The noise-free answers of a slice, for counts between two q."""

    def __init__(self, world: ScanWorld, q_min_inv_nm: float, q_max_inv_nm: float) -> None:
        """Take a world as it is; its noise and faults are not used."""
        self._world = world
        self._window_inv_nm = (q_min_inv_nm, q_max_inv_nm)

    def feature(self, name: str, place: Mapping[str, float]) -> float:
        """A feature of the noise-free pattern; NaN in air, where there is none but an invariant of 0.

        ``invariant``, and ``partial_invariant``, that of the window, in 1/cm/nm^3. ``orientation_order`` is
        the mean of cos 2(azimuth - centre) over all counts, ``orientation_angle`` the long axes' direction
        from x towards y, 0 to 180 deg, and ``orientation_cos2``, ``orientation_sin2`` the order times cos
        and sin of twice that angle.

        Raises
        ------
        BadInput
            When no truth of that name is known.
        """
        if name not in SCAN_TRUTHS:
            raise BadInput("truth", f"has no feature {name!r}", f"Ask for one of {', '.join(SCAN_TRUTHS)}.")
        fabrics = self._world.specimen.tissue_at(place["x"], place["y"]).fabrics
        if name == "invariant":
            return sum(invariant_of(fabric) for fabric in fabrics)
        if name == "partial_invariant":
            return sum(invariant_between(fabric, *self._window_inv_nm) for fabric in fabrics)
        if not fabrics:
            return math.nan
        counts = [count_between(fabric, *self._window_inv_nm) for fabric in fabrics]
        turns = [order_of(fabric) * np.exp(2j * fabric.axis_rad) for fabric in fabrics]
        mean = complex(np.dot(counts, turns) / np.sum(counts))
        match name:
            case "orientation_cos2":
                return mean.real
            case "orientation_sin2":
                return mean.imag
            case "orientation_order":
                return abs(mean)
            case _:
                return math.degrees(0.5 * math.atan2(mean.imag, mean.real)) % 180

    def map(self, name: str, x_mm: Floats, y_mm: Floats) -> Floats:
        """A feature on a grid, shape (n_y, n_x); NaN outside of the slice."""
        grid_x, grid_y = np.meshgrid(x_mm, y_mm)
        values = np.full(grid_x.shape, np.nan)
        for at in np.argwhere(self._world.specimen.holds(grid_x, grid_y)):
            row, column = at.tolist()
            values[row, column] = self.feature(name, {"x": float(x_mm[column]), "y": float(y_mm[row])})
        return values
