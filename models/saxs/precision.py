"""How many digits of a curve go on record: far more than its sigma leaves, far fewer than a float holds."""

import numpy as np

from models.domain.scattering import Curve, Floats

Q_DIGITS, INTENSITY_DIGITS, SIGMA_DIGITS = 8, 7, 5
"""Significant digits. The best counting statistics leave five of the intensity."""


def as_recorded(curve: Curve) -> Curve:
    """The curve as it goes on record, and as features are read from it: both are the same numbers.

    Rounding shifts an intensity by less than 1e-6 of itself, and takes more than half of the room.
    """
    return Curve(
        round_digits(curve.q_inv_nm, Q_DIGITS),
        round_digits(curve.intensity, INTENSITY_DIGITS),
        round_digits(curve.sigma, SIGMA_DIGITS),
        curve.unit,
        curve.common_relative_sigma,
        curve.source,
    )


def round_digits(values: Floats, n_digits: int) -> Floats:
    """Round to significant digits, each to the float nearest to that decimal number."""
    return np.array([float(f"{value:.{n_digits - 1}e}") for value in values.tolist()], dtype=np.float64)
