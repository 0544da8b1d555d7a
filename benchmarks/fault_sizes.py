"""Which check should find which simulated fault, and how large a fault of a severity is."""

from collections.abc import Callable, Mapping

from sims import misreadings, station, world
from sims.faults import FaultKind

FINDS: Mapping[FaultKind, str] = {
    "bubble": "bubble", "lost_beam": "beam", "nan": "finite", "saturated_frame": "saturation",
    "spilt_beam": "spill", "moved_beam": "centre", "parasitic": "parasitic", "flux_step": "flux",
    "half_shut": "counts", "damage": "radiation_damage", "precipitate": "precipitate",
    "carry_over": "carry_over", "dead_chips": "dead_module", "zinger": "zingers", "gain": "error_model",
    "bright_diode": "transmission", "stale_frame": "duplicate", "slow_clock": "time",
    "wrong_pixels": "pixel_size",
}  # fmt: skip
"""Which check should find which fault."""
Size = tuple[Callable[[float], float], str]
"""A fault's size at a severity from 0 to 1, and its unit."""
SIZES: Mapping[FaultKind, Size] = {
    "spilt_beam": (
        lambda x: station.between(station.LEAST_SPILL_SHARE, station.MOST_SPILL_SHARE, x), "of the beam"
    ),
    "moved_beam": (lambda x: station.MOST_MOVED_PX * x, "px"),
    "parasitic": (lambda x: station.MOST_PARASITIC**x, "times the slits' scattering"),
    "flux_step": (lambda x: -100 * station.MOST_FLUX_STEP * x, "% of the flux"),
    "half_shut": (
        lambda x: station.between(station.MOST_OPEN, station.LEAST_OPEN, x), "of the exposure open"
    ),
    "damage": (
        lambda x: station.between(world.LEAST_DOSE_PHOTONS, world.MOST_DOSE_PHOTONS, x), "photons before"
    ),
    "precipitate": (lambda x: -100 * world.MOST_SETTLED * x, "% of the transmission"),
    "carry_over": (
        lambda x: 100 * station.between(world.LEAST_LEFT, world.MOST_LEFT, x), "% surfactant in the blank"
    ),
    "dead_chips": (lambda x: max(1.0, round(misreadings.N_CHIPS * x)), "chips of 97 x 60"),
    "zinger": (lambda x: round(misreadings.MOST_ZINGER_COUNTS**x), "counts"),
    "gain": (lambda x: 100 * misreadings.MOST_COUNTED_TWICE * x, "% counted twice"),
    "bright_diode": (lambda x: 100 * (station.MOST_BRIGHT_DIODE**x - 1), "% too bright"),
    "slow_clock": (
        lambda x: station.between(station.LEAST_SET_BACK_S, station.MOST_SET_BACK_S, x), "s set back"
    ),
}  # fmt: skip
"""Faults that come in sizes."""
