"""What is known of a detector and its calibration: the corrections that are applied to every frame alike."""

from dataclasses import dataclass, field

import numpy as np

from models.domain.errors import BadInput
from models.domain.scattering import Counts, Floats

UNCALIBRATED = "a.u."
"""Unit of an intensity without a calibration."""


@dataclass(frozen=True)
class DarkRate:
    """What every pixel counts without beam, as one number."""

    rate_hz: float
    """Counts of a pixel, 1/s."""
    sigma_hz: float = 0.0
    """One standard deviation of it, 1/s; all pixels share it."""


@dataclass(frozen=True, eq=False)
class DarkFrame:
    """What each pixel counted without beam."""

    counts: Counts
    """Counts, shape (n_rows, n_columns); pixels with negative ones are not used."""
    exposure_s: float
    """How long it was taken, s."""
    source: str = "the dark frame"
    """Where it came from, for messages."""


@dataclass(frozen=True, eq=False)
class Flat:
    """How well each pixel counts."""

    response: Floats
    """Counts over those of a mean pixel in the same light, shape (n_rows, n_columns); pixels that are not
    above 0 are not used."""
    sigma: Floats | None = None
    """One standard deviation of it, independent from pixel to pixel, same shape."""
    source: str = "the flat field"
    """Where it came from, for messages."""


@dataclass(frozen=True)
class Scale:
    """From normalised counts to the unit wanted; applied last, by `models.saxs.correct.to_scale`."""

    factor: float = 1.0
    """From a calibration standard; 1 leaves the numbers alone."""
    relative_sigma: float = 0.0
    """One standard deviation of the factor, and of the thickness, in quadrature, relative. All curves of one
    calibration share it, so that it does not act between a sample and its buffer."""
    unit: str = UNCALIBRATED
    """Unit of the intensity after it."""

    @property
    def is_stated(self) -> bool:
        """Whether it changes the numbers or their unit; an error alone does not."""
        return self.factor != 1.0 or self.unit != UNCALIBRATED


@dataclass(frozen=True, eq=False)
class Corrections:
    """What is applied to frames, in the order of Pauw et al. 2017, J. Appl. Cryst. 50, 1800.

    Mask, dead time, dark counts, monitor and time, transmission, flat field, solid angle, polarisation; then
    empty cell and buffer are subtracted, thickness and scale close the chain. Dead time comes before dark
    counts because these keep a pixel busy like any other. What a frame itself states (mask, time, monitor,
    transmission, thickness) stands in `Frame`. Keep one object for many frames: what each pixel's share is
    gets worked out once for it.
    """

    dead_time_s: float = 0.0
    """After a count a pixel is blind this long, s; counts that fall into it do not extend it."""
    dead_time_sigma_s: float = 0.0
    """One standard deviation of it, s; all pixels share it."""
    dark: DarkRate | DarkFrame | None = None
    """Counts without beam; None subtracts none."""
    flat: Flat | None = None
    """Response of the pixels; None takes them as alike."""
    polarisation: float | None = None
    """Degree of linear polarisation, -1 to 1, along its axis; None corrects nothing."""
    polarisation_axis_deg: float = 0.0
    """Axis of the polarisation, from the columns' axis (fast, x) towards the rows' (slow, y), deg."""
    scale: Scale = field(default_factory=Scale)
    """Calibration of the intensity."""

    def __post_init__(self) -> None:
        """Refuse what no detector has."""
        _require(
            0 <= self.dead_time_s < np.inf, "dead_time_s", f"is {self.dead_time_s:g} s, must be 0 or more"
        )
        _require(
            self.dead_time_sigma_s >= 0, "dead_time_sigma_s", f"is {self.dead_time_sigma_s:g} s, below 0"
        )
        if self.polarisation is not None:
            is_degree = -1 <= self.polarisation <= 1
            _require(is_degree, "polarisation", f"is {self.polarisation:g}, must be within -1 to 1")
        if isinstance(self.dark, DarkFrame):
            said = f"was exposed for {self.dark.exposure_s:g} s, must be above 0"
            _require(0 < self.dark.exposure_s < np.inf, self.dark.source, said)
        elif self.dark is not None:
            is_rate = 0 <= self.dark.rate_hz < np.inf and self.dark.sigma_hz >= 0
            said = f"is {self.dark.rate_hz:g} +- {self.dark.sigma_hz:g} 1/s, must be 0 or more"
            _require(is_rate, "dark rate", said)
        is_scale = 0 < self.scale.factor < np.inf and self.scale.relative_sigma >= 0
        said = f"is {self.scale.factor:g} (relative error {self.scale.relative_sigma:g}), must be above 0"
        _require(is_scale, "scale", said)

    def check_shape(self, shape: tuple[int, int]) -> None:
        """Refuse images that are not for a detector of this shape, (rows, columns)."""
        for image, source in self._images():
            if image.shape != shape:
                raise BadInput(
                    source,
                    f"has {' x '.join(map(str, image.shape))} pixels, the frame {shape[0]} x {shape[1]}",
                    "Give the one of this detector.",
                )

    def _images(self) -> list[tuple[Counts | Floats, str]]:
        images: list[tuple[Counts | Floats, str]] = []
        if isinstance(self.dark, DarkFrame):
            images.append((self.dark.counts, self.dark.source))
        if self.flat is not None:
            images.append((self.flat.response, self.flat.source))
            if self.flat.sigma is not None:
                images.append((self.flat.sigma, f"sigma of {self.flat.source}"))
        return images


def _require(is_met: bool, where: str, problem: str) -> None:
    if not is_met:
        raise BadInput(where, problem, "Correct the corrections")


NO_CORRECTIONS = Corrections()
"""Solid angle and what the frame itself states, nothing else."""
