"""Where the detector stands: plain numbers, in the convention of Fit2D."""

from pydantic import Field

from models.domain.frozen import Frozen


class Geometry(Frozen):
    """A flat detector behind a sample.

    The convention is Fit2D's (Hammersley, ESRF97HA02T): direct distance along the beam, direct-beam
    position in pixels from the corner of pixel (0, 0), then tilt. It is what people read off a header.
    """

    distance_mm: float = Field(gt=0)
    """Sample to the point where the direct beam meets the detector, mm."""
    beam_column_px: float
    """Direct beam along the fast axis (x, columns), pixels from the array's corner."""
    beam_row_px: float
    """Direct beam along the slow axis (y, rows), pixels from the array's corner."""
    pixel_width_um: float = Field(gt=0)
    """Pixel size along the fast axis, um."""
    pixel_height_um: float = Field(gt=0)
    """Pixel size along the slow axis, um."""
    wavelength_nm: float = Field(gt=0)
    """X-ray wavelength, nm."""
    n_rows: int = Field(gt=0)
    """Rows of a frame (slow axis)."""
    n_columns: int = Field(gt=0)
    """Columns of a frame (fast axis)."""
    tilt_deg: float = 0.0
    """Tilt of the detector out of the plane perpendicular to the beam, degrees."""
    tilt_plane_deg: float = 0.0
    """Rotation of the tilt plane, degrees."""
    detector: str | None = None
    """Name of the detector as pyFAI knows it (``Pilatus 1M``), where it is known."""
    is_flipped_left_right: bool = False
    """True where the geometry describes the frame mirrored along its fast axis."""

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of a frame, (rows, columns)."""
        return self.n_rows, self.n_columns
