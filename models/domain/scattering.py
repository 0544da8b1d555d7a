"""What a scattering experiment yields: a frame, a curve, and features of the curve."""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Self

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from models.domain.frozen import Frozen
from models.domain.inputs import validated_json

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
    """False when the limit is passed: the frame must not train a model then, but for `is_warning`."""
    value: float
    """What was found, in `unit`."""
    limit: float
    """What it was held against, in `unit`."""
    unit: str
    """Unit of `value` and `limit`."""
    remedy: str
    """What to do when it failed."""
    is_warning: bool = False
    """True when a failure is told and the frame trains a model all the same."""

    @property
    def is_refusal(self) -> bool:
        """True when the frame must not train a model."""
        return not self.is_ok and not self.is_warning

    def text(self) -> str:
        """What was found, its limit and what to do, in one line."""
        unit = "" if self.unit == "1" else f" {self.unit}"
        return f"{self.check}: {self.value:.4g}{unit} against a limit of {self.limit:.4g}. {self.remedy}"


class Parameter(Frozen):
    """One number that a fit found."""

    name: str
    """Name, such as ``rg``."""
    value: float
    """Estimate, in `unit`."""
    sigma: float = Field(ge=0)
    """One standard deviation by the fit alone, in `unit`; a feature's own sigma also holds what the fit
    cannot know, such as the choice of its window."""
    unit: str
    """Unit; ``1`` for a pure number."""


class Fit(Frozen):
    """A model that was fitted to a part of a curve: what stands behind a feature."""

    name: str = Field(pattern=r"^[A-Za-z_][\w.-]*$")
    """Name of the law or shape, such as ``guinier``."""
    q_inv_nm: tuple[float, ...] = Field(min_length=1)
    """q of the points that were fitted, increasing, shape (n,), 1/nm."""
    intensity: tuple[float, ...]
    """What the model says at these points, shape (n,), in `unit`."""
    unit: str
    """Unit of the intensity: that of the curve."""
    parameters: tuple[Parameter, ...]
    """What was found."""
    chi2_reduced: float = Field(ge=0)
    """Chi squared by the points' own sigma, over degrees of freedom."""

    @model_validator(mode="after")
    def _points_match(self) -> Self:
        if len(self.q_inv_nm) != len(self.intensity):
            raise ValueError(
                f"the fit {self.name!r} has {len(self.q_inv_nm)} q and {len(self.intensity)} intensities; "
                "give one for the other"
            )
        return self


class CurveProfile(Frozen):
    """A curve in few bins, the same in a whole campaign: what whole curves are learned from."""

    q_inv_nm: tuple[float, ...] = Field(min_length=1)
    """Middle of each bin, increasing, shape (n,), 1/nm."""
    intensity: tuple[float | None, ...]
    """Mean intensity in each bin, shape (n,), in `unit`; None in a bin without points."""
    sigma: tuple[float | None, ...]
    """One standard deviation of that mean, shape (n,), in `unit`; None in a bin without points."""
    unit: str
    """Unit of the intensity: that of the curve."""

    @model_validator(mode="after")
    def _bins_match(self) -> Self:
        sizes = {len(self.q_inv_nm), len(self.intensity), len(self.sigma)}
        if len(sizes) != 1:
            raise ValueError(
                f"q, intensity and sigma of a profile have {sorted(sizes)} bins; give each as many"
            )
        if any(high <= low for low, high in pairwise(self.q_inv_nm)):
            raise ValueError("q of a profile must increase from bin to bin")
        for intensity, sigma in zip(self.intensity, self.sigma, strict=True):
            if (intensity is None) != (sigma is None) or (sigma is not None and sigma < 0):
                raise ValueError(
                    "each bin of a profile needs both an intensity and a sigma of 0 or more, or neither"
                )
        return self


def fit_from_json(text: str | bytes) -> Fit:
    """Read a fit that was kept as JSON; the very same numbers come back.

    Parameters
    ----------
    text
        Content of an artifact whose role is ``fit``.

    Returns
    -------
    Fit
        The fit.

    Raises
    ------
    BadInput
        When it is no fit.
    """
    return validated_json(Fit, text, "fit")


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
    taken_s: float | None = None
    """When it was taken by its own clock, s since 1970; None where it does not say."""
    monitor_sigma: float = 0.0
    """One standard deviation of the monitor, monitor counts."""
    attenuation: float = 1.0
    """Share of the beam that the attenuator let through: what makes monitor rates comparable."""
    overflow: Mask | None = None
    """True where a pixel held more counts than it can, shape (n_rows, n_columns); None where none did."""

    def without(self, mask: Mask) -> "Frame":
        """The frame without more pixels: those that are not used did not overflow either."""
        overflow = None if self.overflow is None else self.overflow & ~mask
        return replace(self, mask=self.mask | mask, overflow=overflow)

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
        return self._where((self.q_inv_nm >= q_min_inv_nm) & (self.q_inv_nm <= q_max_inv_nm))

    def rows(self, first: int, last: int) -> "Curve":
        """The points from index first up to, and without, index last."""
        return self._where(slice(first, last))

    def _where(self, keep: slice | Mask) -> "Curve":
        return Curve(
            self.q_inv_nm[keep],
            self.intensity[keep],
            self.sigma[keep],
            self.unit,
            self.common_relative_sigma,
            self.source,
        )


@dataclass(frozen=True, eq=False)
class AzimuthalProfile:
    """Scattered intensity against azimuth over one window of q; opposite azimuths are added up.

    Azimuth runs from the detector's columns (fast axis, x) towards its rows (slow axis, y).
    """

    azimuth_deg: Floats
    """Middle of each bin, increasing, 0 to 180, shape (n,), deg; bins without pixels are left out."""
    intensity: Floats
    """Intensity over its mean, shape (n,)."""
    sigma: Floats
    """One standard deviation, independent from bin to bin, shape (n,)."""
    step_deg: float
    """Width of a bin, deg."""
    offset_sigma: float = 0.0
    """One standard deviation of an offset that all bins share (what was subtracted), over the mean."""
    source: str = ""
    """Where it came from: a file name, for messages."""

    def __post_init__(self) -> None:
        """Check the shapes once, at birth."""
        shapes = {self.azimuth_deg.shape, self.intensity.shape, self.sigma.shape}
        if len(shapes) != 1 or self.azimuth_deg.ndim != 1:
            raise ValueError(
                f"{self.source}: azimuth, intensity and sigma have shapes {shapes}, need one (n,)"
            )

    def __len__(self) -> int:
        """Count of bins."""
        return int(self.azimuth_deg.size)
