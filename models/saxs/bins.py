"""Which bin each pixel of a detector falls into: taken from pyFAI's own matrix, made once for a geometry."""

import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field

from models.domain.frozen import Frozen
from models.domain.geometry import Geometry
from models.domain.scattering import Floats, Mask
from models.saxs.integrators import to_pyfai
from models.saxs.radii import q_at

METHOD = ("no", "csr", "cython")
"""Each pixel goes into one bin: neighbouring bins stay independent, as `Curve.sigma` promises."""
NOWHERE = -1
"""Bin of a pixel that is in none."""
N_KEPT = 8
"""Tables that are kept: a geometry in a few divisions."""


class Binning(Frozen):
    """How a frame is divided into bins of q."""

    model_config = ConfigDict(ser_json_inf_nan="constants")

    n_bins: int | None = Field(default=None, ge=2)
    """Count of bins; None makes one for every pixel of radius, from the beam to the farthest corner."""
    q_min_inv_nm: float = Field(default=0.0, ge=0)
    """Lower edge of the first bin, 1/nm."""
    q_max_inv_nm: float = Field(default=math.inf, gt=0, allow_inf_nan=True)
    """Upper edge of the last bin, 1/nm; no farther than the farthest corner."""
    polarisation: float | None = Field(default=None, ge=-1, le=1)
    """Horizontal polarisation of the beam to correct for; None corrects nothing."""


@dataclass(frozen=True, eq=False)
class Masked:
    """A table of bins without the pixels of a mask."""

    of_pixel: NDArray[np.int32]
    """Bin of each pixel, row by row, shape (n_rows * n_columns,); `NOWHERE` outside of all and masked."""
    weight: Floats
    """Sum of the pixels' weights in each bin, shape (n_bins,)."""
    n_pixels: NDArray[np.int64]
    """Count of the pixels in each bin, shape (n_bins,)."""


@dataclass(frozen=True, eq=False)
class Bins:
    """Where the pixels of a frame go, as it is stored."""

    q_inv_nm: Floats
    """Middle of each bin of q, shape (n_q,), 1/nm."""
    azimuth_deg: Floats
    """Middle of each bin of azimuth, shape (n_azimuth,), deg; one bin where azimuth is not divided."""
    of_pixel: NDArray[np.int32]
    """Bin of each pixel, row by row: that of azimuth times n_q, plus that of q; `NOWHERE` outside of all."""
    weight: Floats
    """Solid angle of each pixel over that of one at the beam, times the polarisation's share, same shape."""
    _under: list[tuple[Mask, Masked]] = field(default_factory=list)

    def places(self, q_inv_nm: Floats) -> Floats:
        """Where values of q lie among the bins, which are evenly spaced: 0 is the middle of the first."""
        first, second = self.q_inv_nm[:2]
        return (q_inv_nm - first) / (second - first)

    @property
    def n_bins(self) -> int:
        """Count of bins."""
        return len(self.q_inv_nm) * len(self.azimuth_deg)

    def under(self, mask: Mask) -> Masked:
        """The table without the pixels of a mask, shape (n_rows, n_columns); kept for the next such frame."""
        if not self._under or not np.array_equal(self._under[0][0], mask):
            of_pixel = np.where(mask.ravel(), np.int32(NOWHERE), self.of_pixel)
            is_used = of_pixel != NOWHERE
            used = of_pixel[is_used]
            weight = np.bincount(used, self.weight[is_used], self.n_bins).astype(np.float64)
            n_pixels = np.bincount(used, minlength=self.n_bins).astype(np.int64)
            self._under[:] = [(mask.copy(), Masked(of_pixel, weight, n_pixels))]
        return self._under[0][1]


def bins_of(geometry: Geometry, binning: Binning, n_azimuths: int = 1) -> Bins:
    """Which bin each pixel falls into; the same question gets the same, warm table.

    Parameters
    ----------
    geometry
        Where the detector stands.
    binning
        Bins of q.
    n_azimuths
        Bins of azimuth, over a whole turn; 1 does not divide by azimuth.
    """
    return _table(geometry.model_dump_json(), binning.model_dump_json(), n_azimuths)


@lru_cache(maxsize=N_KEPT)
def _table(geometry_json: str, binning_json: str, n_azimuths: int) -> Bins:
    geometry = Geometry.model_validate_json(geometry_json)
    binning = Binning.model_validate_json(binning_json)
    q_edge_inv_nm, n_radial = farthest_corner(geometry)
    n_q = binning.n_bins or n_radial
    q_range = (binning.q_min_inv_nm, min(binning.q_max_inv_nm, q_edge_inv_nm))
    integrator: Any = to_pyfai(geometry)  # its stubs know fewer arguments than it takes
    nothing = np.zeros(geometry.shape, np.int32)
    settings: dict[str, Any] = {"radial_range": q_range, "method": METHOD, "unit": "q_nm^-1"}
    if n_azimuths == 1:
        result = integrator.integrate1d_ng(nothing, n_q, **settings)
        azimuth_deg = np.zeros(1)
    else:
        whole_turn = (-180.0, 180.0)
        result = integrator.integrate2d_ng(nothing, n_q, n_azimuths, azimuth_range=whole_turn, **settings)
        azimuth_deg = np.asarray(result.azimuthal, dtype=np.float64)
    matrix = integrator.engines[result.method].engine
    of_pixel = np.full(nothing.size, NOWHERE, np.int32)
    of_pixel[matrix.indices] = np.repeat(np.arange(n_q * n_azimuths, dtype=np.int32), np.diff(matrix.indptr))
    if n_azimuths > 1:  # pyFAI counts azimuths fastest
        is_used = of_pixel != NOWHERE
        q_bins, azimuth_bins = np.divmod(of_pixel[is_used], n_azimuths)
        of_pixel[is_used] = azimuth_bins * n_q + q_bins
    weight: Floats = np.array(integrator.solidAngleArray(geometry.shape), dtype=np.float64)
    if binning.polarisation is not None:
        weight *= np.asarray(integrator.polarization(geometry.shape, binning.polarisation))
    step = -1 if geometry.is_flipped_left_right else 1
    return Bins(
        q_inv_nm=np.asarray(result.radial, dtype=np.float64),
        azimuth_deg=azimuth_deg,
        of_pixel=np.ascontiguousarray(of_pixel.reshape(geometry.shape)[:, ::step]).ravel(),
        weight=np.ascontiguousarray(weight[:, ::step]).ravel(),
    )


def farthest_corner(geometry: Geometry) -> tuple[float, int]:
    """Where one bin per pixel of radius ends.

    Parameters
    ----------
    geometry
        Where the detector stands.

    Returns
    -------
    q_inv_nm : float
        q at that whole number of pixels from the beam, 1/nm, as of a detector that is not tilted.
    n_radial : int
        Whole pixels from the direct beam to the farthest corner of the frame.
    """
    columns = max(abs(geometry.beam_column_px), abs(geometry.n_columns - geometry.beam_column_px))
    rows = max(abs(geometry.beam_row_px), abs(geometry.n_rows - geometry.beam_row_px))
    n_radial = int(math.hypot(columns, rows))
    return float(q_at(np.array(float(n_radial)), geometry)), n_radial
