"""What the measurements of a campaign taught so far, in scaled coordinates."""

from collections.abc import Mapping
from dataclasses import dataclass

from models.gp.curve_set import CurveSet
from models.gp.training import Training

CURVE = "curve"
"""What stands for whole curves where the chance to have one is learned."""
PRESENCE_SIGMA = 0.1
"""Noise given to 'had' (1) and 'not had' (0) when the chance of a feature is learned by regression."""


@dataclass(frozen=True, eq=False)
class Knowledge:
    """What may be learned from."""

    n_read: int
    """Count of measurements that were read."""
    features: Mapping[str, Training]
    """Of each feature of the objective where it was measured, and what it was."""
    presence: Mapping[str, Training]
    """Of each feature that was not had from every measurement: where it was (1) and where not (0), in the
    order of measurement."""
    units: Mapping[str, str]
    """Unit of each feature; ``1`` for a pure number."""
    curves: CurveSet | None = None
    """Whole curves, where the objective needs them."""
    n_design: int = 0
    """How many of the first places where something was tried belong to the initial design."""
