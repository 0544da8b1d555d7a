"""A smoothed curve with its band: to be looked at, never to be fitted."""

from dataclasses import dataclass
from typing import NoReturn

import numpy as np

from models.domain.errors import BadInput
from models.domain.scattering import Floats

SMOOTH_MARK = "nightbeam smooth curve 1"
"""First line of its file, behind the comment mark: by it, readers of curves know what they must refuse."""
OF_CURVES = frozenset({"intensity", "sigma", "common_relative_sigma", "between", "rows"})
"""What a `Curve` has and this has not."""
REMEDY = "Fit the measured curve"


@dataclass(frozen=True, eq=False)
class SmoothCurve:
    """What is believed of a noise-free curve, with the band that holds it in 95 of 100 cases at each q.

    It is no `Curve`, and nothing that weighs points by errors takes it: neighbouring points are wrong
    together, so that there is no sigma that is independent from point to point, and a fit that took the band
    for one would count the same photons many times. Fits and extractors get the measured curve.
    """

    q_inv_nm: Floats
    """q, increasing, shape (n_q,), 1/nm."""
    median: Floats
    """As likely too high as too low, shape (n_q,), in `unit`."""
    low: Floats
    """Lower edge of the band, shape (n_q,), in `unit`; below zero where the noise reaches there."""
    high: Floats
    """Upper edge of the band, shape (n_q,), in `unit`."""
    unit: str = "a.u."
    """Unit of the intensity."""
    source: str = ""
    """Where it came from: a file name, for messages."""

    def __post_init__(self) -> None:
        """Check the shapes once, at birth."""
        shapes = {one.shape for one in (self.q_inv_nm, self.median, self.low, self.high)}
        if len(shapes) != 1 or self.q_inv_nm.ndim != 1:
            raise ValueError(f"{self.source}: q, median and band have shapes {shapes}, need one (n_q,)")
        if not ((self.low <= self.median) & (self.median <= self.high)).all():
            raise ValueError(f"{self.source}: the median leaves its band")

    def __len__(self) -> int:
        """Count of points."""
        return int(self.q_inv_nm.size)

    def __getattr__(self, name: str) -> NoReturn:
        """Refuse, in one line, to pass for a curve.

        Raises
        ------
        BadInput
            When something asks for what only measured curves have.
        """
        if name in OF_CURVES:
            where = f"{self.source or 'a smoothed curve'}: {name}"
            raise BadInput(
                where, "a smoothed curve has no errors of its points that a fit could weigh by", REMEDY
            )
        raise AttributeError(name)


def smooth_to_text(curve: SmoothCurve) -> str:
    """Write a smoothed curve as text.

    Parameters
    ----------
    curve
        The curve.

    Returns
    -------
    str
        Four lines of header behind ``#``, then ``q median low high`` in 1/nm and the curve's unit.
    """
    lines = [
        f"# {SMOOTH_MARK}",
        f"# source: {' '.join(curve.source.split())}",
        "# not to be fitted: neighbouring points are wrong together; low to high is a 95 % band",
        f"# q(1/nm) median({curve.unit}) low({curve.unit}) high({curve.unit})",
    ]
    columns = np.column_stack([curve.q_inv_nm, curve.median, curve.low, curve.high])
    lines += [" ".join(f"{number:.9g}" for number in row) for row in columns.tolist()]
    return "\n".join(lines) + "\n"
