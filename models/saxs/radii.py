"""q and radius on a detector that is not tilted."""

import numpy as np

from models.domain.geometry import Geometry
from models.domain.scattering import Floats


def radius_px(q_inv_nm: Floats, geometry: Geometry) -> Floats:
    """Radius at which a q is seen, 1/nm to pixels along a row; that of a right angle where nothing is."""
    sine = np.clip(q_inv_nm * geometry.wavelength_nm / (4.0 * np.pi), -1.0, 1.0)
    return geometry.distance_mm * np.tan(2.0 * np.arcsin(sine)) / (geometry.pixel_width_um * 1e-3)


def q_at(radii_px: Floats, geometry: Geometry) -> Floats:
    """The q that is seen at a radius, pixels along a row to 1/nm: 4 pi sin(theta) / lambda."""
    angles = np.arctan(radii_px * geometry.pixel_width_um * 1e-3 / geometry.distance_mm)
    return 4.0 * np.pi * np.sin(0.5 * angles) / geometry.wavelength_nm
