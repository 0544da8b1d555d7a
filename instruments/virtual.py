"""The virtual formulation beamline: real ophyd devices, a hidden truth behind them."""

from pydantic import Field

from instruments.beamline import Beamline, Tags, Timeouts
from instruments.evidence import FRAMES
from instruments.kinds import BuildContext
from instruments.soft import FileDetector, FileKind, Setting, Shutter
from instruments.virtual_beam import Diode, MeasurableWorld, VirtualBeam
from instruments.virtual_sample import JOURNAL, Journal, SoftTags, VialChanger, VirtualDispenser
from models.domain.frozen import Frozen
from sims.world import World, WorldSpec

COMPONENTS = ("surfactant", "cosurfactant", "water")
"""What the dispenser holds; the campaign's axes, fractions that sum to 1."""


class Options(Frozen):
    """Keys of ``[instrument]`` with ``kind = "virtual"``."""

    world: WorldSpec = WorldSpec()
    """The hidden truth."""
    mix_s: float = Field(default=0.0, ge=0)
    """How long the dispenser takes for one mix, s."""
    time_scale: float = Field(default=0.0, ge=0)
    """Wall-clock seconds per second of exposure; 0 does not wait at all."""
    move_timeout_s: float = Field(default=2.0, gt=0)
    """A motion that takes longer is a fault, s."""


def build(options: Options, context: BuildContext) -> Beamline:
    """The virtual beamline.

    Parameters
    ----------
    options
        Keys of ``[instrument]``.
    context
        What it is told about the campaign; `seed` seeds the world.
    """
    return beamline_around(World(options.world, context.seed), options, context)


def beamline_around(world: MeasurableWorld, options: Options, context: BuildContext) -> Beamline:
    """Devices around any world that can be exposed."""
    folder = context.folder.resolve()
    seq, action_id = Setting(name="tag_seq", value=0), Setting(name="tag_action_id", value="")
    tags = SoftTags(seq, action_id, Setting(name="tag_fence", value=0))
    journal = Journal(folder / JOURNAL)
    dispenser = VirtualDispenser(COMPONENTS, journal, tags, settle_s=options.mix_s)

    def is_stuck() -> bool:
        fault = world.fault(int(seq.number()))
        return fault is not None and fault.kind == "stuck_motor"

    changer = VialChanger(name="changer", journal=journal, fractions=dispenser.fractions, is_stuck=is_stuck)
    shutter, monitor, diode = Shutter(name="shutter"), Setting(name="monitor", value=0.0), Diode(name="diode")

    def in_beam() -> dict[str, float]:
        return dict(changer.vial.fractions)

    beam = VirtualBeam(world, in_beam, shutter, seq, monitor, diode, options.time_scale)
    files = FileKind(folder, FRAMES, ".h5", "AD_HDF5", (1, *world.geometry.shape), "<i4")
    detector = FileDetector(name="pilatus", files=files, take=beam.take, action_id=action_id)
    return Beamline(
        axes=dispenser.fractions,
        detector=detector,
        count_time=detector.count_time,
        shutter=shutter,
        monitor=monitor,
        transmission=diode,
        changer=changer,
        dispenser=dispenser,
        frame_shape=world.geometry.shape,
        tags=Tags(seq=seq, action_id=action_id, fence=tags.fence),
        name=f"virtual {folder.name}",
        timeouts=Timeouts(move_s=options.move_timeout_s, mix_s=options.mix_s + options.move_timeout_s),
    )
