"""What a frame is held against before it may train a model: one key for each threshold."""

from difflib import get_close_matches

from pydantic import Field, field_validator

from models.domain.frozen import Frozen

CHECK_NAMES = (
    "finite", "pixel_size", "transmission", "beam", "flux", "bubble", "precipitate", "time", "duplicate",
    "saturation", "counts", "dead_module", "zingers", "spill", "centre", "parasitic", "carry_over",
    "radiation_damage", "error_model", "points",
)  # fmt: skip
"""Every check, in the order in which they are made."""
NEVER_OFF = frozenset({"finite", "pixel_size", "transmission", "points"})
"""Without these a frame cannot be normalised, or a curve not be read."""


class CheckLimits(Frozen):
    """Thresholds of the checks; a share is relative, 1 is the whole."""

    off: tuple[str, ...] = ()
    """Checks that are not made, by name."""
    saturation_share: float = Field(default=0.8, gt=0, le=1)
    """Counts at or above this share of the detector's cutoff are too many."""
    counts_bound_share: float = Field(default=0.1, gt=0)
    """Longest relative error of a radius of gyration that all counts of a frame could give; above, expose
    longer."""
    beam_share: float = Field(default=0.1, ge=0, lt=1)
    """Monitor rate below this share of the blank's is a lost beam."""
    flux_step_share: float = Field(default=0.05, gt=0)
    """Monitor rate may change by this share from one frame to the next."""
    transmission_max_share: float = Field(default=1.02, gt=0)
    """No sample transmits more."""
    bubble_rise_share: float = Field(default=0.02, gt=0)
    """A sample that transmits this much more than its blank, or than before, is a bubble or an empty cell."""
    precipitate_fall_share: float = Field(default=0.02, gt=0, lt=1)
    """A sample that transmits this much less than before has something else in the beam."""
    time_back_s: float = Field(default=1.0, ge=0)
    """A frame may be taken this long before the last one by its own clock, s."""
    dead_module_share: float = Field(default=0.02, gt=0, lt=1)
    """A part of the detector that counts less than this share of what its rings do is dead."""
    zinger_sigma: float = Field(default=3.0, gt=0)
    """A pixel that nothing explains may lift the mean of its ring by so many sigma."""
    zinger_chance: float = Field(default=1e-3, gt=0, lt=1)
    """Chance that a clean frame holds a pixel like it, below which nothing explains a pixel."""
    spill_sigma: float = Field(default=5.0, gt=0)
    """Brightest direction beside the beamstop above the opposite one."""
    centre_px: float = Field(default=0.5, gt=0)
    """Farthest that the pattern's centre may lie from the geometry's, pixels."""
    parasitic_share: float = Field(default=0.5, gt=0)
    """Share of the intensity at low q that is the blank's."""
    parasitic_rise_share: float = Field(default=0.1, gt=0)
    """A sample's blank may scatter this much more at the lowest q than the blank before it."""
    carry_over_share: float = Field(default=0.05, gt=0)
    """Blanks before and after may differ by this share at low q."""
    damage_cusum_sigma: float = Field(default=5.0, gt=0)
    """Sum of the drifts of low over high q along frames of one sample."""
    damage_chance: float = Field(default=0.01, gt=0, lt=1)
    """Chance of a run of one sign as long (CorMap), times the comparisons, below which two curves differ."""
    damage_chi2: float = Field(default=1.2, gt=1)
    """Reduced chi squared between a frame and those before it, above which they differ; two in a row."""
    error_model_share: float = Field(default=0.05, gt=0)
    """Scatter of a blank's pixels over their sigma may differ from 1 by this share."""
    points_min: int = Field(default=16, ge=2)
    """Points that a curve holds at least."""

    @field_validator("off")
    @classmethod
    def _names_are_known(cls, off: tuple[str, ...]) -> tuple[str, ...]:
        for name in off:
            if name in NEVER_OFF:
                raise ValueError(
                    f"{name!r} cannot be switched off: nothing can be reduced without it; remove it"
                )
            if name not in CHECK_NAMES:
                near = get_close_matches(name, CHECK_NAMES, n=1)
                known = f"did you mean {near[0]}?" if near else f"use one of: {', '.join(CHECK_NAMES)}"
                raise ValueError(f"{name!r} is no check; {known}")
        return off
