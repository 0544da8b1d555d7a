"""Find zingers: pixels that counted more than chance allows among the pixels of their ring."""

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from models.domain.errors import BadInput
from models.domain.geometry import Geometry
from models.domain.scattering import Floats, Frame, Mask
from models.saxs.bins import NOWHERE, Binning, bins_of
from models.saxs.corrections import NO_CORRECTIONS, Corrections

FALSE_ALARMS = 0.01
"""Pixels that are wrongly taken for zingers in a frame that has none, on average."""
MAX_SHARE, MAX_FEW = 2e-4, 10
"""Where a larger share of the pixels, and more than a few, stand out, the pattern has directions or spots, or
its rings are narrower than a bin, and these are no zingers."""
CANDIDATE_SIGMA = 4.0
"""Pixels within so many sigma are no candidates: their chance is far above any level."""
MAX_ROUNDS = 10
"""A large zinger hides smaller ones of its ring: they are found once it is gone."""


def find_zingers(
    frame: Frame,
    geometry: Geometry,
    corrections: Corrections = NO_CORRECTIONS,
    false_alarms: float = FALSE_ALARMS,
) -> Mask:
    """Find the pixels that counted more than chance allows.

    Given how many counts a ring of pixels holds, those of one of them are binomial, by its share of the
    ring's weight, whatever the intensity: exact for few pixels and few counts. The share is taken as large as
    the brighter of both neighbouring rings makes it, so that a steep curve makes no zinger. The chance of a
    pixel is held against `false_alarms` over the count of all pixels.

    Parameters
    ----------
    frame
        The frame, as it is stored.
    geometry
        Where the detector stands.
    corrections
        What is known of the detector; its flat field and polarisation belong to a pixel's weight.
    false_alarms
        Pixels that may wrongly be taken for zingers in a frame that has none, on average.

    Returns
    -------
    Mask
        True at zingers, shape of the frame.

    Raises
    ------
    BadInput
        When so many pixels stand out that they are none: the pattern depends on direction.
    """
    bins = bins_of(geometry, Binning(), 1, corrections)
    counts = np.ascontiguousarray(frame.counts).ravel()
    is_used = ~frame.mask.ravel() & (counts >= 0) & (bins.of_pixel != NOWHERE)
    n_used = int(np.count_nonzero(is_used))
    found = np.zeros(counts.size, np.bool_)
    for _ in range(MAX_ROUNDS):
        places = np.flatnonzero(is_used & ~found)
        rows = bins.of_pixel[places]
        new = _stand_out(counts[places], rows, bins.weight[places], false_alarms / max(n_used, 1))
        if not np.any(new):
            break
        found[places[new]] = True
    n_found = int(np.count_nonzero(found))
    if n_found > max(MAX_SHARE * n_used, MAX_FEW):
        raise BadInput(
            f"{frame.source}: zingers",
            f"{n_found} of {n_used} pixels stand out of their ring, a share above {MAX_SHARE:g}",
            "The pattern depends on direction, or the geometry is wrong: do not look for zingers in it",
        )
    return found.reshape(frame.counts.shape)


def _stand_out(
    counts: NDArray[np.integer], rows: NDArray[np.int32], weight: Floats, level: float
) -> NDArray[np.bool_]:
    """Which pixels have a chance below the level, shape (n,)."""
    n_rows = int(rows.max(initial=0)) + 1
    total = np.bincount(rows, counts, n_rows)
    whole = np.bincount(rows, weight, n_rows)
    mean = np.divide(total, whole, where=whole > 0, out=np.zeros(n_rows))
    padded = np.concatenate(([0.0], mean, [0.0]))
    brightest = np.maximum(mean, np.maximum(padded[:-2], padded[2:]))
    steepness = np.divide(brightest, mean, where=mean > 0, out=np.ones(n_rows))
    share = np.minimum(weight / whole[rows] * steepness[rows], 1.0)
    expected = total[rows] * share
    is_candidate = counts > expected + CANDIDATE_SIGMA * np.sqrt(expected * (1 - share))
    chance = np.ones(counts.size)
    chance[is_candidate] = stats.binom.sf(
        counts[is_candidate] - 1, total[rows][is_candidate], share[is_candidate]
    )
    return chance < level
