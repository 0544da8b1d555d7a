"""The campaign that is killed: blanks, an even start, a model, a stuck motor and an unreadable frame."""

from dataclasses import dataclass
from pathlib import Path

SEED = 5
STUCK_SEQ, UNREADABLE_SEQ = 4, 6
"""Decisions whose motor is stuck, and whose frame cannot be read."""

TEXT = """
name = "torture"
seed = {seed}

[[axes]]
name = "surfactant"
low = 0.02
high = 0.60
[[axes]]
name = "cosurfactant"
low = 0.0
high = 0.45
[[axes]]
name = "water"
low = 0.30
high = 0.98
[[sums]]
axes = ["surfactant", "cosurfactant", "water"]

[objective]
feature = "peak_strength"

[instrument]
kind = "virtual"
move_timeout_s = 0.4
mix_s = {mix_s}
time_scale = {time_scale}
[instrument.world.faults]
stuck_motor = {{ at = [{stuck}] }}

[measurement]
exposure_s = 1.0
attempts = 3
blank = {{ point = {{ surfactant = 0.0, cosurfactant = 0.0, water = 1.0 }}, every = 6 }}

[analysis]
features = ["peak"]
q_min_inv_nm = 0.08
q_max_inv_nm = 4.0
scale = 76054.6
intensity_unit = "1/cm"

[strategy]
kind = "bayes"
initial = 5
pool = 256

[budget]
measurements = {measurements}
failures_in_a_row = 50

[record]
patience_s = {patience_s}
"""


@dataclass(frozen=True)
class Small:
    """A small campaign."""

    seed: int = SEED
    measurements: int = 9
    mix_s: float = 0.0
    time_scale: float = 0.0
    patience_s: float = 30.0

    def write(self, folder: Path) -> Path:
        """Write the campaign file into a folder."""
        path = folder / "torture.toml"
        path.write_text(
            TEXT.format(
                seed=self.seed, measurements=self.measurements, mix_s=self.mix_s, time_scale=self.time_scale,
                patience_s=self.patience_s, stuck=STUCK_SEQ,
            )
        )  # fmt: skip
        return path
