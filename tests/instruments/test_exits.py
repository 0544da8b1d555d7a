"""What a device raises is its fault, whatever it is; and time in which nobody could act is no fault."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from ophyd import Signal

from instruments.kinds import BuildContext, build_beamline
from instruments.lived_time import GAP_COUNTS_S, LivedTime
from instruments.patience import close_directly
from models.domain.errors import BadInput, BeamlineFault

REPOSITORY = Path(__file__).parents[2]
WARM = {"coordinates": {"temperature": 30.0}}


class OwnExit(BaseException):
    """An exit that somebody thought up himself."""


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise ValueError("not even that")


class Exiting(Signal):
    """A heater that raises what it was given, until it is given nothing."""

    raises: BaseException | None = None

    def set(self, value, **options):
        if self.raises is not None:
            raise self.raises
        return super().set(value, **options)


@pytest.fixture
def heater():
    return Exiting(name="heater", value=20.0)


@pytest.fixture
def stage(beamline, heater):
    return replace(beamline, axes={"temperature": heater}, dispenser=None, changer=None)


@pytest.mark.parametrize("error", [SystemExit(7), KeyboardInterrupt("device"), OwnExit("gone")], ids=repr)
def test_an_exit_that_a_device_asks_for_is_its_fault_and_the_night_goes_on(
    stage, heater, start, decide, error
):
    instrument, begin = start(stage), time.monotonic()
    heater.raises = error
    load = instrument.actions(decide(1, point=WARM))[0]
    with pytest.raises(
        BeamlineFault, match=rf"heater.*: {type(error).__name__}: {error}; look at the device"
    ):
        instrument.perform(load, decide(1, point=WARM))
    assert time.monotonic() - begin < 5.0
    heater.raises = None
    load = instrument.actions(decide(2, point=WARM))[0]
    assert instrument.perform(load, decide(2, point=WARM)).status == "succeeded"


def test_a_detector_whose_thread_asks_for_an_exit_is_a_fault_at_once(
    instrument, beamline, decide, measure, world
):
    def leave(*_, **__):
        raise SystemExit(9)

    usual, world.expose = world.expose, leave
    with pytest.raises(BeamlineFault, match="pilatus failed: RuntimeError: SystemExit: 9"):
        measure(instrument, decide(1))
    assert not beamline.shutter.is_open
    world.expose = usual
    assert measure(instrument, decide(2)).status == "succeeded"


def test_an_error_that_cannot_say_what_it_is_goes_on_record_by_its_type(stage, heater, start, decide):
    heater.raises = Unspeakable()
    instrument, decision = start(stage), decide(1, point=WARM)
    with pytest.raises(BeamlineFault, match=r"Unspeakable: \(it cannot say what\)"):
        instrument.perform(instrument.actions(decision)[0], decision)


ENDED = """
import os, sys, threading, time
from pathlib import Path
from instruments.kinds import BuildContext, build_beamline
from instruments.runner import BlueskyInstrument
from instruments.virtual import build
from models.domain.decision import Decision
from models.domain.errors import BeamlineUnsafe

folder, decision = Path(sys.argv[1]), Decision.model_validate_json(sys.argv[2])
beamline = build_beamline(build, {"time_scale": 1.0}, BuildContext("night", 5, folder))
instrument = BlueskyInstrument(beamline, "night", folder)
prepare, load, expose = instrument.actions(decision)
instrument.perform(prepare, decision)
instrument.perform(load, decision)
loop, begin = instrument._engine.loop, time.monotonic()
threading.Timer(0.5, lambda: loop.call_soon_threadsafe(loop.stop)).start()
try:
    instrument.perform(expose, decision)
except BeamlineUnsafe as error:
    print(time.monotonic() - begin < 10.0, beamline.shutter.get(), error, flush=True)
os._exit(0)
"""


def test_an_engine_whose_thread_has_ended_calls_a_person_and_the_shutter_closes(decide, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", ENDED, str(tmp_path), decide(1, exposure_s=30.0).model_dump_json()],
        cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stdout.startswith("True closed the engine that drives the devices has ended"), done.stderr


@pytest.mark.parametrize("error", [KeyError("closed"), SystemExit(1)], ids=repr)
def test_a_shutter_that_raises_anything_calls_a_person(beamline, start, error):
    shutter = Exiting(name="shutter", value="open")
    shutter.raises = error
    with pytest.raises(BeamlineFault, match="Close it by hand"):
        start(replace(beamline, shutter=shutter)).make_safe()
    with pytest.raises(Exception, match=type(error).__name__ if isinstance(error, SystemExit) else "closed"):
        close_directly(shutter, 1.0)


@pytest.mark.parametrize(
    "error", [RuntimeError("no such crate"), SystemExit(3), Unspeakable()], ids=["e", "x", "u"]
)
def test_devices_that_cannot_be_made_are_bad_input(tmp_path, error):
    def build(options, context):
        raise error

    with pytest.raises(
        BadInput, match=rf"instrument.kind: its devices cannot be made \({type(error).__name__}"
    ):
        build_beamline(build, {}, BuildContext("night", 1, tmp_path), where="instrument")


def test_time_in_which_the_process_was_stopped_is_not_lived_through():
    clock = iter([0.0, 1.0, 2.0, 267.0, 268.0])
    lived = LivedTime(lambda: next(clock))
    assert [lived.s() for _ in range(4)] == [1.0, 2.0, 2.0 + GAP_COUNTS_S, 3.0 + GAP_COUNTS_S]


STOPPED = """
import sys
from dataclasses import replace
from pathlib import Path
from instruments import runner
from instruments.beamline import Timeouts
from instruments.kinds import BuildContext, build_beamline
from instruments.virtual import build
from models.domain.decision import Decision

runner.GRACE_S = 0.0
folder, decision = Path(sys.argv[1]), Decision.model_validate_json(sys.argv[2])
beamline = build_beamline(build, {"time_scale": 1.0}, BuildContext("night", 5, folder))
beamline = replace(beamline, timeouts=Timeouts(move_s=0.5, mix_s=0.5, readout_s=0.5))
instrument = runner.BlueskyInstrument(beamline, "night", folder)
prepare, load, expose = instrument.actions(decision)
instrument.perform(prepare, decision)
instrument.perform(load, decision)
print("exposing", flush=True)
print(instrument.perform(expose, decision).status, flush=True)
"""


def test_a_process_that_was_stopped_for_long_blames_no_device(decide, tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", STOPPED, str(tmp_path), decide(1, exposure_s=1.0).model_dump_json()],
        cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "exposing\n"
    time.sleep(0.4)
    os.kill(process.pid, signal.SIGSTOP)
    time.sleep(7.0)  # more than any wait of the plan, and than all of them together
    os.kill(process.pid, signal.SIGCONT)
    out, err = process.communicate(timeout=30)
    assert out == "succeeded\n", err
