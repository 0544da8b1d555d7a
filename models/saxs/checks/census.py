"""Count a frame once for all checks: sums, squares and maxima by ring and direction; compiled."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from models.compiled import compiled
from models.domain.geometry import Geometry
from models.domain.scattering import Counts, Floats, Frame
from models.saxs.bins import NOWHERE, Binning, Bins, Masked, bins_of
from models.saxs.integrators import check_geometry

Whole = NDArray[np.int64]
N_SECTORS = 24
"""Directions, over a whole turn; even, so that each has an opposite."""
TILE_PX = 32
"""Side of the squares in which dead parts are looked for: any chip of 60 x 97 pixels covers at least one."""
N_KEPT = 8
"""Tilings that are kept: a detector under a few masks."""


@dataclass(frozen=True, eq=False)
class Tiling:
    """The detector in squares."""

    n_pixels: Whole
    """Usable pixels of each square, shape (n_tiles,)."""
    of_ring: Any
    """Usable pixels of each square on each ring, sparse, shape (n_tiles, n_rings)."""

    def expect(self, ring_mean: Floats) -> Floats:
        """Counts of each square if its pixels held what their rings do, shape (n_tiles,)."""
        return np.asarray(self.of_ring @ ring_mean, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Census:
    """A frame, counted by direction and ring; rings are one pixel wide. Masked pixels are in no cell."""

    q_inv_nm: Floats
    """Middle of each ring, shape (n_rings,), 1/nm."""
    azimuth_rad: Floats
    """Middle of each direction, shape (N_SECTORS,), rad."""
    counts: Whole
    """Counts of each cell, shape (N_SECTORS, n_rings)."""
    squares: Whole
    """Sum of the squares of its pixels' counts, same shape."""
    most: Whole
    """Counts of its brightest pixel, same shape; 0 where there is none."""
    n_pixels: Whole
    """Its pixels, same shape."""
    tiles: Whole
    """Counts of each square of `TILE_PX`, shape (n_tiles,)."""
    tiling: Tiling
    """The squares' pixels."""

    @cached_property
    def total(self) -> int:
        """Counts of all usable pixels."""
        return int(self.counts.sum())

    @cached_property
    def ring_counts(self) -> Floats:
        """Counts of each ring, shape (n_rings,)."""
        return self.counts.sum(axis=0).astype(np.float64)

    @cached_property
    def ring_pixels(self) -> Floats:
        """Usable pixels of each ring, shape (n_rings,)."""
        return self.n_pixels.sum(axis=0).astype(np.float64)

    @cached_property
    def ring_mean(self) -> Floats:
        """Counts per pixel of each ring, shape (n_rings,); 0 where it has no pixel."""
        return self.ring_counts / np.maximum(self.ring_pixels, 1)

    @cached_property
    def ring_slope(self) -> Floats:
        """Change of `ring_mean` per ring, shape (n_rings,), counts per pixel and pixel of radius."""
        return np.gradient(self.ring_mean)


@compiled
def count_cells(  # noqa: PLR0913  a compiled function takes arrays, no objects
    counts: Counts, of_cell: NDArray[np.int32], sums: Whole, squares: Whole, most: Whole, lost: Whole,
    tiles: Whole, tile_px: int, n_columns: int,
) -> None:  # fmt: skip
    """Add each pixel to its cell and its square.

    Parameters
    ----------
    counts
        Counts, row by row, shape (n,).
    of_cell
        Cell of each pixel, shape (n,); negative: none.
    sums, squares, most
        Sum, sum of squares and maximum of each cell; are added to, shape (n_cells,).
    lost
        Pixels of each cell that hold no count, shape (n_cells,).
    tiles
        Counts of each square, shape (n_tile_rows, n_tile_columns).
    tile_px
        Side of a square, pixels.
    n_columns
        Columns of the frame.
    """
    for row in range(len(counts) // n_columns):
        line, start = tiles[row // tile_px], row * n_columns
        for place in range(len(line)):
            inside = np.int64(0)
            for i in range(start + place * tile_px, start + min((place + 1) * tile_px, n_columns)):
                cell = of_cell[i]
                if cell < 0:
                    continue
                found = np.int64(counts[i])
                if found < 0:
                    lost[cell] += 1
                    continue
                sums[cell] += found
                squares[cell] += found * found
                most[cell] = max(most[cell], found)
                inside += found
            line[place] += inside


def take_census(frame: Frame, geometry: Geometry) -> Census:
    """Count a frame.

    Parameters
    ----------
    frame
        Counts and mask.
    geometry
        Where the detector stands.

    Raises
    ------
    BadInput
        When the geometry is for another detector.
    """
    check_geometry(geometry, frame.counts.shape, frame.source)
    bins = bins_of(geometry, Binning(), N_SECTORS)
    table = bins.under(frame.mask)
    n_rings = len(bins.q_inv_nm)
    sums, squares, most, lost = (np.zeros(bins.n_bins, np.int64) for _ in range(4))
    n_rows, n_columns = frame.counts.shape
    tiles = np.zeros((-(-n_rows // TILE_PX), -(-n_columns // TILE_PX)), np.int64)
    flat = np.ascontiguousarray(frame.counts).ravel()
    count_cells(flat, table.of_pixel, sums, squares, most, lost, tiles, TILE_PX, n_columns)
    shape = (N_SECTORS, n_rings)
    return Census(
        q_inv_nm=bins.q_inv_nm,
        azimuth_rad=np.deg2rad(bins.azimuth_deg),
        counts=sums.reshape(shape),
        squares=squares.reshape(shape),
        most=most.reshape(shape),
        n_pixels=(table.n_pixels - lost).reshape(shape),
        tiles=tiles.ravel(),
        tiling=_tiling(bins, table, frame.counts.shape),
    )


@lru_cache(maxsize=N_KEPT)
def _tiling(bins: Bins, table: Masked, shape: tuple[int, int]) -> Tiling:
    """Which rings each square sees."""
    n_rings = len(bins.q_inv_nm)
    rows, columns = np.indices(shape, dtype=np.int32)
    n_across = -(-shape[1] // TILE_PX)
    n_tiles = -(-shape[0] // TILE_PX) * n_across
    tile = (rows // TILE_PX * n_across + columns // TILE_PX).ravel()
    is_used = table.of_pixel != NOWHERE
    place = tile[is_used].astype(np.int64) * n_rings + table.of_pixel[is_used] % n_rings
    of_ring = np.bincount(place, minlength=n_tiles * n_rings).reshape(n_tiles, n_rings)
    return Tiling(n_pixels=of_ring.sum(axis=1), of_ring=csr_array(of_ring.astype(np.float64)))
