"""One's own devices on axes of every kind, and one's own word on which points can be had."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from ophyd import SoftPositioner

from instruments.beamline import Beamline, Tags
from instruments.kinds import BuildContext
from instruments.soft import FileDetector, FileKind, Setting, Shutter
from models.domain.scattering import Curve
from models.saxs.curve_files import write_curve

SWELLING_NM = {"kapton": 0.0, "mica": 0.4, "glass": 0.9}
"""How much larger the particles are in each cell."""


def can_be_had(point: Mapping[str, float | str]) -> bool | str:
    """Which points the stock allows."""
    if point["cell"] == "glass" and float(point["layers"]) > 2:
        return "only two glass cells are left"
    return True


def make_beamline(options: dict[str, Any], context: BuildContext) -> Beamline:
    """Put the devices together: motors take numbers, the wheel of cells takes a name."""
    del options
    motors = {name: SoftPositioner(name=name, init_pos=0.0) for name in ("x", "y", "layers", "pinhole")}
    wheel, action_id = Setting(name="cell", value="none"), Setting(name="action_id", value="")

    def take(_action_id: str, exposure_s: float, path: Path) -> None:
        """Measure one curve and write it. Here: particles that grow from left to right."""
        q = np.linspace(0.05, 3.0, 300)
        radius = 2.0 + 0.05 * motors["x"].position + SWELLING_NM[str(wheel.get())]
        flux = 1e5 * exposure_s * motors["layers"].position * motors["pinhole"].position
        counts = flux * np.exp(-((q * radius) ** 2) / 5.0) + 20.0
        measured = np.random.default_rng(context.seed).poisson(counts).astype(float)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_curve(path, Curve(q, measured - 20.0, np.sqrt(measured + 1.0), "a.u.", source=str(path)))

    files = FileKind(context.folder, "frames", ".dat", "CURVE", (300,), "<f8")
    detector = FileDetector(name="detector", files=files, take=take, action_id=action_id)
    return Beamline(
        axes={**motors, "cell": wheel},
        detector=detector,
        count_time=detector.count_time,
        shutter=Shutter(name="shutter"),
        tags=Tags(seq=Setting(name="seq", value=0), action_id=action_id),
        asset_role="curve",
    )
