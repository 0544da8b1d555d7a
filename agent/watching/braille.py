"""A curve in the characters of a terminal: logarithmic axes, eight dots to a character."""

import numpy as np

from models.domain.scattering import Curve, Floats

DOTS_WIDE, DOTS_HIGH = 2, 4
"""Dots of one character."""
BITS = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])
"""Which bit of a braille character is which dot, from the top (Unicode, block U+2800)."""
BLANK = 0x2800
EDGE = 8
"""Room of the numbers beside the axis."""


def draw_curve(curve: Curve, width: int, height: int) -> list[str]:
    """Draw a curve.

    Parameters
    ----------
    curve
        The curve; only points with q and intensity above 0 can be shown.
    width, height
        Room, in characters, with the numbers at the axes.

    Returns
    -------
    list of str
        Lines of no more than `width` characters, `height` of them; a sentence where nothing can be shown.
    """
    is_shown = (curve.q_inv_nm > 0) & (curve.intensity > 0) & np.isfinite(curve.intensity)
    if np.count_nonzero(is_shown) < 2:
        return ["no point of the newest curve is above 0"]
    x, y = np.log10(curve.q_inv_nm[is_shown]), np.log10(curve.intensity[is_shown])
    n_columns, n_rows = width - EDGE - 1, height - 1
    columns = _places(x, n_columns * DOTS_WIDE)
    rows = n_rows * DOTS_HIGH - 1 - _places(y, n_rows * DOTS_HIGH)
    cells = np.zeros((n_rows, n_columns), dtype=np.int64)
    np.bitwise_or.at(
        cells, (rows // DOTS_HIGH, columns // DOTS_WIDE), BITS[rows % DOTS_HIGH, columns % DOTS_WIDE]
    )
    lines = ["".join(chr(BLANK + int(cell)) for cell in row) for row in cells]
    top, bottom = f"{10 ** y.max():.3g}", f"{10 ** y.min():.3g}"
    labels = [top, *[""] * (n_rows - 2), bottom] if n_rows > 1 else [top]
    first, last = f"{10 ** x.min():.3g}", f"{10 ** x.max():.3g} 1/nm"
    middle = "q, I: log" if n_columns > len(first) + len(last) + 12 else ""
    room = n_columns - len(first) - len(last)
    axis = f"{'':{EDGE}} {first}{middle:^{max(room, 1)}}{last}"
    return [*(f"{label:>{EDGE}} {line}" for label, line in zip(labels, lines, strict=True)), axis[:width]]


def _places(values: Floats, n: int) -> np.ndarray:
    """Which of n dots each value falls on."""
    low, high = float(values.min()), float(values.max())
    span = high - low or 1.0
    return np.minimum(((values - low) / span * n).astype(np.int64), n - 1)
