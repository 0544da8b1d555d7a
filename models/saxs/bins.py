"""Which bin each pixel of a detector falls into: taken from pyFAI's own matrix, made once for a geometry."""

import math
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field

from models.domain.errors import BadInput
from models.domain.frozen import Frozen
from models.domain.geometry import Geometry
from models.domain.scattering import Floats, Mask
from models.saxs.corrections import NO_CORRECTIONS, Corrections, DarkFrame
from models.saxs.integrators import to_pyfai
from models.saxs.radii import q_at

METHOD = ("no", "csr", "cython")
"""Each pixel goes into one bin: neighbouring bins stay independent, as `Curve.sigma` promises."""
NOWHERE = -1
"""Bin of a pixel that is in none."""
N_KEPT = 8
"""Tables that are kept: a geometry in a few divisions."""


class Sector(Frozen):
    """Directions that a curve is averaged over."""

    centre_deg: float = Field(ge=-360, le=360)
    """Middle of the sector, from the columns' axis (fast, x) towards the rows' (slow, y), deg."""
    half_width_deg: float = Field(gt=0, le=180)
    """From the middle to either edge, deg."""
    has_opposite: bool = True
    """True where the sector across the beam counts too, as small-angle patterns have a centre of symmetry."""

    def holds(self, azimuth_deg: Floats) -> Mask:
        """True where an azimuth is in it; any shape, deg."""
        turn = 180.0 if self.has_opposite else 360.0
        away_deg = np.abs(np.mod(azimuth_deg - self.centre_deg + turn / 2, turn) - turn / 2)
        return np.asarray(away_deg <= self.half_width_deg)


class Binning(Frozen):
    """How a frame is divided into bins of q."""

    model_config = ConfigDict(ser_json_inf_nan="constants")

    n_bins: int | None = Field(default=None, ge=2)
    """Count of bins; None makes one for every pixel of radius, from the beam to the farthest corner."""
    q_min_inv_nm: float = Field(default=0.0, ge=0)
    """Lower edge of the first bin, 1/nm."""
    q_max_inv_nm: float = Field(default=math.inf, gt=0, allow_inf_nan=True)
    """Upper edge of the last bin, 1/nm; no farther than the farthest corner."""
    sector: Sector | None = None
    """Directions whose pixels are used; None uses all."""


@dataclass(frozen=True, eq=False)
class Masked:
    """A table of bins without the pixels of a mask."""

    of_pixel: NDArray[np.int32]
    """Bin of each pixel, row by row, shape (n_rows * n_columns,); `NOWHERE` outside of all and masked."""
    terms: Floats
    """Sums of `Bins.terms` in each bin, shape (n_terms, n_bins)."""
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
    terms: Floats
    """What each pixel adds to its bin, shape (n_terms, n_pixels). First its weight: the solid angle over that
    of a pixel at the beam, times polarisation and flat field. Then, where any of it is known, the rate of its
    dark counts, 1/s, the variance of that, 1/s^2, and its weight's variance by the flat field."""
    corrections: Corrections = NO_CORRECTIONS
    """What is applied."""
    _under: list[tuple[Mask, Masked]] = field(default_factory=list)

    def places(self, q_inv_nm: Floats) -> Floats:
        """Where values of q lie among the bins, which are evenly spaced: 0 is the middle of the first."""
        first, second = self.q_inv_nm[:2]
        return (q_inv_nm - first) / (second - first)

    @property
    def weight(self) -> Floats:
        """Weight of each pixel, shape (n_pixels,)."""
        return self.terms[0]

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
            terms = np.zeros((len(self.terms), self.n_bins))
            for sums, term in zip(terms, self.terms, strict=True):
                sums[:] = np.bincount(used, term[is_used], self.n_bins)
            n_pixels = np.bincount(used, minlength=self.n_bins).astype(np.int64)
            self._under[:] = [(mask.copy(), Masked(of_pixel, terms, n_pixels))]
        return self._under[0][1]


