"""The virtual scanning beamline: a stage with motors that take their time, a hidden slice in the beam."""

from typing import Self

from pydantic import Field, model_validator

from instruments.beamline import Beamline, Tags, Timeouts
from instruments.kinds import BuildContext
from instruments.virtual_beam import MeasurableWorld
from instruments.virtual_hall import Hall
from instruments.virtual_stage import StageMotor, longest_s
from models.domain.frozen import Frozen
from models.domain.motion import Motion
from sims.specimen_world import AXES, ScanWorld, ScanWorldSpec


class Options(Frozen):
    """Keys of ``[instrument]`` with ``kind = "virtual_scan"``."""

    world: ScanWorldSpec = ScanWorldSpec()
    """The hidden slice and the beamline around it."""
    motion: Motion = Motion(velocity=1.0, acceleration=5.0, settle_s=0.2)
    """How either motor moves: mm/s, mm/s^2, s."""
    low_mm: float = -4.0
    """Lowest position of either motor, mm."""
    high_mm: float = 4.0
    """Highest position of either motor, mm."""
    time_scale: float = Field(default=0.0, ge=0)
    """Wall-clock seconds per second of motion and exposure; 0 does not wait at all."""
    move_timeout_s: float = Field(default=2.0, gt=0)
    """What a motion may take beyond its own time before it is a fault, s."""

    @model_validator(mode="after")
    def _the_stage_can_move(self) -> Self:
        if self.high_mm <= self.low_mm:
            raise ValueError(f"high_mm = {self.high_mm:g} is not above low_mm = {self.low_mm:g}; raise it")
        return self


def build(options: Options, context: BuildContext) -> Beamline:
    """The virtual scanning beamline.

    Parameters
    ----------
    options
        Keys of ``[instrument]``.
    context
        What it is told about the campaign; `seed` seeds the world.
    """
    return beamline_around(ScanWorld(options.world, context.seed), options, context)


def beamline_around(world: MeasurableWorld, options: Options, context: BuildContext) -> Beamline:
    """A stage and a detector around any world of places that can be exposed."""
    folder = context.folder.resolve()
    hall = Hall(world, folder, options.time_scale)

    motors = {
        axis: StageMotor(
            name=f"stage_{axis}",
            limits=(options.low_mm, options.high_mm),
            motion=options.motion,
            is_stuck=hall.is_stuck,
            clock=hall.clock,
        )
        for axis in AXES
    }

    def place() -> dict[str, float]:
        return {axis: float(motor.get()) for axis, motor in motors.items()}

    def named() -> str:
        return " ".join(f"{axis}={value:.4f}" for axis, value in place().items())

    detector = hall.detector(place, named)
    longest_move_s = longest_s(motors.values()) * options.time_scale + options.move_timeout_s
    return Beamline(
        axes=motors,
        detector=detector,
        count_time=detector.count_time,
        shutter=hall.shutter,
        monitor=hall.monitor,
        transmission=hall.diode,
        units=dict.fromkeys(AXES, "mm"),
        motions={axis: motor.motion for axis, motor in motors.items()},
        frame_shape=world.station.geometry.shape,
        adjusters=hall.adjusters(),
        tags=Tags(seq=hall.seq, action_id=hall.action_id),
        clock=hall.clock,
        is_time_simulated=True,
        name=f"virtual_scan {folder.name}",
        timeouts=Timeouts(move_s=longest_move_s),
    )
