"""A Pilatus 1M behind a beamstop: which pixels count, what each one sees, and what it reads."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from models.domain.geometry import Geometry
from models.domain.scattering import Floats, Mask

MODULE_ROWS, MODULE_COLUMNS = 195, 487
GAP_ROWS, GAP_COLUMNS = 17, 7
"""A Pilatus 1M is 5 x 2 modules with blind strips between them, pixels."""
N_ROWS, N_COLUMNS = 1043, 981
PIXEL_UM = 172.0
CUTOFF_COUNTS = 2**20 - 1
"""The 20-bit counter of a pixel stops here."""
DEAD_TIME_S = 125e-9
"""After a photon a pixel is blind this long (Kraft et al. 2009, J. Synchrotron Rad. 16, 368)."""
STEM_TRANSMISSION = 0.15
"""The beamstop's arm is thin: some scattering passes."""
TABLE_STEPS_PER_PIXEL = 8
"""Steps of the q table in the width of one pixel: coarser than this would shift narrow peaks."""

N_CLAMPED_PIXELS = 4
"""Nearer to the direct beam than this, the curve is taken to be flat, pixels."""
STREAK_Q_INV_NM = 0.2
"""Where the strength of a streak is stated."""
STREAK_WIDTH_PX = 2.0
"""Standard deviation of a streak across its line, pixels."""

SPILL_WIDTH_PX = 3.0
"""Standard deviation of the direct beam on the detector, pixels."""
SPILL_OFFSET_PX = 6.0
"""How far from the beamstop's edge a spilt beam lands, pixels."""


@dataclass(frozen=True, eq=False)
class Optics:
    """What each pixel sees of an isotropic curve; made once for a geometry.

    Only pixels that count are kept, as flat positions, because the gaps need no draw.
    """

    table_q_inv_nm: Floats
    """q at which the curve is asked for, shape (n_table,), 1/nm."""
    live: npt.NDArray[np.intp]
    """Flat positions of the pixels outside the gaps, shape (n_live,)."""
    table_index: npt.NDArray[np.int32]
    """Which entry of the table each live pixel sees, shape (n_live,)."""
    response: npt.NDArray[np.float32]
    """Relative solid angle x polarisation x shadow x working pixel, shape (n_live,), 0 to 1."""
    hot_rate_hz: npt.NDArray[np.float32]
    """Counts that a pixel makes up, shape (n_live,), 1/s."""
    mask: Mask
    """True in gaps, behind the beamstop and on bad pixels, shape (n_rows, n_columns)."""


@dataclass(frozen=True)
class Beamstop:
    """A disc with an arm that comes in from the lowest row."""

    radius_px: float
    stem_width_px: float


def make_optics(geometry: Geometry, beamstop: Beamstop, polarisation: float, seed: int) -> Optics:
    """Precompute what each pixel sees.

    Parameters
    ----------
    geometry
        A flat detector, perpendicular to the beam.
    beamstop
        Its size.
    polarisation
        Degree of linear polarisation along the columns' axis (fast axis), -1 to 1.
    seed
        Where the bad pixels are follows from it.
    """
    x_mm, y_mm = pixel_places(geometry)
    two_theta = np.arctan(np.hypot(x_mm, y_mm) / geometry.distance_mm)
    q_inv_nm = _scattering_vector(geometry)
    dq_inv_nm = (
        2 * np.pi / geometry.wavelength_nm * PIXEL_UM / 1000 / geometry.distance_mm / TABLE_STEPS_PER_PIXEL
    )
    # parasitic scattering would diverge towards the beam; the beamstop hides these pixels
    q_lowest_inv_nm = N_CLAMPED_PIXELS * TABLE_STEPS_PER_PIXEL * dq_inv_nm
    index = _look_up(q_inv_nm, q_lowest_inv_nm, dq_inv_nm)
    gaps, shadow = find_gaps(), _cast_shadow(x_mm, y_mm, beamstop)
    dead, hot_rate_hz = _damage_pixels(np.random.default_rng(seed), gaps)
    response = _solid_angle(two_theta) * _polarise(x_mm, y_mm, two_theta, polarisation) * shadow * ~dead
    live = np.flatnonzero(~gaps)
    return Optics(
        table_q_inv_nm=q_lowest_inv_nm + dq_inv_nm * np.arange(int(index.max()) + 1, dtype=np.float64),
        live=live,
        table_index=index.ravel()[live],
        response=response.ravel()[live].astype(np.float32),
        hot_rate_hz=hot_rate_hz.ravel()[live].astype(np.float32),
        mask=gaps | dead | (hot_rate_hz > 0) | (shadow < 1),
    )


