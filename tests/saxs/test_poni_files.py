"""Geometries that are written as PONI files come back as they were."""

from pathlib import Path

import pytest

from models.domain.errors import BadInput
from models.domain.geometry import Geometry
from models.saxs.geometry_files import read_geometry
from models.saxs.poni_files import write_poni

UPRIGHT = Geometry(
    distance_mm=481.2, beam_column_px=267.3, beam_row_px=359.1, pixel_width_um=172.0, pixel_height_um=75.0,
    wavelength_nm=0.15418, n_rows=619, n_columns=487,
)  # fmt: skip
TILTED = UPRIGHT.model_copy(update={"tilt_deg": 2.5, "tilt_plane_deg": 40.0})


@pytest.mark.parametrize("geometry", [UPRIGHT, TILTED], ids=["upright", "tilted"])
def test_a_poni_file_comes_back_as_it_was(tmp_path: Path, geometry: Geometry):
    write_poni(tmp_path / "one.poni", geometry)
    back = read_geometry(tmp_path / "one.poni")
    for name in (
        "distance_mm",
        "beam_column_px",
        "beam_row_px",
        "tilt_deg",
        "wavelength_nm",
        "pixel_height_um",
    ):
        assert getattr(back, name) == pytest.approx(getattr(geometry, name), rel=1e-9, abs=1e-6), name
    assert back.shape == geometry.shape


def test_what_a_poni_file_cannot_say_is_refused_and_nothing_is_written(tmp_path: Path):
    with pytest.raises(BadInput, match="mirrored"):
        write_poni(tmp_path / "one.poni", UPRIGHT.model_copy(update={"is_flipped_left_right": True}))
    assert not list(tmp_path.iterdir())
