"""The newest curve as a picture, for whoever looks at the folder and not at the terminal."""

import io
from collections.abc import Callable
from pathlib import Path

from agent.watching.outcome import Outcome
from models.domain.scattering import Curve
from models.domain.whole_files import write_whole

PICTURE = "newest.png"
EVERY_S = 5.0
"""The picture is drawn no more often, s."""
FIRST_S = 1.0
"""It is drawn for the first time when a watch is so old, s."""
SHARE = 0.05
"""Drawing takes no larger part of the time than this."""
SIZE_INCH = (6.0, 4.5)
DOTS_PER_INCH = 120
ROOM = (0.14, 0.13, 0.82, 0.78)
"""Left, bottom, width and height of the axes, parts of the picture."""


class NewestPicture:
    """Keeps `newest.png` as new as its pace allows."""

    def __init__(self, folder: Path, clock_s: Callable[[], float]) -> None:
        """Take the folder, and a clock that does not go back, s."""
        self._path, self._clock_s = folder / PICTURE, clock_s
        self._pending: tuple[str, Curve, bool] | None = None
        self._next_s = clock_s() + FIRST_S

    def show(self, name: str, outcome: Outcome) -> None:
        """Take the curve of a frame, if it has one; it is drawn when it is time."""
        if outcome.curve is not None and len(outcome.curve):
            self._pending = (name, outcome.curve, outcome.is_good)

    @property
    def is_due(self) -> bool:
        """True when it is time to draw."""
        return self._pending is not None and self._clock_s() >= self._next_s

    def draw(self) -> None:
        """Draw the newest curve.

        Raises
        ------
        OSError
            When the disk refuses.
        """
        if self._pending is None:
            return
        began_s = self._clock_s()
        write_whole(self._path, picture_of(*self._pending))
        self._pending = None
        ended_s = self._clock_s()
        self._next_s = ended_s + max(EVERY_S, (ended_s - began_s) / SHARE)


def picture_of(name: str, curve: Curve, is_good: bool) -> bytes:
    """Draw a curve on logarithmic axes, with one sigma to either side, as PNG."""
    import numpy as np
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE_INCH)
    axes = figure.add_axes(ROOM)  # fixed: to find out what room labels need takes longer than to draw
    q, intensity, sigma = curve.q_inv_nm, curve.intensity, curve.sigma
    is_shown = np.isfinite(intensity) & (intensity > 0) & (q > 0)
    low = np.maximum(intensity - sigma, intensity / 10)[is_shown]  # a band that reaches below 0 is cut
    axes.fill_between(q[is_shown], low, (intensity + sigma)[is_shown], alpha=0.3, linewidth=0)
    axes.plot(q[is_shown], intensity[is_shown], linewidth=1)
    if np.any(is_shown):
        axes.set_xscale("log")
        axes.set_yscale("log")
    axes.set_xlabel("q / (1/nm)")
    axes.set_ylabel(f"intensity / {curve.unit}")
    axes.set_title(name if is_good else f"{name} (flagged)", color="black" if is_good else "firebrick")
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=DOTS_PER_INCH)
    return content.getvalue()
