"""What breaks is told in one sentence, in bounded time, and leaves the beamline safe and usable."""

import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from ophyd import Signal, SoftPositioner
from ophyd.status import Status

from instruments.beamline import unreachable_devices
from models.domain.errors import BeamlineFault, BeamlineUnsafe, LogUnavailable, UnreachablePoint

REPOSITORY = Path(__file__).parents[2]


def test_a_stuck_motor_is_a_fault_in_bounded_time_that_names_the_motor(instrument, decide, measure, world):
    world.faults[2] = "stuck_motor"
    begin = time.monotonic()
    with pytest.raises(BeamlineFault, match=r"changer \(to S2\) not done within 0.3 s"):
        measure(instrument, decide(2))
    assert time.monotonic() - begin < 2.0


def test_the_beamline_goes_on_after_a_stuck_motor(instrument, decide, measure, world):
    world.faults[2] = "stuck_motor"
    with pytest.raises(BeamlineFault):
        measure(instrument, decide(2))
    assert measure(instrument, decide(3)).exposure.seq == 3


def test_the_shutter_is_closed_after_a_detector_fails(instrument, beamline, decide, measure, world):
    world.faults[1] = "broken"
    words = []
    beamline.shutter.subscribe(lambda value, **_: words.append(value), run=False)
    with pytest.raises(BeamlineFault, match="pilatus failed: RuntimeError: the detector lost its connection"):
        measure(instrument, decide(1))
    assert words[0] == "open"
    assert not beamline.shutter.is_open
    assert measure(instrument, decide(2)).status == "succeeded"


def test_a_detector_that_never_ends_is_a_fault_and_the_shutter_closes(beamline, start, decide, measure):
    beamline.detector.trigger = lambda: Status(beamline.detector)
    with pytest.raises(BeamlineFault, match=r"pilatus not done within 0.6 s"):
        measure(start(beamline), decide(exposure_s=0.1))
    assert not beamline.shutter.is_open


def test_a_late_frame_does_not_lend_its_documents_to_the_next(beamline, start, decide, measure, world):
    slow = world.expose

    def sometimes_slow(composition, *, seq, exposure_s, stand):
        if seq == 1:
            time.sleep(1.0)
        return slow(composition, seq=seq, exposure_s=exposure_s, stand=stand)

    world.expose = sometimes_slow
    instrument = start(beamline)
    with pytest.raises(BeamlineFault):
        measure(instrument, decide(1, exposure_s=0.1))
    assert measure(instrument, decide(2)).exposure.assets[0].path.endswith("night-00002-3expose-1.h5")
    time.sleep(0.7)
    assert measure(instrument, decide(3)).exposure.assets[0].path.endswith("night-00003-3expose-1.h5")


def test_a_monitor_that_reads_nan_is_a_fault_and_its_frame_is_named(instrument, decide, world):
    world.faults[1] = "nan"
    decision = decide(1)
    *before, expose = instrument.actions(decision)
    for action in before:
        instrument.perform(action, decision)
    with pytest.raises(BeamlineFault, match="monitor reads nan"):
        instrument.perform(expose, decision)

    report = instrument.reconcile(expose, decision)
    assert report.status == "failed"
    assert [asset.role for asset in report.assets] == ["abandoned"]


def test_fractions_that_do_not_sum_to_one_are_unreachable(instrument, decide, measure, world):
    point = {"coordinates": {"surfactant": 0.5, "cosurfactant": 0.5, "water": 0.5}}
    with pytest.raises(UnreachablePoint, match=r"= 1.5, the fractions must sum to 1"):
        measure(instrument, decide(point=point))
    assert world.shots == []


def test_a_negative_fraction_is_unreachable(instrument, decide, measure):
    point = {"coordinates": {"surfactant": -0.1, "cosurfactant": 0.4, "water": 0.7}}
    with pytest.raises(UnreachablePoint, match=r"dispenser_surfactant = -0.1 is outside 0 to 1"):
        measure(instrument, decide(point=point))


class FailingMotor(Signal):
    def set(self, value, **_):
        status = Status(self)
        status.set_exception(OSError("no answer from the controller"))
        return status


def with_axis(beamline, motor):
    return replace(beamline, axes={"temperature": motor}, dispenser=None, changer=None)


