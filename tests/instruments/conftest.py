"""A small world, decisions and instruments that the tests of this room share."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from instruments.beamline import Beamline, Timeouts
from instruments.kinds import BuildContext
from instruments.runner import BlueskyInstrument
from instruments.virtual import Options, beamline_around
from models.domain.action import ActionReport
from models.domain.decision import Decision, Reason
from models.domain.geometry import Geometry
from models.domain.space import Point

CAMPAIGN = "night"
MIXTURE = {"surfactant": 0.2, "cosurfactant": 0.1, "water": 0.7}


GEOMETRY = Geometry(
    distance_mm=1500, beam_column_px=15, beam_row_px=20, pixel_width_um=172, pixel_height_um=172,
    wavelength_nm=0.1, n_rows=40, n_columns=30, detector="Pilatus 1M",
)  # fmt: skip


@dataclass
class SmallWorld:
    """A detector of 40 x 30 pixels whose counts tell the composition; faults are listed."""

    geometry: Geometry = GEOMETRY
    saturation_counts: int = 1000
    thickness_mm: float = 1.5
    faults: dict[int, str] = field(default_factory=dict)
    shots: list[tuple[int, dict[str, float]]] = field(default_factory=list)

    @property
    def station(self) -> Any:
        return self

    @property
    def stations(self) -> dict[str, Any]:
        return {"standard": self}

    @property
    def pixel_mask(self) -> np.ndarray:
        mask = np.zeros(self.geometry.shape, bool)
        mask[:, 10:12] = True
        return mask

    def fault(self, seq: int) -> Any:
        return SimpleNamespace(kind=self.faults[seq]) if seq in self.faults else None

    def expose(self, composition: dict[str, float], *, seq: int, exposure_s: float, stand: Any) -> Any:
        self.shots.append((seq, dict(composition)))
        kind = self.faults.get(seq)
        if kind == "broken":
            raise RuntimeError("the detector lost its connection")
        counts = np.full(self.geometry.shape, round(1000 * composition["surfactant"]), np.int32)
        counts[self.pixel_mask] = -1
        monitor = float("nan") if kind == "nan" else 1e5 * exposure_s
        return SimpleNamespace(
            counts=counts,
            monitor=monitor,
            transmission=0.8,
            transmission_sigma=0.002,
            photons=0.0,
            taken_s=None,
        )


@pytest.fixture
def world() -> SmallWorld:
    return SmallWorld()


@pytest.fixture
def beamline(world: SmallWorld, tmp_path: Path) -> Beamline:
    """The virtual beamline around the small world, quick to call a device stuck."""
    around = beamline_around(world, Options(), BuildContext(CAMPAIGN, 1, tmp_path))
    return replace(around, timeouts=Timeouts(move_s=0.3, mix_s=0.5, readout_s=0.5))


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[Beamline], BlueskyInstrument]]:
    """Makes instruments in the test's folder and closes them at the end."""
    started: list[BlueskyInstrument] = []

    def begin(beamline: Beamline) -> BlueskyInstrument:
        started.append(BlueskyInstrument(beamline, CAMPAIGN, tmp_path))
        return started[-1]

    yield begin
    for instrument in started:
        instrument.close()


@pytest.fixture
def instrument(beamline: Beamline, start: Callable[[Beamline], BlueskyInstrument]) -> BlueskyInstrument:
    return start(beamline)


@pytest.fixture
def decide() -> Callable[..., Decision]:
    """Makes a decision to measure the usual mixture."""

    def make(seq: int = 1, **changes: Any) -> Decision:
        usual = {
            "seq": seq,
            "kind": "suggest",
            "point": Point(coordinates=MIXTURE),
            "reason": Reason(code="test", sentence="A test asked for it."),
            "exposure_s": 2.0,
        }
        return Decision.model_validate(usual | changes)

    return make


@pytest.fixture
def measure() -> Callable[[BlueskyInstrument, Decision], ActionReport]:
    """Carries out all actions of a decision and returns the last report."""

    def carry_out(instrument: BlueskyInstrument, decision: Decision) -> ActionReport:
        return [instrument.perform(action, decision) for action in instrument.actions(decision)][-1]

    return carry_out