def bins_of(
    geometry: Geometry, binning: Binning, n_azimuths: int = 1, corrections: Corrections = NO_CORRECTIONS
) -> Bins:
    """Which bin each pixel falls into; the same question gets the same, warm table.

    Parameters
    ----------
    geometry
        Where the detector stands.
    binning
        Bins of q.
    n_azimuths
        Bins of azimuth, over a whole turn; 1 does not divide by azimuth.
    corrections
        What is applied; the very same object finds the same table.

    Raises
    ------
    BadInput
        When an image among the corrections is for another detector.
    """
    return _table(geometry.model_dump_json(), binning.model_dump_json(), n_azimuths, corrections)


@lru_cache(maxsize=N_KEPT)
def _table(geometry_json: str, binning_json: str, n_azimuths: int, corrections: Corrections) -> Bins:
    geometry = Geometry.model_validate_json(geometry_json)
    binning = Binning.model_validate_json(binning_json)
    corrections.check_shape(geometry.shape)
    q_inv_nm, azimuth_deg, of_pixel = _places(geometry, binning, n_azimuths)
    integrator: Any = to_pyfai(geometry)  # its stubs know fewer arguments than it takes
    weight: Floats = np.array(integrator.solidAngleArray(geometry.shape), dtype=np.float64)
    if corrections.polarisation is not None:
        axis = math.radians(corrections.polarisation_axis_deg)
        weight *= np.asarray(integrator.polarization(geometry.shape, corrections.polarisation, axis))
    if binning.sector is not None:
        azimuths_deg = np.degrees(integrator.center_array(geometry.shape, unit="chi_rad"))
        of_pixel = np.where(binning.sector.holds(azimuths_deg), of_pixel, np.int32(NOWHERE))
    step = -1 if geometry.is_flipped_left_right else 1
    # from here on all is as the frame is stored, as dark frames and flat fields are
    weight = np.ascontiguousarray(weight[:, ::step]).ravel()
    of_pixel = np.ascontiguousarray(of_pixel[:, ::step]).ravel()
    if corrections.flat is not None:
        response = corrections.flat.response.ravel()
        is_good = np.isfinite(response) & (response > 0)
        of_pixel[~is_good] = NOWHERE
        weight = weight * np.where(is_good, response, 1.0)
    if isinstance(corrections.dark, DarkFrame):
        of_pixel[corrections.dark.counts.ravel() < 0] = NOWHERE
    return Bins(q_inv_nm, azimuth_deg, of_pixel, _terms(corrections, weight), corrections)


def _places(
    geometry: Geometry, binning: Binning, n_azimuths: int
) -> tuple[Floats, Floats, NDArray[np.int32]]:
    """Middles of the bins of q and azimuth, and each pixel's bin, shape (n_rows, n_columns), not mirrored."""
    q_edge_inv_nm, n_radial = farthest_corner(geometry)
    n_q = binning.n_bins or n_radial
    q_range = (binning.q_min_inv_nm, min(binning.q_max_inv_nm, q_edge_inv_nm))
    integrator: Any = to_pyfai(geometry)
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
    return np.asarray(result.radial, dtype=np.float64), azimuth_deg, of_pixel.reshape(geometry.shape)


def _terms(corrections: Corrections, weight: Floats) -> Floats:
    """What each pixel adds to its bin, shape (n_terms, n_pixels)."""
    dark, flat = corrections.dark, corrections.flat
    if not isinstance(dark, DarkFrame) and (flat is None or flat.sigma is None):
        return weight[None]
    terms = np.zeros((4, weight.size))
    terms[0] = weight
    if isinstance(dark, DarkFrame):
        counts = np.maximum(dark.counts.ravel(), 0).astype(np.float64)
        open_share = 1.0 - counts * corrections.dead_time_s / dark.exposure_s
        if np.any(open_share <= 0):
            raise BadInput(
                dark.source,
                f"has pixels that count {counts.max() / dark.exposure_s:.4g} 1/s, one or more in each "
                f"dead time of {corrections.dead_time_s:g} s",
                "Mark them by a negative count, or check the exposure and the dead time",
            )
        terms[1] = counts / dark.exposure_s / open_share
        terms[2] = counts / (dark.exposure_s * open_share) ** 2
    if flat is not None and flat.sigma is not None:
        response = flat.response.ravel()
        relative = np.divide(flat.sigma.ravel(), response, where=response > 0, out=np.zeros(weight.size))
        terms[3] = (weight * relative) ** 2
    return terms


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
