"""A device of a categorical axis is given a name, and is believed only when it reads the same name."""

from pathlib import Path

import pytest

from instruments.beamline import Beamline, Tags
from instruments.soft import FileDetector, FileKind, Setting
from models.domain.errors import BeamlineFault
from models.domain.point import Point


class StuckWheel(Setting):
    """A wheel of samples that says it has turned, and has not."""

    def put(self, value, **kwargs):
        super().put("air", **kwargs)


def beamline_with(wheel: Setting, folder: Path) -> Beamline:
    action_id = Setting(name="action_id", value="")

    def take(_action_id: str, _exposure_s: float, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("1 1 1")

    files = FileKind(folder, "frames", ".dat", "CURVE", (3,), "<f8")
    return Beamline(
        axes={"angle": Setting(name="angle", value=0.0), "cell": wheel},
        detector=FileDetector(name="detector", files=files, take=take, action_id=action_id),
        tags=Tags(seq=Setting(name="seq", value=0), action_id=action_id),
        asset_role="curve",
    )


PLACE = Point(coordinates={"angle": 1.5, "cell": "mica"})


def test_a_device_gets_the_name_and_the_exposure_knows_it(start, decide, measure, tmp_path):
    wheel = Setting(name="wheel", value="air")
    exposure = measure(start(beamline_with(wheel, tmp_path)), decide(point=PLACE)).exposure
    assert wheel.get() == "mica"
    assert exposure.point == PLACE


def test_a_device_that_reads_another_name_is_a_fault_and_nothing_is_learned_there(
    start, decide, measure, tmp_path
):
    instrument = start(beamline_with(StuckWheel(name="wheel", value="air"), tmp_path))
    with pytest.raises(BeamlineFault, match="wheel reads 'air', but was set to 'mica'; look at the device"):
        measure(instrument, decide(point=PLACE))
