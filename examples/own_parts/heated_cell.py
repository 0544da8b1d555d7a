"""One's own devices: a heated cell in front of a detector whose software writes curves."""

from pathlib import Path

import numpy as np
from ophyd import SoftPositioner
from pydantic import BaseModel

from instruments.beamline import Beamline, Tags
from instruments.kinds import BuildContext
from instruments.soft import FileDetector, FileKind, Setting, Shutter
from models.domain.scattering import Curve
from models.saxs.curve_files import write_curve


class Options(BaseModel):
    """Keys of [instrument] in the campaign file, checked before anything moves."""

    start_c: float = 20.0
    """Temperature of the cell at the start, degrees Celsius."""


def make_beamline(options: Options, context: BuildContext) -> Beamline:
    """Put the devices together. At a real beamline: EpicsMotor, an area detector, a shutter record."""
    temperature = SoftPositioner(name="temperature", limits=(5.0, 95.0), egu="degC", init_pos=options.start_c)
    action_id = Setting(name="action_id", value="")

    def take(_action_id: str, exposure_s: float, path: Path) -> None:
        """Measure one curve and write it. Here: micelles that shrink when they are heated, then grow."""
        q = np.linspace(0.05, 3.0, 300)
        radius = 3.0 + 0.0006 * (temperature.position - 55.0) ** 2
        counts = 1e5 * exposure_s * np.exp(-((q * radius) ** 2) / 5.0) + 20.0
        noise = np.random.default_rng(context.seed + int(10 * temperature.position))
        measured = noise.poisson(counts).astype(float)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_curve(path, Curve(q, measured - 20.0, np.sqrt(measured + 1.0), "a.u.", source=str(path)))

    files = FileKind(context.folder, "frames", ".dat", "CURVE", (300,), "<f8")
    detector = FileDetector(name="detector", files=files, take=take, action_id=action_id)
    return Beamline(
        axes={"temperature": temperature},
        detector=detector,
        count_time=detector.count_time,
        shutter=Shutter(name="shutter"),
        tags=Tags(seq=Setting(name="seq", value=0), action_id=action_id),
        asset_role="curve",
    )
