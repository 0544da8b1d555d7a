"""How frames become curves and curves become features: table `[analysis]` of a campaign file."""

from typing import Self

from pydantic import Field, model_validator

from models.domain.check_limits import CheckLimits
from models.domain.frozen import Frozen


class AnalysisSpec(Frozen):
    """How frames become curves and curves become features."""

    features: tuple[str, ...] = ()
    """Extractors to run: names from `models/saxs/features`, or ``module:attribute`` for one's own; none where
    the instrument gives features itself."""
    q_min_inv_nm: float = Field(default=0.0, ge=0)
    """Points below are not used, 1/nm."""
    q_max_inv_nm: float = Field(default=1e3, gt=0)
    """Points above are not used, 1/nm."""
    n_bins: int = Field(default=400, ge=16, le=10_000)
    """Count of q bins that a frame is reduced to."""
    geometry: str | None = None
    """Geometry file (PONI, or a curve's header); None takes it from each frame's own header."""
    corrections: str | None = None
    """TOML file of corrections: dead time, dark counts, flat field, polarisation, scale; None corrects the
    solid angle alone."""
    scale: float = Field(default=1.0, gt=0)
    """Factor from normalised counts to `intensity_unit`, from a calibration standard."""
    intensity_unit: str = "a.u."
    """Unit of the intensity after `scale`."""
    checks: CheckLimits = CheckLimits()
    """What a frame is held against before it may train a model."""

    @model_validator(mode="after")
    def _q_window_is_open(self) -> Self:
        if self.q_max_inv_nm <= self.q_min_inv_nm:
            raise ValueError(
                f"q_max_inv_nm = {self.q_max_inv_nm:g} is not above q_min_inv_nm = {self.q_min_inv_nm:g}; "
                "widen the window"
            )
        return self
