"""What a check is: a name, what it needs, and a function that finds a value and its limit."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from models.domain.check_limits import CheckLimits
from models.domain.geometry import Geometry
from models.domain.scattering import Frame
from models.saxs.checks.census import Census, take_census
from models.saxs.checks.earlier import Earlier
from models.saxs.integrators import pixel_mismatch


@dataclass(frozen=True, eq=False)
class Subject:
    """A frame, and all that it is held against."""

    frame: Frame
    """The frame."""
    geometry: Geometry | None = None
    """Where the detector stands; without it no check that looks at rings is made."""
    blank: Frame | None = None
    """The blank that goes with it."""
    earlier: Earlier = field(default_factory=Earlier)
    """What was measured before."""
    limits: CheckLimits = field(default_factory=CheckLimits)
    """What it is held against."""
    window_inv_nm: tuple[float, float] = (0.0, 1e3)
    """q that the campaign uses, 1/nm."""

    @cached_property
    def census(self) -> Census | None:
        """The frame, counted; None where its geometry contradicts its detector.

        Raises
        ------
        BadInput
            When the geometry is for a frame of another shape.
        """
        if self.geometry is None or pixel_mismatch(self.geometry) is not None:
            return None
        return take_census(self.frame, self.geometry)


@dataclass(frozen=True)
class Finding:
    """What a check found."""

    is_ok: bool
    """False when the limit is passed."""
    value: float
    """What was found, in the check's unit."""
    limit: float
    """What it was held against."""
    remedy: str | None = None
    """What to do, where more can be said than the check itself says."""


@dataclass(frozen=True)
class Check:
    """One rule."""

    name: str
    """Its name, as in `CHECK_NAMES`."""
    unit: str
    """Unit of value and limit."""
    remedy: str
    """What to do when it fails."""
    look: Callable[[Subject], Finding | None]
    """Finds the value; None where what it needs is not there."""
    is_warning: bool = False
    """True when a frame that fails it may train a model all the same."""
