"""Where the detector stands, from the rings of a calibrant: found roughly, refined, and judged."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from pyFAI.calibrant import Calibrant, get_calibrant, names
from pyFAI.geometry.fit2d import convert_to_Fit2d
from pyFAI.io.ponifile import PoniFile
from scipy.optimize import least_squares

from models.domain.errors import BadInput, FitFailed
from models.domain.geometry import Geometry
from models.domain.scattering import Floats, Frame
from models.saxs.integrators import to_pyfai
from models.saxs.ring_points import LEAST_STRENGTH, points_on_rings
from models.saxs.ring_search import contrast_of, find_rings

MOST_RINGS = 20
"""Rings that are looked at, from the beam outwards."""
FEWEST_RINGS, FEWEST_POINTS = 2, 30
"""One ring alone does not tell which it is; so many points, at least, place it."""
LEAST_TURN_DEG = 120.0
"""The points look in directions so far apart, or the beam centre is not told from the distance."""
MOST_OFF_PX = 1.5
"""Points lie no farther than this off their rings, rms, pixels."""
LEAST_SHARE_SEEN = 0.7
"""Share of the calibrant's first rings in view that must stand out."""
N_FIRST = 4
"""So many rings in view are the first."""
PARAMETERS = ("dist", "poni1", "poni2", "rot1", "rot2", "rot3")
"""pyFAI's words, in the order of its parameters."""
N_UPRIGHT, N_TILTED = 3, 5
"""How many of them are refined, from the first on."""
STEP = 1e-5
"""Relative step of finite differences: pyFAI's angles are good to seven digits."""
MOST_ROUNDS, SETTLED = 10, 2e-5
"""Points are looked for again until the distance changes by less than this, relative, but not more often."""
N_STRAY_ROUNDS = 3
STRAY, LEAST_STRAY_PX = 4.0, 0.75
"""After each of the rounds, points farther off than so many standard deviations, and so many pixels, are left
out: hot pixels and cosmic rays. The deviation is told from the median."""
SIGMA_PER_MAD = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""
N_LEFT_OUT = 12
"""Sectors that are left out one at a time to see how far the result hangs on each."""


@dataclass(frozen=True)
class Ring:
    """One ring of the calibrant on the frame."""

    number: int
    """Counted from 1, from the beam outwards."""
    d_nm: float
    """Spacing, nm."""
    n_points: int
    """Points on it that were fitted."""
    off_px: float
    """How far they lie outside of it, mean, pixels."""
    rms_px: float
    """How far they lie off it, root mean square, pixels."""


@dataclass(frozen=True)
class Calibration:
    """Where the detector stands, and how that is known."""

    geometry: Geometry
    """The result."""
    distance_sigma_mm: float
    """One standard deviation of the distance, from sectors and rings that were left out, mm."""
    column_sigma_px: float
    """That of the beam centre along the fast axis, pixels."""
    row_sigma_px: float
    """That along the slow axis, pixels."""
    rings: tuple[Ring, ...]
    """The rings that were fitted."""


def calibrate(frame: Frame, start: Geometry, calibrant: str, *, is_tilted: bool = False) -> Calibration:
    """Refine a geometry on the rings of a calibrant.

    The wavelength is taken as known: rings tell the distance over it, not both.

    Parameters
    ----------
    frame
        Counts and mask.
    start
        What the header says; its distance may be wrong by a quarter and its beam centre by 24 pixels.
    calibrant
        Name of a calibrant as pyFAI knows it, ``AgBh``.
    is_tilted
        True to refine the detector's tilt as well.

    Returns
    -------
    Calibration
        With a standard deviation of distance and beam centre.

    Raises
    ------
    BadInput
        When pyFAI knows no such calibrant, or none of its rings falls on the detector.
    FitFailed
        When the rings do not fit; the message says how.
    """
    known = _calibrant(calibrant, start)
    rings_inv_nm = 20.0 * np.pi / np.array(known.dspacing[:MOST_RINGS], dtype=np.float64)
    rough = find_rings(frame, start, rings_inv_nm)
    strengths = _strengths(frame, rough, rings_inv_nm)
    _check_pattern(strengths, calibrant)
    n_rings = int(np.flatnonzero(~np.isnan(strengths)).max()) + 1
    found, points = rough, np.empty((0, 3))
    for _ in range(MOST_ROUNDS):
        before = found
        points = points_on_rings(frame, found, rings_inv_nm[:n_rings])
        for _ in range(N_STRAY_ROUNDS):
            _check_points(points, found, calibrant)
            found = _refine(points, found, known, is_tilted=is_tilted)
            points = _without_strays(points, _off_px(points, found, known))
        if abs(found.distance_mm / before.distance_mm - 1.0) < SETTLED:
            break
    rings = _rings(points, found, known)
    _check_fit(rings, calibrant)
    spread = _spread(points, found, known, is_tilted=is_tilted)
    return Calibration(found, *spread, rings)


