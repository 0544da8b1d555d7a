"""Frames of the virtual beamline, clean and struck by faults, each judged by what came before it."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.fault_sizes import FINDS
from benchmarks.task import Task
from models.domain.action import Exposure
from models.domain.decision import Decision, Reason
from models.domain.history import History, Observation
from models.domain.point import Point
from models.domain.scattering import Frame, Verdict
from models.saxs.checks.catalogue import check_frame
from models.saxs.checks.census import take_census
from models.saxs.checks.check import Subject
from models.saxs.checks.earlier import look_back
from models.saxs.checks.trace import Trace, trace_of
from sims.beam import BeamSpec
from sims.faults import Fault, FaultKind
from sims.world import World, WorldSpec

SEED = 20_261_127
N_REPEATS = 3
"""Frames of each sample."""
N_SAMPLES = 1
"""Samples between two blanks: some checks are for blanks alone."""
EXPOSURES_S = (0.1, 0.3, 1.0, 3.0)
WINDOW_INV_NM = (0.08, 4.0)
WATER = {"surfactant": 0.0, "cosurfactant": 0.0, "water": 1.0}
CALM = BeamSpec(top_up_h=0.1)
"""Topped up every 6 minutes, by 1.7 %: a larger step is one that `flux` should tell."""
OF_BLANKS = ("carry_over", "gain")
"""Faults that are looked for in blanks."""


class StruckWorld(World):
    """A world in which the fault at hand strikes every exposure."""

    struck: Fault | None = None

    def fault(self, seq: int) -> Fault | None:
        """The fault at hand."""
        return self.struck


@dataclass(frozen=True, eq=False)
class Shot:
    """A frame with the record of its exposure."""

    exposure: Exposure
    frame: Frame


class Night:
    """A run of frames, each judged by what came before it, as a campaign judges them."""

    def __init__(self) -> None:
        """Nothing has been measured."""
        self.world = StruckWorld(WorldSpec(beam=CALM), SEED)
        self.history = History()
        self.traces: dict[int, Trace] = {}
        self.blank: Shot | None = None

    def expose(self, mixture: Mapping[str, float], exposure_s: float) -> Shot:
        """Take the frame that comes next."""
        seq = self.history.next_seq
        shot = self.world.expose(mixture, seq=seq, exposure_s=exposure_s)
        frame = Frame(
            counts=shot.counts, mask=self.world.station.pixel_mask, exposure_s=exposure_s,
            monitor=shot.monitor, transmission=shot.transmission, transmission_sigma=shot.transmission_sigma,
            thickness_mm=self.world.thickness_mm,
            saturation_counts=float(self.world.station.saturation_counts), taken_s=shot.taken_s,
        )  # fmt: skip
        exposure = Exposure(
            seq=seq, action_id=f"a{seq}", run_uid="", point=Point(coordinates=dict(mixture)),
            exposure_s=exposure_s, monitor=shot.monitor if math.isfinite(shot.monitor) else None,
            transmission=shot.transmission, transmission_sigma=shot.transmission_sigma, assets=(),
        )  # fmt: skip
        return Shot(exposure, frame)

    def subject(self, shot: Shot, *, is_blank: bool) -> Subject:
        """A frame and what it is held against."""
        earlier = look_back(self.history, shot.exposure, lambda one: self.traces.get(one.seq))
        blank = self.blank
        if is_blank:
            earlier = replace(earlier, is_blank=True, blank=earlier.series[-1] if earlier.series else None)
        elif blank is not None:
            earlier = replace(earlier, blank=self.traces[blank.exposure.seq])
        geometry = self.world.station.geometry
        if self.world.struck is not None and self.world.struck.kind == "wrong_pixels":
            geometry = geometry.model_copy(update={"pixel_width_um": 75.0, "pixel_height_um": 75.0})
        empty = None if is_blank or blank is None else blank.frame
        return Subject(shot.frame, geometry, empty, earlier, window_inv_nm=WINDOW_INV_NM)

    def learn(self, shot: Shot, verdicts: tuple[Verdict, ...], *, is_blank: bool) -> None:
        """Put a frame on record."""
        seq, point = shot.exposure.seq, shot.exposure.point
        decision = Decision(
            seq=seq, kind="blank" if is_blank else "suggest", point=point,
            reason=Reason(code="night", sentence="It comes next."), watermark=seq - 1,
        )  # fmt: skip
        is_accepted = not any(verdict.is_refusal for verdict in verdicts)
        seen = Observation(seq=seq, is_accepted=is_accepted, verdicts=verdicts)
        self.history = self.history.plus(decision).plus(shot.exposure).plus(seen)
        census = self.subject(shot, is_blank=is_blank).census
        if census is not None:
            self.traces[seq] = trace_of(shot.frame, census)
        if is_blank and is_accepted:
            self.blank = shot

    def beside(self, blank: Shot) -> "Night":
        """The same night with another blank."""
        other = copy(self)
        other.blank = blank
        other.traces = self.traces | {
            blank.exposure.seq: trace_of(blank.frame, take_census(blank.frame, self.world.station.geometry))
        }
        return other

    def measure(
        self, mixture: Mapping[str, float], exposure_s: float, *, is_blank: bool
    ) -> tuple[Verdict, ...]:
        """Take a frame, judge it and put it on record."""
        shot = self.expose(mixture, exposure_s)
        verdicts = check_frame(self.subject(shot, is_blank=is_blank))
        self.learn(shot, verdicts, is_blank=is_blank)
        return verdicts


def run_clean(task: Task, n_frames: int) -> tuple[dict[str, int], dict[str, int]]:
    """How often each check was made on a clean frame, and how often it failed."""
    night, made, false = Night(), defaultdict[str, int](int), defaultdict[str, int](int)
    order = iter(_plan(np.random.default_rng(SEED), n_frames))
    for _ in task.track(range(n_frames), "clean frames"):
        mixture, exposure_s = next(order)
        for verdict in night.measure(mixture, exposure_s, is_blank=mixture is WATER):
            made[verdict.check] += 1
            false[verdict.check] += not verdict.is_ok
    return made, false


def _plan(rng: np.random.Generator, n_frames: int) -> Iterator[tuple[Mapping[str, float], float]]:
    """A blank, a few samples with repeats, a blank, and so on."""
    for _ in range(n_frames):
        yield WATER, 1.0
        for _ in range(N_SAMPLES):
            mixture, exposure_s = _mixture(rng), float(rng.choice(EXPOSURES_S))
            for _ in range(N_REPEATS):
                yield mixture, exposure_s


def _mixture(rng: np.random.Generator) -> dict[str, float]:
    surfactant, cosurfactant = rng.uniform(0.02, 0.4), rng.uniform(0.0, 0.3)
    return {
        "surfactant": surfactant, "cosurfactant": cosurfactant, "water": 1 - surfactant - cosurfactant,
    }  # fmt: skip


def run_faulty(task: Task, n_sizes: int) -> dict[FaultKind, list[tuple[float, bool]]]:
    """Severity of each fault that was made, and whether its check failed."""
    rng, found = np.random.default_rng(SEED + 1), defaultdict[FaultKind, list[tuple[float, bool]]](list)
    steps: list[tuple[FaultKind, int]] = [(kind, size) for size in range(n_sizes) for kind in FINDS]
    night = Night()
    for kind, size in task.track(steps, "faulty frames"):
        if kind == next(iter(FINDS)):
            night, mixture = _prepared(rng), _mixture(rng)
            for _ in range(N_REPEATS):
                night.measure(mixture, 1.0, is_blank=False)
        severity = (size + float(rng.random())) / n_sizes
        verdicts = check_frame(expose_struck(night, Fault(kind, severity)))
        is_found = any(verdict.check == FINDS[kind] and not verdict.is_ok for verdict in verdicts)
        found[kind].append((severity, is_found))
    return found


def _prepared(rng: np.random.Generator) -> Night:
    """A night with a blank, at another time than all others."""
    night = Night()
    night.world.seed = night.world.station.seed = int(rng.integers(2**31))
    night.measure(WATER, 1.0, is_blank=True)
    return night


def expose_struck(night: Night, fault: Fault) -> Subject:
    """The next frame under a fault, and what it is held against; it does not go on record."""
    is_blank = fault.kind in OF_BLANKS
    mixture = WATER if is_blank else night.history.exposures[-1].point.numbers
    night.world.struck = fault
    if fault.kind == "parasitic":  # slits that have moved are on the blank as well
        night = night.beside(night.expose(WATER, 1.0))
    shot = night.expose(mixture, 1.0)
    subject = night.subject(shot, is_blank=is_blank)
    night.world.struck = None
    if fault.kind == "stale_frame":
        stale = night.world.expose(mixture, seq=shot.exposure.seq - 1, exposure_s=1.0)
        subject = replace(subject, frame=replace(shot.frame, counts=stale.counts))
    return subject


def ready_to_judge() -> tuple[Night, Shot]:
    """A night with a blank and repeats of one sample on record, and the next frame of it."""
    night, mixture = Night(), _mixture(np.random.default_rng(SEED))
    night.measure(WATER, 1.0, is_blank=True)
    for _ in range(N_REPEATS):
        night.measure(mixture, 1.0, is_blank=False)
    return night, night.expose(mixture, 1.0)
