"""Orientation: which way fibres, platelets or cracks lie, and how well they are aligned."""

import math

import numpy as np

from models.domain.errors import FitFailed
from models.domain.scattering import Absence, AzimuthalProfile, Feature, Floats
from models.saxs.extractor import Extractor, Found

N_HARMONICS = 4
"""Even harmonics that are fitted, up to cos 8 azimuth: what is left of a gap must not lean on the second."""
MIN_BINS = 27
"""Directions that hold a pixel, of 36: gaps wider than a quarter leave the harmonics undetermined."""
MIN_SIGNIFICANCE = 4.0
"""An order that stands fewer sigma above zero has no direction."""
SYSTEMATIC_SIGMA = 0.002
"""What polarisation, stray light and the separation into curve and profile do to an order: a bias, from
which no direction is read. A measured frame of protein in solution, without a blank and with the beam at its
edge, shows an order of 0.006."""


def extract(profile: AzimuthalProfile) -> Found:
    """Read direction and order off an azimuthal profile.

    The order is the mean of cos 2(azimuth - centre) over the pattern's counts, 0 for a ring and 1 for a line
    (the two-dimensional order parameter, van Gurp 1995, Colloid Polym. Sci. 273, 607), from the second
    Fourier coefficient. Its estimate is freed of the upward bias that noise gives to a length (Plaszczynski
    et al. 2014, MNRAS 439, 4048). The angle is that of the scatterers' long axis, at right angles to the
    direction that scatters most. sigma is propagated from the profile's.

    Parameters
    ----------
    profile
        The profile.

    Returns
    -------
    tuple of Feature or Absence
        ``orientation_order``; ``orientation_angle``, 0 to 180 deg, absent where the order is not significant;
        and ``orientation_cos2``, ``orientation_sin2``: the order times cos and sin of twice the angle, which
        do not jump where the angle passes 180 deg.
    """
    if len(profile) < MIN_BINS:
        raise FitFailed(
            f"{len(profile)} directions hold a pixel, needs {MIN_BINS}; move the beamstop or the beam"
        )
    components, covariance = _components(profile)
    length = float(np.hypot(*components))
    along = components / length if length > 0 else np.array([1.0, 0.0])
    across = np.array([-along[1], along[0]])
    sigma = math.sqrt(float(along @ covariance @ along))
    sigma_across = math.sqrt(float(across @ covariance @ across))
    sigmas = np.sqrt(np.diag(covariance))
    return (
        Feature(name="orientation_order", value=_unbiased(length, sigma), sigma=sigma, unit="1"),
        _angle(components, length, sigma, sigma_across),
        Feature(name="orientation_cos2", value=float(components[0]), sigma=float(sigmas[0]), unit="1"),
        Feature(name="orientation_sin2", value=float(components[1]), sigma=float(sigmas[1]), unit="1"),
    )


def _components(profile: AzimuthalProfile) -> tuple[Floats, Floats]:
    """Order times cos and sin of twice the long axis' angle, and their covariance."""
    azimuth = np.radians(profile.azimuth_deg)
    waves = [np.ones_like(azimuth)]
    for n in range(1, N_HARMONICS + 1):
        waves += [np.cos(2 * n * azimuth), np.sin(2 * n * azimuth)]
    # all bins weigh alike: on a whole turn the harmonics then cannot lean on each other, whatever the pattern
    operator = np.linalg.pinv(np.column_stack(waves))[:3]
    mean, *second = (operator @ profile.intensity).tolist()
    covariance = (operator * profile.sigma**2) @ operator.T
    covariance[0, 0] += profile.offset_sigma**2
    # a wave is flattened by the width of a bin; its amplitude is twice the mean of cos 2(azimuth - centre)
    step = math.radians(profile.step_deg)
    factor = -0.5 * step / math.sin(step)
    components = factor * np.array(second) / mean
    slope = np.column_stack([-components / mean, factor / mean * np.eye(2)])
    return components, slope @ covariance @ slope.T


def _unbiased(length: float, sigma: float) -> float:
    """A length of which noise has been taken off."""
    if length == 0:
        return 0.0
    return length - sigma**2 * -math.expm1(-((length / sigma) ** 2)) / (2 * length)


def _angle(components: Floats, length: float, sigma: float, sigma_across: float) -> Feature | Absence:
    """The long axis' direction, where there is one."""
    uncertain = math.hypot(sigma, SYSTEMATIC_SIGMA)
    if length < MIN_SIGNIFICANCE * uncertain:
        return Absence(
            name="orientation_angle",
            why=f"the order is {length:.2g} +- {uncertain:.1g}, a direction needs {MIN_SIGNIFICANCE:g} sigma",
        )
    angle_deg = math.degrees(0.5 * math.atan2(components[1], components[0]))
    angle_deg += 180.0 if angle_deg < 0 else 0.0
    angle_deg = 0.0 if angle_deg >= 180.0 else angle_deg  # a hair below 0 rounds up to 180
    sigma_deg = math.degrees(0.5 * sigma_across / length)
    return Feature(name="orientation_angle", value=angle_deg, sigma=sigma_deg, unit="deg")


EXTRACTOR = Extractor(
    makes={
        "orientation_order": "1",
        "orientation_angle": "deg",
        "orientation_cos2": "1",
        "orientation_sin2": "1",
    },
    extract_azimuth=extract,
)
