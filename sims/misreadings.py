"""How a detector misreads: dead chips, zingers, photons that count twice."""

import numpy as np
import numpy.typing as npt

from models.domain.scattering import Floats
from sims import detector
from sims.faults import Fault

CHIP_ROWS, CHIP_COLUMNS = 97, 60
"""Pixels that one readout chip of a Pilatus counts; a module has 2 x 8 of them."""
N_CHIPS = 16
MOST_ZINGER_COUNTS = 1e5
MOST_COUNTED_TWICE = 0.3
"""Largest share of photons that count in two pixels."""

Frame = npt.NDArray[np.int32]
"""Counts, shape (n_rows, n_columns); -1 in the gaps."""


def misread(counts: Frame, optics: detector.Optics, fault: Fault | None, rng: np.random.Generator) -> Frame:
    """A frame as a faulty detector reads it.

    Parameters
    ----------
    counts
        As a sound one would.
    optics
        Which pixels are usable: a zinger strikes one of these.
    fault
        What goes wrong; None, or one that does not concern the readout, leaves the frame alone.
    rng
        Draws where it strikes.
    """
    match fault.kind if fault else None:
        case "dead_chips":
            return _kill_chips(counts, _severity(fault), rng)
        case "zinger":
            struck = counts.copy()
            place = rng.choice(np.flatnonzero(~optics.mask))
            struck.ravel()[place] += round(MOST_ZINGER_COUNTS ** _severity(fault))
            return struck
        case _:
            return counts


def count_twice(
    optics: detector.Optics, expected: Floats, fault: Fault | None, rng: np.random.Generator
) -> Frame:
    """One frame in which some photons count in a second pixel's counter as well.

    The second count lands in the same pixel here: its mean grows by their share, its variance by three
    times as much.
    """
    frame = detector.read_out(optics, expected, rng)
    if fault is None or fault.kind != "gain":
        return frame
    twice = MOST_COUNTED_TWICE * fault.severity
    is_lit = frame > 0
    frame[is_lit] += rng.binomial(frame[is_lit], twice).astype(np.int32)
    return frame


def _severity(fault: Fault | None) -> float:
    return fault.severity if fault else 0.0


def _kill_chips(counts: Frame, severity: float, rng: np.random.Generator) -> Frame:
    """Zeros where chips of one module are dead, from its corner on."""
    n_chips = max(1, round(severity * N_CHIPS))
    top = int(rng.integers(5)) * (detector.MODULE_ROWS + detector.GAP_ROWS)
    left = int(rng.integers(2)) * (detector.MODULE_COLUMNS + detector.GAP_COLUMNS)
    frame = counts.copy()
    for chip in range(n_chips):
        row, column = top + chip % 2 * CHIP_ROWS, left + chip // 2 * CHIP_COLUMNS
        square = frame[row : row + CHIP_ROWS, column : column + CHIP_COLUMNS]
        square[square > 0] = 0
    return frame
