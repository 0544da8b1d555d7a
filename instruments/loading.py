"""Plans of a cell: emptied and measured while the next sample is made, then filled."""

from bluesky import plan_stubs as bps
from bluesky import preprocessors as bpp
from bluesky.utils import MsgGenerator

from instruments.beamline import CLOSED, OPEN, Beamline, EmptiesApart
from instruments.waits import move
from models.domain.decision import Decision
from models.domain.errors import BeamlineFault, LoadFailed


def fill_cell(beamline: Beamline, decision: Decision) -> MsgGenerator[None]:
    """Bring the sample into the cell: rinsing before pumping, it may be done again.

    What is in the cell already stays there, where the decision only readjusts.

    Raises
    ------
    LoadFailed
        When it does not arrive.
    """
    try:
        yield from bpp.rewindable_wrapper(_fill(beamline, decision), False)
    except LoadFailed:
        raise
    except BeamlineFault as error:
        raise LoadFailed(str(error)) from error


def ready_cell(beamline: Beamline, decision: Decision) -> MsgGenerator[None]:
    """Empty the cell and measure what it transmits, unless that was done for this decision.

    A fault is not raised: the load, which comes next, finds the same and tells it.
    """
    if not isinstance(beamline.loader, EmptiesApart) or beamline.empty_cell is None:
        yield from bps.null()
        return
    try:
        yield from _empty(beamline, beamline.loader, decision)
    except BeamlineFault:
        return


def _fill(beamline: Beamline, decision: Decision) -> MsgGenerator[None]:
    loader, sample = beamline.loader, decision.sample
    if loader is None:
        return
    if not isinstance(loader, EmptiesApart):
        yield from loader.load(sample)
        return
    is_readjusted = decision.kind == "setup" and not (decision.setup and decision.setup.rinses)
    if is_readjusted and loader.holds(sample):
        return
    cell = beamline.empty_cell
    if cell is None or not cell.is_measured_for(decision.seq):
        yield from _empty(beamline, loader, decision)
    yield from loader.fill(sample)


def _empty(beamline: Beamline, loader: EmptiesApart, decision: Decision) -> MsgGenerator[None]:
    """Rinse, empty, and measure with the shutter open."""
    yield from loader.empty(decision.setup.rinses if decision.setup else 0)
    cell, timeout_s = beamline.empty_cell, beamline.timeouts.move_s
    if cell is None:
        return

    def look() -> MsgGenerator[None]:
        if beamline.shutter is not None:
            yield from move([(beamline.shutter, OPEN, "")], timeout_s)
        yield from move([(cell, decision.seq, "")], timeout_s + beamline.timeouts.readout_s)

    def close() -> MsgGenerator[None]:
        if beamline.shutter is not None:
            yield from move([(beamline.shutter, CLOSED, "")], timeout_s)

    yield from bpp.finalize_wrapper(look(), close)
