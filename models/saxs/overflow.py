"""Tell pixels that held more counts than they can from gaps, which many formats mark alike."""

import numpy as np

from models.domain.scattering import Counts, Mask
from models.saxs.frame_stacks import NO_COUNT


def overflow_mark(dtype: np.dtype[np.generic]) -> int:
    """What an overflowed pixel holds once counts have a sign.

    Parameters
    ----------
    dtype
        Type of the counts as they were stored, an integer: the top of its range marks overflow.
    """
    is_unsigned = np.issubdtype(dtype, np.unsignedinteger)
    return NO_COUNT if is_unsigned else int(np.iinfo(np.dtype(dtype.str)).max)


def find_overflow(counts: Counts, mark: int, mask: Mask | None) -> Mask | None:
    """Find the pixels that overflowed.

    Parameters
    ----------
    counts
        Counts, shape (n_rows, n_columns).
    mark
        What `overflow_mark` says.
    mask
        Pixels that the detector itself does not use; None where it does not say. Whole rows and columns at
        the top of the range are then gaps between its modules.

    Returns
    -------
    Mask or None
        True where a pixel overflowed; None where none did, as nearly always.
    """
    is_top = counts == mark
    if mask is not None:
        is_top &= ~mask
    elif is_top.any():
        is_gap = is_top.all(axis=1)[:, None] | is_top.all(axis=0)
        is_top &= ~is_gap
    return is_top if is_top.any() else None