def move_pattern(optics: Optics, geometry: Geometry, columns_px: float, rows_px: float) -> Optics:
    """What each pixel sees once the beam has moved, and the beamstop has not.

    Parameters
    ----------
    optics, geometry
        Before.
    columns_px, rows_px
        How far the beam has moved.
    """
    moved = geometry.model_copy(
        update={
            "beam_column_px": geometry.beam_column_px + columns_px,
            "beam_row_px": geometry.beam_row_px + rows_px,
        }
    )
    lowest, second = optics.table_q_inv_nm[:2].tolist()
    index = _look_up(_scattering_vector(moved), lowest, second - lowest)
    return replace(optics, table_index=np.minimum(index, optics.table_q_inv_nm.size - 1).ravel()[optics.live])


def _scattering_vector(geometry: Geometry) -> Floats:
    """Scattering vector of every pixel's centre, shape (n_rows, n_columns), 1/nm."""
    two_theta = np.arctan(np.hypot(*pixel_places(geometry)) / geometry.distance_mm)
    return 4 * np.pi / geometry.wavelength_nm * np.sin(two_theta / 2)


def _look_up(q_inv_nm: Floats, lowest: float, step: float) -> npt.NDArray[np.int32]:
    """Which entry of an even table is nearest."""
    return np.rint((np.maximum(q_inv_nm, lowest) - lowest) / step).astype(np.int32)


def expect_counts(
    optics: Optics, table_rate_hz: Floats, exposure_s: float, extra_rate_hz: Floats | float
) -> Floats:
    """Mean counts of every live pixel after losses to dead time.

    Parameters
    ----------
    optics
        What each pixel sees.
    table_rate_hz
        Rate that a full pixel on the axis would count at each q of the table, shape (n_table,), 1/s.
    exposure_s
        Exposure time, s.
    extra_rate_hz
        Rate that does not follow the curve: dark counts, streaks, shape (n_live,) or a number, 1/s.
    """
    rate_hz = np.take(table_rate_hz.astype(np.float32), optics.table_index) * optics.response
    rate_hz += optics.hot_rate_hz
    rate_hz += np.asarray(extra_rate_hz, dtype=np.float32)
    # a counter that does not extend its dead time: measured = true / (1 + true tau)
    rate_hz *= exposure_s / (1 + rate_hz * np.float32(DEAD_TIME_S))
    return rate_hz.astype(np.float64)


def read_out(optics: Optics, expected_counts: Floats, rng: np.random.Generator) -> npt.NDArray[np.int32]:
    """One frame: Poisson counts, cut off where the counter stops, -1 in the gaps."""
    frame = np.full(N_ROWS * N_COLUMNS, -1, dtype=np.int32)
    frame[optics.live] = np.minimum(rng.poisson(expected_counts), CUTOFF_COUNTS)
    return frame.reshape(N_ROWS, N_COLUMNS)


def draw_streak(optics: Optics, geometry: Geometry, angle: float) -> Floats:
    """A line of reflected light through the beam that falls as q^-3; 1 at q = 0.2 1/nm.

    Parameters
    ----------
    optics
        What each pixel sees.
    geometry
        The same geometry.
    angle
        Direction of the line from the columns' axis, rad.
    """
    x_mm, y_mm = (place.ravel()[optics.live] for place in pixel_places(geometry))
    across_px = (y_mm * np.cos(angle) - x_mm * np.sin(angle)) / (PIXEL_UM / 1000)
    fall = (STREAK_Q_INV_NM / optics.table_q_inv_nm) ** 3
    return fall[optics.table_index] * np.exp(-0.5 * (across_px / STREAK_WIDTH_PX) ** 2) * optics.response


