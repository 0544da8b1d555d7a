"""Points on the rings of a calibrant: in each direction, where a ring's centroid lies."""

import numpy as np

from models.domain.geometry import Geometry
from models.domain.scattering import Floats, Frame
from models.saxs.bins import Binning, bins_of
from models.saxs.radii import radius_px
from models.saxs.sums import add_up

LEAST_STRENGTH = 3.0
"""A ring stands out by so many standard deviations in the mean of the sectors that see it."""
N_DIRECTIONS = 120
"""Directions in which points are looked for."""
WINDOW_SHARE, MOST_HALF_PX, SIDE = 0.3, 12, 3
"""A ring is looked at over this share of the gap to the next on both sides, not more than so many pixels; so
many pixels beyond tell what lies under it."""
MOST_MOVES, STAYS = 8, 0.05
"""The window moves so often at most, until the centroid moves by less than this, pixels."""


def points_on_rings(frame: Frame, geometry: Geometry, rings_inv_nm: Floats) -> Floats:
    """Points on rings: row, column in pixels, and number of the ring from 0, shape (n, 3).

    In each direction a ring lies at the centroid of what stands above a straight line between both its sides.
    The window moves with the centroid until it stays, so that where the ring is thought to be has no part.
    """
    # polar coordinates in the plane of the detector, however it is tilted
    flat = geometry.model_copy(update={"tilt_deg": 0.0, "tilt_plane_deg": 0.0})
    bins = bins_of(flat, Binning(), N_DIRECTIONS)
    sums = add_up(frame.counts, frame.mask, bins)
    counts, pixels = (one.reshape(N_DIRECTIONS, -1) for one in (sums.counts, sums.n_pixels.astype(float)))
    first, step = bins.q_inv_nm[0], bins.q_inv_nm[1] - bins.q_inv_nm[0]
    places = bins.places(rings_inv_nm)
    found: list[tuple[float, float, int]] = []
    for ring, place in enumerate(places.tolist()):
        gap = float(np.diff(places[max(ring - 1, 0) : ring + 2]).min())
        half = int(np.clip(WINDOW_SHARE * gap, 3, MOST_HALF_PX))
        for direction in range(N_DIRECTIONS):
            centre = _centroid(counts[direction], pixels[direction], place, half)
            if centre is not None:
                azimuth_rad = np.deg2rad(bins.azimuth_deg[direction])
                radius = float(radius_px(np.array([first + step * centre]), flat)[0])
                column = flat.beam_column_px + radius * np.cos(azimuth_rad)
                stretch = flat.pixel_width_um / flat.pixel_height_um
                row = flat.beam_row_px + radius * stretch * np.sin(azimuth_rad)
                # pyFAI counts from the middle of a pixel
                found.append((float(row) - 0.5, float(column) - 0.5, ring))
    return np.array(found, dtype=np.float64).reshape(-1, 3)


def _centroid(counts: Floats, pixels: Floats, place: float, half: int) -> float | None:
    """Where a ring lies in one direction, in bins; None where it is not seen whole, or does not stand out."""
    centre = place
    for _ in range(MOST_MOVES):
        low, high = round(centre) - half, round(centre) + half + 1
        if low < SIDE or high + SIDE > len(counts) or not (pixels[low - SIDE : high + SIDE] > 0).all():
            return None
        inside = np.arange(low, high)
        sides = [
            counts[part].sum() / pixels[part].sum()
            for part in (slice(low - SIDE, low), slice(high, high + SIDE))
        ]
        line = np.interp(inside, [low - 0.5 * (SIDE + 1), high + 0.5 * (SIDE - 1)], sides)
        net = counts[low:high] / pixels[low:high] - line
        noise = float(np.sqrt((np.maximum(counts[low:high], 1.0) / pixels[low:high] ** 2).sum()))
        if net.sum() < LEAST_STRENGTH * noise:
            return None
        moved = float(net @ inside / net.sum())
        if abs(moved - place) > half:
            return None
        if abs(moved - centre) < STAYS:
            return moved
        centre = moved
    return centre
