"""Read a file of corrections: TOML, with paths of a dark frame and a flat field beside it."""

import math
from pathlib import Path
from typing import Self

import fabio
import numpy as np
from pydantic import Field, model_validator

from models.domain.errors import BadInput
from models.domain.frozen import Frozen
from models.domain.inputs import read_toml, validated
from models.domain.scattering import Floats
from models.saxs.corrections import Corrections, DarkFrame, DarkRate, Flat, Scale
from models.saxs.frame_files import read_frame


class CorrectionSpec(Frozen):
    """What a file of corrections may say; paths are relative to it."""

    dead_time_s: float = Field(default=0.0, ge=0)
    """After a count a pixel is blind this long, s."""
    dead_time_sigma_s: float = Field(default=0.0, ge=0)
    """One standard deviation of it, s."""
    dark_frame: str | None = None
    """A frame without beam."""
    dark_exposure_s: float | None = Field(default=None, gt=0)
    """How long it was taken, s; None takes it from its header."""
    dark_rate_hz: float | None = Field(default=None, ge=0)
    """Or: counts of a pixel without beam, 1/s."""
    dark_rate_sigma_hz: float = Field(default=0.0, ge=0)
    """One standard deviation of that rate, 1/s."""
    flat: str | None = None
    """An image of the pixels' response: counts over those of a mean pixel in the same light."""
    flat_sigma: str | None = None
    """An image of its standard deviation."""
    polarisation: float | None = Field(default=None, ge=-1, le=1)
    """Degree of linear polarisation along its axis."""
    polarisation_axis_deg: float = 0.0
    """Its axis, from the columns' axis (fast, x) towards the rows' (slow, y), deg."""
    scale: float = Field(default=1.0, gt=0)
    """Factor from normalised counts to `unit`, from a calibration standard."""
    scale_sigma: float = Field(default=0.0, ge=0)
    """One standard deviation of it."""
    thickness_relative_sigma: float = Field(default=0.0, ge=0)
    """One standard deviation of the thickness, relative."""
    unit: str = "a.u."
    """Unit of the intensity after `scale`."""

    @model_validator(mode="after")
    def _one_dark(self) -> Self:
        if self.dark_frame is not None and self.dark_rate_hz is not None:
            raise ValueError("dark_frame and dark_rate_hz say the same twice; keep one")
        if self.flat_sigma is not None and self.flat is None:
            raise ValueError("flat_sigma is given without flat; give both")
        return self


def read_corrections(path: Path) -> Corrections:
    """Read a file of corrections.

    Parameters
    ----------
    path
        A TOML file with the keys of `CorrectionSpec`.

    Returns
    -------
    Corrections
        With the images that it names.

    Raises
    ------
    BadInput
        When it, or a file that it names, cannot be read or makes no sense.
    """
    spec = validated(CorrectionSpec, read_toml(path), str(path))
    try:
        return Corrections(
            dead_time_s=spec.dead_time_s,
            dead_time_sigma_s=spec.dead_time_sigma_s,
            dark=_dark(spec, path.parent),
            flat=_flat(spec, path.parent),
            polarisation=spec.polarisation,
            polarisation_axis_deg=spec.polarisation_axis_deg,
            scale=Scale(
                factor=spec.scale,
                relative_sigma=math.hypot(spec.scale_sigma / spec.scale, spec.thickness_relative_sigma),
                unit=spec.unit,
            ),
        )
    except BadInput as error:
        raise error.within(str(path)) from None


def _dark(spec: CorrectionSpec, folder: Path) -> DarkRate | DarkFrame | None:
    """The dark counts, as they are stated."""
    if spec.dark_frame is None:
        return None if spec.dark_rate_hz is None else DarkRate(spec.dark_rate_hz, spec.dark_rate_sigma_hz)
    frame = read_frame(folder / spec.dark_frame)
    exposure_s = spec.dark_exposure_s or frame.exposure_s
    return DarkFrame(np.where(frame.mask, -1, frame.counts), exposure_s, source=spec.dark_frame)


def _flat(spec: CorrectionSpec, folder: Path) -> Flat | None:
    """The flat field, if one is stated."""
    if spec.flat is None:
        return None
    sigma = None if spec.flat_sigma is None else _read_image(folder / spec.flat_sigma)
    return Flat(_read_image(folder / spec.flat), sigma, source=spec.flat)


def _read_image(path: Path) -> Floats:
    """Read an image of real numbers: a .npy array, or any format of fabio."""
    if not path.is_file():
        raise BadInput(str(path), "there is no such file", "Check the path")
    try:
        if path.suffix.lower() == ".npy":
            return np.asarray(np.load(path, allow_pickle=False), dtype=np.float64)
        with fabio.open(str(path)) as image:
            return np.asarray(image.data, dtype=np.float64)
    except Exception as error:  # fabio's readers raise whatever a broken file makes them raise
        raise BadInput(
            str(path), f"is not an image that can be read: {error}", "Write it as .npy or EDF"
        ) from error
