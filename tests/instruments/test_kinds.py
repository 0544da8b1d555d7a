"""Every kind of beamline comes through one door, and a user's own through the same."""

from typing import Any

import pytest
from ophyd import Component, Device, Signal

from instruments.beamline import Beamline
from instruments.kinds import BuildContext, build_beamline
from instruments.soft import FileDetector, FileKind, Setting
from instruments.virtual import build
from models.domain.errors import BadInput


def test_an_axis_without_a_device_is_refused_with_the_devices_there_are(tmp_path):
    context = BuildContext("night", 1, tmp_path, ("surfactant", "temperature"))
    with pytest.raises(
        BadInput, match=r"axis temperature: .*the devices are: surfactant, cosurfactant, water"
    ):
        build_beamline(build, {}, context)


def test_an_unknown_option_is_refused_with_its_key(tmp_path):
    options, context = {"world": {"beem": {}}}, BuildContext("night", 1, tmp_path)
    with pytest.raises(BadInput, match=r"campaign.toml \[instrument\]: world.beem: is not a known key"):
        build_beamline(build, options, context, where="campaign.toml [instrument]")


def test_building_the_virtual_beamline_writes_nothing(tmp_path):
    build_beamline(build, {}, BuildContext("night", 1, tmp_path / "new"))
    assert list(tmp_path.iterdir()) == []


class Heater(Device):
    """A user's motor record: a set point, and a readback that settles a little off."""

    readback = Component(Signal, value=20.0, kind="hinted")

    def set(self, value: float) -> Any:
        self.readback.put(value + 0.01)
        return self.readback.set(value + 0.01)


def make_beamline(options: dict[str, Any], context: BuildContext) -> Beamline:
    """What a user writes in a file of his own."""
    tag = Setting(name="file_name", value="frame")
    files = FileKind(context.folder, "frames", ".txt", "TEXT", (1,), "<i4")

    def take(name: str, exposure_s: float, path: Any) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{name} {exposure_s}")

    return Beamline(
        axes={"temperature": Heater(name=options["name"])},
        detector=FileDetector(name="camera", files=files, take=take, action_id=tag),
    )


def test_a_users_own_devices_measure_without_shutter_tags_or_dispenser(start, decide, measure, tmp_path):
    context = BuildContext("night", 1, tmp_path, ("temperature",))
    beamline = build_beamline(make_beamline, {"name": "heater"}, context)
    report = measure(start(beamline), decide(point={"coordinates": {"temperature": 35.0}}))
    assert report.exposure.point["temperature"] == pytest.approx(35.01), "the readback, not the request"
    assert report.exposure.monitor is None
    assert report.exposure.assets[0].path == str(tmp_path / "frames" / "frame.txt")


def test_the_virtual_kind_has_the_shape_that_the_loop_asks_for(instrument):
    for door in ("actions", "perform", "reconcile", "make_safe"):
        assert callable(getattr(instrument, door))
