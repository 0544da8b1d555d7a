"""A default world, and the smallest radial average that can check it."""

from collections.abc import Callable

import numpy as np
import pytest

from models.domain.scattering import Floats
from sims.world import Shot, World, WorldSpec

SEED = 20260


@pytest.fixture(scope="session")
def world() -> World:
    return World(WorldSpec(), SEED)


@pytest.fixture(scope="session")
def pixel_q(world: World) -> Floats:
    """q per pixel straight from the geometry, written down anew: 1/nm."""
    g = world.station.geometry
    row, column = np.mgrid[: g.n_rows, : g.n_columns]
    x_mm = (column + 0.5 - g.beam_column_px) * g.pixel_width_um * 1e-3
    y_mm = (row + 0.5 - g.beam_row_px) * g.pixel_height_um * 1e-3
    two_theta = np.arctan2(np.sqrt(x_mm**2 + y_mm**2), g.distance_mm)
    return 4 * np.pi * np.sin(two_theta / 2) / g.wavelength_nm


Average = Callable[[Shot], tuple[Floats, Floats, Floats]]


@pytest.fixture(scope="session")
def average(world: World, pixel_q: Floats) -> Average:
    """Radial mean of a shot in 1/cm (`Station.absolute_scale`): mean q of each bin, intensity, sigma."""
    good = ~world.station.pixel_mask
    q = pixel_q[good]
    edges = np.linspace(0.14, 3.2, 300)
    which = np.digitize(q, edges)
    two_theta = 2 * np.arcsin(q * world.station.geometry.wavelength_nm / 4 / np.pi)
    # the polarisation factor differs from 1 by less than 0.2 % here and averages out over the azimuth
    weight = np.cos(two_theta) ** 3 * 0.5 * (1 + np.cos(two_theta) ** 2)

    def inner(values: Floats) -> Floats:
        return np.bincount(which, values, edges.size + 1)[1 : edges.size]

    def run(shot: Shot) -> tuple[Floats, Floats, Floats]:
        n, w = inner(shot.counts[good].astype(np.float64)), inner(weight)
        norm = shot.monitor * shot.transmission * world.thickness_mm / 10
        factor = world.station.absolute_scale / norm / w
        return inner(q) / inner(np.ones_like(q)), n * factor, np.sqrt(n + 1) * factor

    return run
