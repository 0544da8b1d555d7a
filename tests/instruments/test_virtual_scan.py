"""The virtual stage: motors take their time, a stuck one is a fault, a place beyond the rails is refused."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from instruments.kinds import BuildContext, build_beamline
from instruments.runner import BlueskyInstrument
from instruments.virtual_scan import Options, beamline_around, build
from models.domain.action import ActionReport
from models.domain.decision import Decision, Reason
from models.domain.errors import BadInput, BeamlineFault, UnreachablePoint
from models.domain.geometry import Geometry
from models.domain.motion import Motion, journey_s
from models.domain.space import Point

GEOMETRY = Geometry(
    distance_mm=1500, beam_column_px=15, beam_row_px=20, pixel_width_um=172, pixel_height_um=172,
    wavelength_nm=0.1, n_rows=40, n_columns=30,
)  # fmt: skip
QUICK = Motion(velocity=1.0, acceleration=10.0, settle_s=0.05)


@dataclass
class SmallSlice:
    """A detector of 40 x 30 pixels that remembers which places it saw."""

    stuck: frozenset[int] = frozenset()
    geometry: Geometry = GEOMETRY
    saturation_counts: int = 1000
    thickness_mm: float = 0.1
    places: list[tuple[int, dict[str, float]]] = field(default_factory=list)

    @property
    def station(self) -> Any:
        return self

    @property
    def stations(self) -> dict[str, Any]:
        return {"standard": self}

    @property
    def pixel_mask(self) -> np.ndarray:
        return np.zeros(GEOMETRY.shape, bool)

    def fault(self, seq: int) -> Any:
        return SimpleNamespace(kind="stuck_motor") if seq in self.stuck else None

    def expose(self, place: dict[str, float], *, seq: int, exposure_s: float, stand: Any) -> Any:
        self.places.append((seq, place))
        counts = np.full(GEOMETRY.shape, 7, np.int32)
        return SimpleNamespace(
            counts=counts,
            monitor=1e5 * exposure_s,
            transmission=0.9,
            transmission_sigma=0.002,
            photons=0.0,
            taken_s=None,
        )


def decision(seq: int, x: float, y: float) -> Decision:
    return Decision(
        seq=seq, kind="suggest", point=Point(coordinates={"x": x, "y": y}), exposure_s=0.2,
        reason=Reason(code="test", sentence="A test asked for it."),
    )  # fmt: skip


Start = Callable[..., BlueskyInstrument]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[BlueskyInstrument] = []

    def begin(world: SmallSlice, **options: Any) -> BlueskyInstrument:
        beamline = beamline_around(world, Options(**options), BuildContext("scan", 1, tmp_path))
        started.append(BlueskyInstrument(beamline, "scan", tmp_path))
        return started[-1]

    yield begin
    for instrument in started:
        instrument.close()


def measure(instrument: BlueskyInstrument, asked: Decision) -> ActionReport:
    return [instrument.perform(action, asked) for action in instrument.actions(asked)][-1]


def test_a_place_is_brought_into_the_beam_and_exposed(start: Start) -> None:
    world = SmallSlice()
    instrument = start(world)
    exposure = measure(instrument, decision(3, -0.7, 1.1)).exposure
    assert world.places == [(3, {"x": -0.7, "y": 1.1})]
    assert exposure is not None
    assert exposure.point.coordinates == {"x": -0.7, "y": 1.1}
    assert [asset.role for asset in exposure.assets] == ["frame"]


def test_a_scan_loads_and_exposes_and_prepares_nothing(start: Start) -> None:
    actions = start(SmallSlice()).actions(decision(1, 0, 0))
    assert [(action.kind, action.action_class) for action in actions] == [
        ("load", "idempotent"), ("expose", "verify_then_retry"),
    ]  # fmt: skip


def test_travel_costs_the_time_that_the_motors_settings_say(start: Start) -> None:
    instrument = start(SmallSlice(), motion=QUICK, time_scale=1.0)
    took: list[float] = []
    for seq, x in enumerate((0.0, 0.4, 0.4), start=1):
        asked = decision(seq, x, 0.1)
        (load, _) = instrument.actions(asked)
        began = time.monotonic()
        instrument.perform(load, asked)
        took.append(time.monotonic() - began)
    expected = [QUICK.travel_s(0.1), QUICK.travel_s(0.4), 0.0]
    for measured_s, expected_s in zip(took, expected, strict=True):
        assert expected_s <= measured_s < expected_s + 0.25


def test_both_motors_set_off_together(start: Start) -> None:
    instrument = start(SmallSlice(), motion=QUICK, time_scale=1.0)
    asked = decision(1, 0.4, -0.4)
    (load, _) = instrument.actions(asked)
    began = time.monotonic()
    instrument.perform(load, asked)
    one, both = QUICK.travel_s(0.4), time.monotonic() - began
    assert one <= both < 1.6 * one


def test_time_that_is_not_waited_for_is_no_time(start: Start) -> None:
    instrument = start(SmallSlice(), time_scale=0.0)
    began = time.monotonic()
    measure(instrument, decision(1, 3.9, -3.9))
    assert time.monotonic() - began < 1.0


def test_a_stuck_motor_is_a_fault_that_names_it_and_the_next_move_works(start: Start) -> None:
    instrument = start(SmallSlice(stuck=frozenset({1})), move_timeout_s=0.2)
    with pytest.raises(BeamlineFault, match=r"stage_x \(to 1 mm\).* not done within 0\.2 s"):
        measure(instrument, decision(1, 1.0, 1.0))
    assert measure(instrument, decision(2, 1.0, 1.0)).status == "succeeded"


def test_a_motion_that_was_given_up_does_not_put_the_stage_back(start: Start) -> None:
    instrument = start(SmallSlice(), motion=QUICK, time_scale=1.0)
    stage = instrument._beamline.axes["x"]
    stage.set(0.3)
    stage.set(0.0)
    time.sleep(QUICK.travel_s(0.3) + 0.1)
    assert stage.get() == 0.0


def test_a_place_beyond_the_rails_is_refused_with_the_limits(start: Start) -> None:
    instrument = start(SmallSlice(), low_mm=-1.0, high_mm=1.0)
    with pytest.raises(UnreachablePoint, match=r"stage_x = 1\.5 mm is outside -1 to 1 mm; choose a place"):
        measure(instrument, decision(1, 1.5, 0.0))


def test_the_beamline_says_how_its_axes_move(tmp_path: Path) -> None:
    beamline = build(Options(motion=QUICK), BuildContext("scan", 1, tmp_path, axes=("x", "y")))
    assert beamline.motions == {"x": QUICK, "y": QUICK}
    assert journey_s(beamline.motions, {"x": 0, "y": 0}, {"x": 1, "y": 2}) == QUICK.travel_s(2)
    assert beamline.frame_shape == (1043, 981)


def test_rails_of_no_length_and_strange_axes_are_refused(tmp_path: Path) -> None:
    context = BuildContext("scan", 1, tmp_path, axes=("x", "y"))
    with pytest.raises(BadInput, match=r"high_mm = -5 is not above low_mm = -4"):
        build_beamline(build, {"high_mm": -5.0}, context)
    with pytest.raises(BadInput, match=r"motion\.velocity"):
        build_beamline(build, {"motion": {"velocity": 0.0}}, context)
    with pytest.raises(BadInput, match=r"axis z.*the devices are: x, y"):
        build_beamline(build, {}, BuildContext("scan", 1, tmp_path, axes=("z",)))
