"""One's own feature: the q at which the intensity has fallen to half of its value at low q."""

import numpy as np

from models.domain.scattering import Absence, Curve, Feature
from models.saxs.extractor import Extractor

N_FIRST = 10
"""Points at low q whose mean is the full value."""


def extract(curve: Curve) -> tuple[Feature | Absence, ...]:
    """Read `q_half` off one curve."""
    full = curve.intensity[:N_FIRST].mean()
    below = np.flatnonzero(curve.intensity < full / 2.0)
    if full <= 0 or below.size == 0 or below[0] == 0:
        return (Absence(name="q_half", why=f"the intensity does not fall to half of {full:.3g}"),)
    i = int(below[0])
    q, intensity, sigma = curve.q_inv_nm[i - 1 : i + 1], curve.intensity[i - 1 : i + 1], curve.sigma[i]
    slope = (intensity[1] - intensity[0]) / (q[1] - q[0])
    value = q[0] + (full / 2.0 - intensity[0]) / slope
    full_sigma = np.sqrt((curve.sigma[:N_FIRST] ** 2).sum()) / N_FIRST
    return (
        Feature(
            name="q_half",
            value=float(value),
            sigma=float(np.hypot(sigma, full_sigma / 2.0) / abs(slope)),
            unit="1/nm",
        ),
    )


EXTRACTOR = Extractor(makes={"q_half": "1/nm"}, extract=extract)