def _calibrant(name: str, start: Geometry) -> Calibrant:
    by_lower = {known.lower(): known for known in names()}
    if name.lower() not in by_lower:
        some = ", ".join(sorted(names())[:12])
        raise BadInput(
            f"--calibrant {name}", "is none that pyFAI knows", f"Give one such as AgBh, or of {some}"
        )
    found = get_calibrant(by_lower[name.lower()])
    found.wavelength = start.wavelength_nm * 1e-9
    return found


def _strengths(frame: Frame, geometry: Geometry, rings_inv_nm: Floats) -> Floats:
    """How far each ring stands out, in sigma, in the mean of the sectors that see it; NaN where none does."""
    contrast = contrast_of(frame, geometry)
    places = np.round(contrast.bins.places(rings_inv_nm)).astype(np.int64)
    found = np.full(len(rings_inv_nm), np.nan)
    for ring, place in enumerate(places.tolist()):
        if 1 <= place < len(contrast.bins.q_inv_nm) - 1:
            here = contrast.values[:, place - 1 : place + 2]
            is_seen = (here != 0.0).all(axis=1)
            if is_seen.sum() >= 2:
                found[ring] = here[is_seen].max(axis=1).mean()
    return found


def _check_pattern(strengths: Floats, calibrant: str) -> None:
    """Refuse a frame on which the calibrant's rings do not stand out."""
    in_view = np.flatnonzero(~np.isnan(strengths))
    if len(in_view) < FEWEST_RINGS:
        raise FitFailed(
            f"{len(in_view)} rings of {calibrant} fall on the detector, {FEWEST_RINGS} are needed; "
            "take the detector nearer or another calibrant"
        )
    first = in_view[:N_FIRST]
    n_seen = int((strengths[first] > LEAST_STRENGTH).sum())
    if n_seen < max(FEWEST_RINGS, LEAST_SHARE_SEEN * len(first)):
        raise FitFailed(
            f"of the first {len(first)} rings of {calibrant} in view {n_seen} stand out by "
            f"{LEAST_STRENGTH:g} sigma, wherever within a quarter of the stated distance and 24 pixels of "
            "the stated centre they are sought; check calibrant, wavelength and exposure"
        )


def _check_points(points: Floats, geometry: Geometry, calibrant: str) -> None:
    n_rings = len(np.unique(points[:, 2]))
    if len(points) < FEWEST_POINTS or n_rings < FEWEST_RINGS:
        raise FitFailed(
            f"{len(points)} points on {n_rings} rings of {calibrant} were found, {FEWEST_POINTS} on "
            f"{FEWEST_RINGS} are needed; expose longer, or unmask what sees them"
        )
    turn = _turn_deg(points, geometry)
    if turn < LEAST_TURN_DEG:
        raise FitFailed(
            f"the points look over {turn:.0f} deg of azimuth, {LEAST_TURN_DEG:g} deg are needed to tell the "
            "beam centre from the distance"
        )


def _azimuth_deg(points: Floats, geometry: Geometry) -> Floats:
    return np.rad2deg(np.arctan2(points[:, 0] - geometry.beam_row_px, points[:, 1] - geometry.beam_column_px))


def _turn_deg(points: Floats, geometry: Geometry) -> float:
    """The whole turn less the largest gap between directions."""
    azimuths = np.sort(_azimuth_deg(points, geometry))
    return 360.0 - float(np.diff(azimuths, append=azimuths[0] + 360.0).max())


