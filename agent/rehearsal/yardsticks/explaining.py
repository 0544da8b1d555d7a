"""How well values were foretold that were left out: share of their variance, and the error in words."""

from collections.abc import Sequence

import numpy as np

from models.domain.scattering import Floats


def explain_values(
    true: Floats, foretold: Floats, names: Sequence[str], units: Sequence[str]
) -> tuple[float, str]:
    """The share of the variance of the value that is foretold worst, and the error of each.

    Parameters
    ----------
    true, foretold
        Values, shape (n, n_values).
    names, units
        Of each value.
    """
    squares = ((foretold - true) ** 2).mean(axis=0)
    spreads = true.var(axis=0)
    shares = 1.0 - squares / np.where(spreads > 0, spreads, 1.0)
    said = [
        f"{name} to {np.sqrt(square):.3g}{'' if unit == '1' else ' ' + unit} rms"
        for name, square, unit in zip(names, squares.tolist(), units, strict=True)
    ]
    return float(shares.min()), " and ".join(said)
