"""What tests, benchmarks and pictures may ask of a slice, and the agent never."""

import math
from collections.abc import Mapping
from typing import Literal, get_args

import numpy as np

from models.domain.errors import BadInput
from models.domain.scattering import Floats
from sims.fibres import invariant_of, order_of, scatter_fabric
from sims.specimen_world import ScanWorld

ScanTruthName = Literal[
    "invariant", "orientation_order", "orientation_angle", "orientation_cos2", "orientation_sin2"
]
SCAN_TRUTHS: tuple[ScanTruthName, ...] = get_args(ScanTruthName)
N_Q = 400
"""Steps of the window of q over which counts are added up."""


class ScanTruth:
    """The noise-free answers of a slice, for counts between two q."""

    def __init__(self, world: ScanWorld, q_min_inv_nm: float, q_max_inv_nm: float) -> None:
        """Take a world as it is; its noise and faults are not used."""
        self._world = world
        self._q_inv_nm: Floats = np.geomspace(q_min_inv_nm, q_max_inv_nm, N_Q)

    def feature(self, name: str, place: Mapping[str, float]) -> float:
        """A feature of the noise-free pattern; NaN in air, where there is none but an invariant of 0.

        ``invariant`` in 1/cm/nm^3. ``orientation_order`` is the mean of cos 2(azimuth - centre) over all
        counts, ``orientation_angle`` the long axes' direction from x towards y, 0 to 180 deg, and
        ``orientation_cos2``, ``orientation_sin2`` the order times cos and sin of twice that angle.

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
        if not fabrics:
            return math.nan
        # on a flat detector the count of pixels grows as q
        counts = [
            float(np.trapezoid(scatter_fabric(fabric, self._q_inv_nm) * self._q_inv_nm, self._q_inv_nm))
            for fabric in fabrics
        ]
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
        values = np.array([[self.feature(name, {"x": x, "y": y}) for x in x_mm] for y in y_mm])
        grid_x, grid_y = np.meshgrid(x_mm, y_mm)
        return np.where(self._world.specimen.holds(grid_x, grid_y), values, np.nan)
