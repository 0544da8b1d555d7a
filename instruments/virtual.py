"""The virtual formulation beamline: real ophyd devices, a hidden truth behind them."""

from collections.abc import Callable
from typing import Protocol

from pydantic import Field

from instruments.beamline import Beamline, Dispenser, Tags, Timeouts
from instruments.kinds import BuildContext
from instruments.mixing import ComponentFraction, SoftTags
from instruments.power_cut import cut_power
from instruments.soft import Setting
from instruments.virtual_beam import MeasurableWorld
from instruments.virtual_cell import FlowCellOptions, HasCell, VirtualFlowCell
from instruments.virtual_deck import VirtualDeck
from instruments.virtual_hall import Hall
from instruments.virtual_sample import JOURNAL, Journal, VialChanger, VirtualDispenser
from models.domain.errors import BadInput
from models.domain.frozen import Frozen
from sims.world import World, WorldSpec

COMPONENTS = ("surfactant", "cosurfactant", "water")
"""What the dispenser holds; the campaign's axes, fractions that sum to 1."""


class MixesFractions(Dispenser, Protocol):
    """A dispenser that is told, and tells, the fraction of each component."""

    @property
    def fractions(self) -> dict[str, ComponentFraction]:
        """Each component's own device."""
        ...


class Options(Frozen):
    """Keys of ``[instrument]`` with ``kind = "virtual"``."""

    world: WorldSpec = WorldSpec()
    """The hidden truth."""
    mix_s: float = Field(default=0.0, ge=0)
    """How long the dispenser takes for one mix, s."""
    mix_clock_s: float | None = Field(default=None, ge=0)
    """The same by the beamline's clock, where nobody is to wait so long, s; `mix_s` when left out."""
    flow_cell: FlowCellOptions | None = None
    """A flow cell that samples are pumped into; without one, vials are brought into the beam."""
    spots: int = Field(default=1, ge=1)
    """How many fresh spots of a sample the beam can be sent through."""
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


def beamline_around(
    world: MeasurableWorld,
    options: Options,
    context: BuildContext,
    make_dispenser: Callable[[Journal, SoftTags], MixesFractions] | None = None,
) -> Beamline:
    """Devices around any world that can be exposed, and around another dispenser where one is made."""
    folder = context.folder.resolve()
    hall = Hall(world, folder, options.time_scale)
    tags = SoftTags(hall.seq, hall.action_id, Setting(name="tag_fence", value=0))
    journal = Journal(folder / JOURNAL)
    dispenser = (
        _make_dispenser(options, context, journal, hall, tags)
        if make_dispenser is None
        else make_dispenser(journal, tags)
    )
    changer = VialChanger(
        name="changer", journal=journal, fractions=dispenser.fractions, is_stuck=hall.is_stuck
    )

    def in_beam() -> dict[str, float]:
        return dict(changer.vial.fractions)

    detector = hall.detector(in_beam, lambda: changer.vial.sample)
    cell = None if options.flow_cell is None else _flow_cell(world, hall, options.flow_cell)
    return Beamline(
        axes=dispenser.fractions,
        detector=detector,
        count_time=detector.count_time,
        shutter=hall.shutter,
        monitor=hall.monitor,
        transmission=hall.diode,
        changer=changer,
        loader=cell,
        empty_cell=None if cell is None else cell.empty_cell,
        dispenser=dispenser,
        frame_shape=world.station.geometry.shape,
        tags=Tags(seq=hall.seq, action_id=hall.action_id, fence=tags.fence),
        adjusters=hall.adjusters(options.spots, has_cell=True),
        clock=hall.clock,
        is_time_simulated=True,
        name=f"virtual {folder.name}",
        timeouts=Timeouts(move_s=options.move_timeout_s, mix_s=options.mix_s + options.move_timeout_s),
    )


def _flow_cell(world: MeasurableWorld, hall: Hall, options: FlowCellOptions) -> VirtualFlowCell:
    if not isinstance(world, HasCell):
        raise BadInput("instrument.flow_cell", "is given, but this world has no cell", "Remove the table")
    return VirtualFlowCell(world, hall, options)


def _make_dispenser(
    options: Options, context: BuildContext, journal: Journal, hall: Hall, tags: SoftTags
) -> VirtualDispenser:
    """One that mixes fractions, or pipettes from the deck that the campaign file describes."""
    dispenser = VirtualDispenser(COMPONENTS, journal, tags, settle_s=options.mix_s, clock=hall.clock)
    dispenser.clock_s = options.mix_s if options.mix_clock_s is None else options.mix_clock_s
    dispenser.cut = lambda: cut_power(hall, context.folder)
    if context.deck is not None:
        dispenser.deck = VirtualDeck(context.deck, COMPONENTS, context.seed)
    return dispenser
