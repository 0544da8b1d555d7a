"""What a load is held against, and how often each cure may be tried: the table ``[load]``."""

from pydantic import Field

from models.domain.frozen import Frozen


class LoadLimits(Frozen):
    """What a load is held against; a share is relative, 1 is the whole."""

    empty_drift_share: float = Field(default=0.02, gt=0)
    """The empty cell may transmit this much more or less than after it was cleaned."""
    filled_share: float = Field(default=0.02, gt=0, lt=1)
    """A loaded cell transmits at least this much less than the empty one."""
    bubble_rise_share: float = Field(default=0.02, gt=0)
    """A sample that transmits this much more than the blank has air in it."""
    dense_fall_share: float = Field(default=0.5, gt=0, lt=1)
    """A sample that transmits this much less than the blank has settled, or is another one."""
    transmission_min: float = Field(default=1e-4, gt=0)
    """No cell that can be measured transmits less."""
    transmission_max: float = Field(default=1.02, gt=0)
    """No cell transmits more."""
    n_remeasured: int = Field(default=2, ge=0)
    """How often the transmission of one load may be measured again."""
    n_rinsed: int = Field(default=2, ge=0)
    """How often one sample may be rinsed out and loaded again."""
    n_dispensed: int = Field(default=1, ge=0)
    """How often one sample may be made again."""