def spill_beam(optics: Optics, geometry: Geometry, beamstop: Beamstop, angle: float) -> Floats:
    """The direct beam beside the beamstop: share of it in each live pixel, adds up to about 1."""
    x_mm, y_mm = (place.ravel()[optics.live] for place in pixel_places(geometry))
    offset_mm = (beamstop.radius_px + SPILL_OFFSET_PX) * PIXEL_UM / 1000
    distance_mm = np.hypot(x_mm - offset_mm * np.cos(angle), y_mm - offset_mm * np.sin(angle))
    width_mm = SPILL_WIDTH_PX * PIXEL_UM / 1000
    spot = np.exp(-0.5 * (distance_mm / width_mm) ** 2) / (2 * np.pi * SPILL_WIDTH_PX**2)
    return spot * optics.response


def pixel_places(geometry: Geometry) -> tuple[Floats, Floats]:
    """Pixel centres from the direct beam, along columns and rows, each (n_rows, n_columns), mm."""
    x_mm = (np.arange(geometry.n_columns) + 0.5 - geometry.beam_column_px) * geometry.pixel_width_um / 1000
    y_mm = (np.arange(geometry.n_rows) + 0.5 - geometry.beam_row_px) * geometry.pixel_height_um / 1000
    grid_x_mm, grid_y_mm = np.meshgrid(x_mm, y_mm)
    return grid_x_mm, grid_y_mm


def find_gaps() -> Mask:
    """True where there is no silicon between modules, shape (n_rows, n_columns)."""
    is_gap_row = np.arange(N_ROWS) % (MODULE_ROWS + GAP_ROWS) >= MODULE_ROWS
    is_gap_column = np.arange(N_COLUMNS) % (MODULE_COLUMNS + GAP_COLUMNS) >= MODULE_COLUMNS
    return is_gap_row[:, None] | is_gap_column[None, :]


def _cast_shadow(x_mm: Floats, y_mm: Floats, beamstop: Beamstop) -> Floats:
    """What the beamstop lets through: nothing behind the disc, a little behind the arm."""
    pixel_mm = PIXEL_UM / 1000
    is_stem = (np.abs(x_mm) <= beamstop.stem_width_px / 2 * pixel_mm) & (y_mm < 0)
    is_disc = np.hypot(x_mm, y_mm) <= beamstop.radius_px * pixel_mm
    return np.where(is_disc, 0.0, np.where(is_stem, STEM_TRANSMISSION, 1.0))


def _damage_pixels(rng: np.random.Generator, gaps: Mask) -> tuple[Mask, Floats]:
    """About 40 dead and 15 hot pixels, the latter between 100 and 10,000 counts per second."""
    n_dead, n_hot = 40, 15
    chosen = rng.choice(np.flatnonzero(~gaps), size=n_dead + n_hot, replace=False)
    dead, hot_rate_hz = np.zeros(gaps.size, dtype=np.bool_), np.zeros(gaps.size)
    dead[chosen[:n_dead]] = True
    hot_rate_hz[chosen[n_dead:]] = 10 ** rng.uniform(2, 4, size=n_hot)
    return dead.reshape(gaps.shape), hot_rate_hz.reshape(gaps.shape)


def _solid_angle(two_theta: Floats) -> Floats:
    """Solid angle of a pixel of a flat detector over that of one on the axis."""
    return np.cos(two_theta) ** 3


def _polarise(x_mm: Floats, y_mm: Floats, two_theta: Floats, polarisation: float) -> Floats:
    """Polarisation factor of singly scattered light (Kahn et al. 1982, J. Appl. Cryst. 15, 330)."""
    cos_two_chi = np.cos(2 * np.arctan2(y_mm, x_mm))
    return 0.5 * (1 + np.cos(two_theta) ** 2 - polarisation * cos_two_chi * np.sin(two_theta) ** 2)
