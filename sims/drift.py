"""What goes out of line during a night, and what of the beam then still reaches the sample."""

import math

from pydantic import Field

from models.domain.frozen import Frozen
from sims.beam import SECONDS_PER_HOUR


class Shove(Frozen):
    """Something moves once, and stays there."""

    at: int = Field(ge=1)
    """`seq` of the decision from which on it has moved."""
    by: float
    """How far, in the unit of what moves."""


class Film(Frozen):
    """Something settles on the windows of the cell and takes some of the light, until it is gone."""

    at: int = Field(ge=1)
    """`seq` of the decision from which on it is there."""
    share: float = Field(gt=0, lt=1)
    """Share of the light that it takes."""
    until: int | None = Field(default=None, ge=1)
    """`seq` of the decision before which rinsing has taken it away; None when it stays."""


class CellSpec(Frozen):
    """The cell that holds the sample: how it slips across the beam, and how it gets dirty."""

    shoves: tuple[Shove, ...] = ()
    """When it slips, and by how much, mm."""
    films: tuple[Film, ...] = ()
    """What settles on its windows, and when."""
    width_mm: float = Field(default=2.0, gt=0)
    """Inner width, mm; beside it there is air."""
    beam_mm: float = Field(default=0.1, gt=0)
    """Standard deviation of the beam's profile at the sample, mm."""

    def share_in_beam(self, seq: int, offset_mm: float) -> float:
        """Share of a Gaussian beam that goes through the cell, 0 to 1.

        Parameters
        ----------
        seq
            `seq` of the decision.
        offset_mm
            How far the cell was shifted to bring it back, mm.
        """
        centre_mm = _moved(self.shoves, seq) + offset_mm
        half_mm, scale_mm = self.width_mm / 2, math.sqrt(2.0) * self.beam_mm
        return 0.5 * sum(math.erf((half_mm + side * centre_mm) / scale_mm) for side in (-1, 1))

    def clear_share(self, seq: int) -> float:
        """Share of the light that its windows let through, 0 to 1: all of it while they are clean."""
        there = [film for film in self.films if film.at <= seq and (film.until is None or seq < film.until)]
        return math.prod(1.0 - film.share for film in there)


class MirrorSpec(Frozen):
    """The mirror that steers the beam, and how its pitch changes."""

    shoves: tuple[Shove, ...] = ()
    """When it is knocked, and by how much, mrad."""
    mrad_per_h: float = 0.0
    """Steady creep, mrad/h."""
    acceptance_mrad: float = Field(default=0.05, gt=0)
    """Error of the pitch at which the flux has fallen to 61 % (one standard deviation), mrad."""

    def share_steered(self, seq: int, time_s: float, pitch_mrad: float) -> float:
        """Share of the flux that reaches the sample, 0 to 1: a Gaussian in the pitch's error.

        Parameters
        ----------
        seq
            `seq` of the decision.
        time_s
            Time since the start, s.
        pitch_mrad
            What it was set to, mrad.
        """
        error_mrad = _moved(self.shoves, seq) + self.mrad_per_h * time_s / SECONDS_PER_HOUR + pitch_mrad
        return math.exp(-0.5 * (error_mrad / self.acceptance_mrad) ** 2)


def _moved(shoves: tuple[Shove, ...], seq: int) -> float:
    """How far something has moved until a decision."""
    return sum(shove.by for shove in shoves if shove.at <= seq)