def _refine(points: Floats, start: Geometry, calibrant: Calibrant, *, is_tilted: bool) -> Geometry:
    """Least squares of the rings' angles, by pyFAI's own formula for a pixel's."""
    integrator: Any = to_pyfai(start)
    rows, columns, expected = points[:, 0], points[:, 1], _expected(points, calibrant)
    n_free = N_TILTED if is_tilted else N_UPRIGHT
    rest = integrator.param[n_free:]
    unit = np.array(
        [start.distance_mm * 1e-3, start.pixel_height_um * 1e-6, start.pixel_width_um * 1e-6, 1.0, 1.0]
    )
    first = np.array(integrator.param[:n_free]) / unit[:n_free]

    def off(free: Floats) -> Floats:
        return integrator.tth(rows, columns, param=[*(free * unit[:n_free]), *rest]) - expected

    found = least_squares(off, first, x_scale="jac", diff_step=STEP)
    values = dict(zip(PARAMETERS, [*(found.x * unit[:n_free]), *rest], strict=True))
    told = convert_to_Fit2d(
        PoniFile(detector=integrator.detector, wavelength=integrator.wavelength, **values)
    )
    change = {
        "distance_mm": float(told.directDist), "beam_column_px": float(told.centerX),
        "beam_row_px": float(told.centerY), "tilt_deg": float(told.tilt),
        "tilt_plane_deg": float(told.tiltPlanRotation),
    }  # fmt: skip
    return start.model_copy(update=change)


def _expected(points: Floats, calibrant: Calibrant) -> Floats:
    """Scattering angle of the ring on which each point lies, rad."""
    return np.array(calibrant.get_2th(), dtype=np.float64)[points[:, 2].astype(int)]


def _off_px(points: Floats, geometry: Geometry, calibrant: Calibrant) -> Floats:
    """How far each point lies outside of its ring, pixels."""
    integrator: Any = to_pyfai(geometry)
    angles = np.asarray(integrator.tth(points[:, 0], points[:, 1]), dtype=np.float64)
    lengths_px = geometry.distance_mm / (geometry.pixel_width_um * 1e-3) / np.cos(angles) ** 2
    return (angles - _expected(points, calibrant)) * lengths_px


def _without_strays(points: Floats, off_px: Floats) -> Floats:
    centre = np.median(off_px)
    limit = max(STRAY * SIGMA_PER_MAD * float(np.median(np.abs(off_px - centre))), LEAST_STRAY_PX)
    return points[np.abs(off_px - centre) < limit]


def _rings(points: Floats, geometry: Geometry, calibrant: Calibrant) -> tuple[Ring, ...]:
    """How far the points of each ring lie off it."""
    off_px = _off_px(points, geometry, calibrant)
    return tuple(
        Ring(
            number=int(number) + 1,
            d_nm=float(calibrant.dspacing[int(number)]) / 10.0,
            n_points=int((points[:, 2] == number).sum()),
            off_px=float(off_px[points[:, 2] == number].mean()),
            rms_px=float(np.sqrt(np.mean(off_px[points[:, 2] == number] ** 2))),
        )
        for number in np.unique(points[:, 2])
    )


def _check_fit(rings: tuple[Ring, ...], calibrant: str) -> None:
    n_points = sum(ring.n_points for ring in rings)
    rms_px = float(np.sqrt(sum(ring.n_points * ring.rms_px**2 for ring in rings) / n_points))
    if rms_px > MOST_OFF_PX:
        worst = max(rings, key=lambda ring: abs(ring.off_px))
        raise FitFailed(
            f"the rings of {calibrant} do not fit: points lie {rms_px:.1f} pixels off, {MOST_OFF_PX:g} are "
            f"allowed; ring {worst.number} is off by {worst.off_px:+.1f}; check calibrant, pixel size and "
            "wavelength, or refine the tilt"
        )


def _spread(
    points: Floats, found: Geometry, calibrant: Calibrant, *, is_tilted: bool
) -> tuple[float, float, float]:
    """Sigma of distance, mm, and beam centre, pixels: sectors, and rings, left out one at a time (jackknife).

    Sectors tell what noise and uneven rings do, rings whether they agree on one distance; both add up.
    """
    sectors = np.floor((_azimuth_deg(points, found) + 180.0) / 360.0 * N_LEFT_OUT).astype(int) % N_LEFT_OUT
    total = np.zeros(3)
    for groups in (sectors, points[:, 2].astype(int)):
        rests = [points[groups != group] for group in np.unique(groups)]
        rests = [rest for rest in rests if len(np.unique(rest[:, 2])) >= FEWEST_RINGS]
        refined = [_refine(rest, found, calibrant, is_tilted=is_tilted) for rest in rests]
        told = np.array([(one.distance_mm, one.beam_column_px, one.beam_row_px) for one in refined])
        if len(told) > 1:
            total += (len(told) - 1) * told.var(axis=0)
    distance, column, row = np.sqrt(total).tolist()
    return distance, column, row