def test_a_soft_limit_is_an_unreachable_point(beamline, start, decide, measure):
    stage = with_axis(beamline, SoftPositioner(name="heater", limits=(0, 40), init_pos=20.0))
    stage = replace(stage, units={"temperature": "degC"})
    with pytest.raises(
        UnreachablePoint, match=r"heater \(to 90 degC\): position=90.0 not within limits \(0, 40\)"
    ):
        measure(start(stage), decide(point={"coordinates": {"temperature": 90.0}}))


def test_a_failed_status_is_a_fault_with_the_devices_own_words(beamline, start, decide, measure):
    stage = with_axis(beamline, FailingMotor(name="heater", value=20.0))
    with pytest.raises(
        BeamlineFault, match=r"heater \(to 90\) failed: OSError: no answer from the controller"
    ):
        measure(start(stage), decide(point={"coordinates": {"temperature": 90.0}}))


def test_a_shutter_that_does_not_close_calls_a_person(beamline, start, decide, measure):
    class Jammed(Signal):
        def set(self, value, **_):
            status = Status(self)
            if value == "open":
                status.set_finished()
            return status

    jammed = replace(beamline, shutter=Jammed(name="shutter", value="closed"))
    with pytest.raises(BeamlineUnsafe, match="Close it by hand"):
        measure(start(jammed), decide())


def test_make_safe_closes_an_open_shutter(instrument, beamline):
    beamline.shutter.set("open")
    instrument.make_safe()
    assert not beamline.shutter.is_open


def test_documents_that_cannot_be_written_stop_before_the_shutter_opens(
    instrument, beamline, decide, measure, tmp_path
):
    (tmp_path / "documents").write_text("a file where a folder should be")
    words = []
    beamline.shutter.subscribe(lambda value, **_: words.append(value), run=False)
    with pytest.raises(LogUnavailable, match="the start document cannot be written"):
        measure(instrument, decide())
    assert "open" not in words


def test_whatever_a_device_raises_is_its_fault_and_ends_no_night(beamline, start, decide, measure):
    beamline.detector.trigger = lambda: {}["no such key"]
    with pytest.raises(BeamlineFault, match="KeyError: 'no such key'"):
        measure(start(beamline), decide())
    assert not beamline.shutter.is_open


def test_devices_that_do_not_answer_are_named(beamline):
    def never(timeout):
        raise TimeoutError

    deaf = SimpleNamespace(name="diode", wait_for_connection=never)
    assert unreachable_devices(beamline, 1.0) == ()
    assert unreachable_devices(replace(beamline, transmission=deaf), 1.0) == ("diode (transmission)",)


def test_a_pause_that_nobody_resumes_is_a_fault_and_the_engine_stays_usable(
    instrument, beamline, decide, measure, world
):
    usual = world.expose

    def slow(composition, *, seq, exposure_s, stand):
        time.sleep(0.3)
        return usual(composition, seq=seq, exposure_s=exposure_s, stand=stand)

    world.expose = slow
    threading.Timer(0.15, instrument._engine.request_pause).start()
    with pytest.raises(BeamlineFault, match="expose for decision 1"):
        measure(instrument, decide(1))
    assert not beamline.shutter.is_open
    assert measure(instrument, decide(2)).status == "succeeded"


INTERRUPTED = """
import signal, sys, threading, os
from pathlib import Path
from instruments.kinds import BuildContext, build_beamline
from instruments.runner import BlueskyInstrument
from instruments.virtual import build
from models.domain.decision import Decision

signal.signal(signal.SIGINT, signal.default_int_handler)
folder, decision = Path(sys.argv[1]), Decision.model_validate_json(sys.argv[2])
beamline = build_beamline(build, {"time_scale": 0.5}, BuildContext("night", 5, folder))
instrument = BlueskyInstrument(beamline, "night", folder)
prepare, load, expose = instrument.actions(decision)
instrument.perform(prepare, decision)
instrument.perform(load, decision)
threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    instrument.perform(expose, decision)
except KeyboardInterrupt:
    print(instrument.reconcile(expose, decision).status, beamline.shutter.get())
"""


def test_ctrl_c_aborts_the_exposure_and_closes_the_shutter(decide, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, str(tmp_path), decide(1).model_dump_json()],
        cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stdout.split() == ["failed", "closed"], done.stderr
