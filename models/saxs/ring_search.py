"""Find a calibrant's rings roughly: the distance and beam centre that lay them where a frame is bright."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter1d

from models.domain.geometry import Geometry
from models.domain.scattering import Floats, Frame
from models.saxs.bins import Binning, Bins, bins_of
from models.saxs.radii import q_at, radius_px
from models.saxs.sums import add_up

N_SECTORS = 36
"""Sectors of azimuth in which rings are looked for."""
NARROW_PX, WIDE_PX = 1.5, 10.0
"""A ring stands out of a curve smoothed by the wide width where it is smoothed by the narrow one; standard
deviations, pixels."""
MOST_CONTRAST = 10.0
"""The contrast of one place counts no more than this, in standard deviations: one bright ring is not all."""
RADIUS_STEP_PX = 0.5
"""Radii are looked up in such steps, pixels."""
ROUNDS = ((0.25, 0.004, 24.0, 2.0), (0.02, 0.001, 4.0, 0.5), (0.004, 0.0005, 1.0, 0.25))
"""For each round: how far the distance is sought, relative, and in what steps; the beam centre, in pixels."""


@dataclass(frozen=True, eq=False)
class Contrast:
    """How far each place stands out of its surroundings, by azimuth and radius."""

    bins: Bins
    """Sectors and bins of q."""
    values: Floats
    """Contrast in standard deviations, shape (N_SECTORS, n_q); 0 where no pixel is."""


def find_rings(frame: Frame, start: Geometry, rings_inv_nm: Floats) -> Geometry:
    """Move a geometry to where most rings of a calibrant stand out.

    Parameters
    ----------
    frame
        Counts and mask.
    start
        Where the search starts.
    rings_inv_nm
        The calibrant's rings, shape (n_rings,), 1/nm.

    Returns
    -------
    Geometry
        Of the same detector, without refinement: good to a pixel or so.
    """
    found = start
    for reach, step, reach_px, step_px in ROUNDS:
        found = _search(frame, found, rings_inv_nm, (reach, step), (reach_px, step_px))
    return found


def contrast_of(frame: Frame, geometry: Geometry) -> Contrast:
    """Where a frame stands out of itself, as seen from a beam centre."""
    bins = bins_of(geometry, Binning(), N_SECTORS)
    sums = add_up(frame.counts, frame.mask, bins)
    counts, pixels = (one.reshape(N_SECTORS, -1) for one in (sums.counts, sums.n_pixels.astype(float)))
    (fine, n_fine), (broad, n_broad) = (
        (gaussian_filter1d(counts, width, axis=1), gaussian_filter1d(pixels, width, axis=1))
        for width in (NARROW_PX, WIDE_PX)
    )
    is_seen = (n_fine > 0) & (n_broad > 0)
    expected = np.divide(broad * n_fine, n_broad, out=np.zeros_like(fine), where=is_seen)
    spread = np.sqrt(np.maximum(expected, 1.0) / (2.0 * np.sqrt(np.pi) * NARROW_PX))
    values = np.where(is_seen, np.clip((fine - expected) / spread, -MOST_CONTRAST, MOST_CONTRAST), 0.0)
    return Contrast(bins, values)


def _search(
    frame: Frame,
    start: Geometry,
    rings_inv_nm: Floats,
    along: tuple[float, float],
    across: tuple[float, float],
) -> Geometry:
    """The best of a grid of distances and beam centres."""
    contrast = contrast_of(frame, start)
    by_radius = _by_radius(contrast, start)
    scales = np.exp(np.arange(-along[0], along[0] + along[1] / 2, along[1]))
    shifts_px = np.arange(-across[0], across[0] + across[1] / 2, across[1])
    columns_px, rows_px = (part.ravel() for part in np.meshgrid(shifts_px, shifts_px))
    azimuth_rad = np.deg2rad(contrast.bins.azimuth_deg)
    sideways_px = np.outer(columns_px, np.cos(azimuth_rad)) + np.outer(rows_px, np.sin(azimuth_rad))
    radii_px = radius_px(rings_inv_nm, start)
    radii_px = radii_px[radii_px < 2.0 * by_radius.shape[1] * RADIUS_STEP_PX]  # others stay out of view
    best, moved = -np.inf, start
    for scale in scales.tolist():
        scores = _stand_out(by_radius, scale * radii_px, sideways_px)
        place = int(scores.argmax())
        if scores[place] > best:
            change: dict[str, Any] = {
                "distance_mm": start.distance_mm * scale,
                "beam_column_px": start.beam_column_px + float(columns_px[place]),
                "beam_row_px": start.beam_row_px + float(rows_px[place]),
            }
            best, moved = float(scores[place]), start.model_copy(update=change)
    return moved


def _by_radius(contrast: Contrast, geometry: Geometry) -> Floats:
    """The contrast at evenly spaced radii, `RADIUS_STEP_PX` apart from 0 on, and nothing at the last."""
    q_inv_nm = contrast.bins.q_inv_nm
    farthest_px = float(radius_px(q_inv_nm[-1:], geometry)[0])
    places = contrast.bins.places(q_at(np.arange(0.0, farthest_px, RADIUS_STEP_PX), geometry))
    places = np.clip(np.round(places).astype(np.int64), 0, len(q_inv_nm) - 1)
    return np.hstack([contrast.values[:, places], np.zeros((N_SECTORS, 1))])


def _stand_out(by_radius: Floats, radii_px: Floats, sideways_px: Floats) -> Floats:
    """Sum of the contrast along rings about each beam centre, shape (n_centres,)."""
    last, sectors = by_radius.shape[1] - 1, np.arange(N_SECTORS)
    total = np.zeros(len(sideways_px))
    for radius in radii_px.tolist():
        places = ((radius + sideways_px) * (1.0 / RADIUS_STEP_PX) + 0.5).astype(np.int64)
        np.minimum(places, last, out=places)
        places[places < 0] = last
        total += by_radius[sectors, places].sum(axis=1)
    return total
