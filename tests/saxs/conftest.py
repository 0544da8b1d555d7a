"""Measured data, and curves whose truth is known."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models.domain.geometry import Geometry
from models.domain.scattering import Curve, Floats

SHARED = Path(__file__).parents[2].parent / "shared" / "data"

CurveMaker = Callable[..., Curve]


@pytest.fixture(scope="session")
def biosaxs() -> Path:
    if not (SHARED / "biosaxs").is_dir():
        pytest.skip("measured data is not here: ../shared/data/biosaxs")
    return SHARED / "biosaxs"


@pytest.fixture(scope="session")
def silica() -> Path:
    if not (SHARED / "mesoporous-silica").is_dir():
        pytest.skip("measured data is not here: ../shared/data/mesoporous-silica")
    return SHARED / "mesoporous-silica"


@pytest.fixture
def noisy() -> CurveMaker:
    """A Poisson curve about an ideal one: the outer bins have more pixels, as on a detector."""

    def make(q: Floats, ideal: Floats, counts: float, seed: int) -> Curve:
        pixels = np.linspace(1, 40, q.size)
        n = np.random.default_rng(seed).poisson(counts * ideal * pixels)
        return Curve(q, n / counts / pixels, np.sqrt(np.maximum(n, 1)) / counts / pixels)

    return make


@pytest.fixture
def geometry() -> Geometry:
    return Geometry(
        distance_mm=1000,
        beam_column_px=60.3,
        beam_row_px=48.7,
        pixel_width_um=172,
        pixel_height_um=172,
        wavelength_nm=0.1,
        n_rows=100,
        n_columns=120,
    )


def sphere(q: Floats, radius_nm: float) -> Floats:
    """Form factor of a sphere (Rayleigh 1911), 1 at q = 0."""
    x = q * radius_nm
    return (3 * (np.sin(x) - x * np.cos(x)) / x**3) ** 2
