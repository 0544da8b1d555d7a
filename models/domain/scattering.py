"""What a scattering experiment yields: a frame, a curve, and features of the curve."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.domain.frozen import Frozen

Floats = npt.NDArray[np.float64]
"""Any array of float64."""
Counts = npt.NDArray[np.int64] | npt.NDArray[np.int32] | npt.NDArray[np.uint32]
"""Any array of detector counts; negative means that the pixel holds no count."""
Mask = npt.NDArray[np.bool_]
"""True where a pixel must not be used."""


class Feature(Frozen):
    """One number read off a curve, with its uncertainty."""

    name: str
    """Name, such as ``rg``."""
    value: float
    """Estimate, in `unit`."""
    sigma: float
    """One standard deviation of the estimate, in `unit`."""
    unit: str
    """Unit; ``1`` for a pure number."""


class Absence(Frozen):
    """A feature that this curve does not have, and why."""

    name: str
    """Name of the feature."""
    why: str
    """One sentence, with the value and the limit that ruled it out."""


class Verdict(Frozen):
    """What one check said of one frame or curve."""

    check: str
    """Name of the check, such as ``saturation``."""
    is_ok: bool
    """False when the frame must not train a model."""
    value: float
    """What was found, in `unit`."""
    limit: float
    """What it was held against, in `unit`."""
    unit: str
    """Unit of `value` and `limit`."""
    remedy: str
    """What to do when it failed."""


@dataclass(frozen=True, eq=False)
class Frame:
    """One exposure of an area detector, with what is needed to normalise it."""

    counts: Counts
    """Counts, shape (n_rows, n_columns)."""
    mask: Mask
    """True where a pixel is dead, in a gap or behind the beamstop, shape (n_rows, n_columns)."""
    exposure_s: float
    """Exposure time, s."""
    monitor: float
    """Incident flux summed over the exposure, monitor counts."""
    transmission: float
    """Transmitted over incident flux, 0 to 1."""
    transmission_sigma: float = 0.0
    """One standard deviation of the transmission."""
    thickness_mm: float = 1.0
    """Path through the sample, mm."""
    saturation_counts: float | None = None
    """Counts above which the detector is not linear, where it is known."""
    source: str = ""
    """Where it came from: a file name, for messages."""

    def __post_init__(self) -> None:
        """Check the shapes once, at birth."""
        if self.counts.ndim != 2 or self.counts.shape != self.mask.shape:
            raise ValueError(
                f"{self.source}: counts {self.counts.shape} and mask {self.mask.shape} need one 2-D shape"
            )


@dataclass(frozen=True, eq=False)
class Curve:
    """Scattered intensity against the modulus of the scattering vector."""

    q_inv_nm: Floats
    """q = 4 pi sin(theta) / lambda, increasing, shape (n_q,), 1/nm."""
    intensity: Floats
    """Intensity, shape (n_q,), in `unit`."""
    sigma: Floats
    """One standard deviation, independent from point to point, shape (n_q,), in `unit`."""
    unit: str = "a.u."
    """Unit of the intensity: ``1/cm`` when absolute, else ``a.u.``."""
    common_relative_sigma: float = 0.0
    """One standard deviation of a factor that all points share (monitor, transmission), relative."""
    source: str = ""
    """Where it came from: a file name, for messages."""

    def __post_init__(self) -> None:
        """Check the shapes once, at birth."""
        shapes = {self.q_inv_nm.shape, self.intensity.shape, self.sigma.shape}
        if len(shapes) != 1 or self.q_inv_nm.ndim != 1:
            raise ValueError(f"{self.source}: q, intensity and sigma have shapes {shapes}, need one (n_q,)")
        if np.any(np.diff(self.q_inv_nm) <= 0):
            raise ValueError(f"{self.source}: q must increase from point to point")

    def __len__(self) -> int:
        """Count of points."""
        return int(self.q_inv_nm.size)

    def between(self, q_min_inv_nm: float, q_max_inv_nm: float) -> "Curve":
        """The part of the curve with q_min <= q <= q_max, 1/nm."""
        keep = (self.q_inv_nm >= q_min_inv_nm) & (self.q_inv_nm <= q_max_inv_nm)
        return Curve(
            self.q_inv_nm[keep],
            self.intensity[keep],
            self.sigma[keep],
            self.unit,
            self.common_relative_sigma,
            self.source,
        )
