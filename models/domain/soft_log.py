"""The logarithm of an intensity, softened where the noise is, so that zero and less have one, too.

``soft log I = asinh(I / 2 f) + log f``, f about the noise of I: log I where I is far above f, and straight
where it is below. After a blank is subtracted, intensities about zero come out negative; a logarithm has no
place for them, and one of what is cut off at a small value leans upwards there by as much as the noise. This
one leans, for noise f, by at most 0.05, where its own standard deviation is 0.4: an eighth of it (second
order of E asinh; the summit of I / (I^2 + 4 f^2)^(3/2) lies at I = sqrt2 f). The transform is that of Lupton,
Gunn and Szalay, Astron. J. 118 (1999) 1406, for the magnitudes of faint stars.
"""

import numpy as np

from models.domain.scattering import Floats


def soften(intensity: Floats, floor: Floats) -> Floats:
    """Softened logarithm.

    Parameters
    ----------
    intensity
        Intensities, any shape, in one unit.
    floor
        Where the logarithm gives way, above 0, in the same unit: about their noise.
    """
    return np.arcsinh(intensity / (2.0 * floor)) + np.log(floor)


def soften_sigma(intensity: Floats, sigma: Floats, floor: Floats) -> Floats:
    """One standard deviation of the softened logarithm: that of the intensity times the slope."""
    return sigma / np.hypot(intensity, 2.0 * floor)


def harden(softened: Floats, floor: Floats) -> Floats:
    """The intensities that softened logarithms stand for."""
    return 2.0 * floor * np.sinh(softened - np.log(floor))
