"""The ideal pattern of fibres: how strongly they scatter, and in which directions.

A two-phase medium without long-range order (Debye & Bueche 1949, J. Appl. Phys. 20, 518; Debye, Anderson &
Brumberger 1957, J. Appl. Phys. 28, 679), whose scattering gathers at right angles to the long axes.
"""

import math

import numpy as np
import numpy.typing as npt
from scipy.special import i0e, i1e

from models.domain.scattering import Floats
from sims.specimen import Fabric

INVARIANT_INV_CM_NM3 = 3158.0
"""Invariant over phi (1 - phi): 2 pi^2 contrast^2, mineral in collagen, (4e11 cm^-2)^2, 1/cm/nm^3."""
N_AZIMUTHS = 1440
"""Steps of a table of azimuth over half a turn."""


def scatter_fabric(fabric: Fabric, q_inv_nm: Floats) -> Floats:
    """Mean over azimuth of the scattering of one population: dSigma/dOmega, shape (n_q,), 1/cm.

    I = 4 Q l^3 / pi / (1 + q^2 l^2)^2, whose integral of q^2 I is Q; the length l is 4 phi (1 - phi) V / S.
    """
    forward_inv_cm = 4 * invariant_of(fabric) * fabric.length_nm**3 / np.pi
    return forward_inv_cm / (1 + (q_inv_nm * fabric.length_nm) ** 2) ** 2


def invariant_of(fabric: Fabric) -> float:
    """Integral of q^2 I over all q, by its share of the thickness, 1/cm/nm^3."""
    return fabric.share * fabric.contrast * INVARIANT_INV_CM_NM3


def invariant_between(fabric: Fabric, q_min_inv_nm: float, q_max_inv_nm: float) -> float:
    """Integral of q^2 I between two q, in closed form, 1/cm/nm^3."""

    def up_to(q_inv_nm: float) -> float:
        u = q_inv_nm * fabric.length_nm
        return 2 / math.pi * (math.atan(u) - u / (1 + u**2))

    return invariant_of(fabric) * (up_to(q_max_inv_nm) - up_to(q_min_inv_nm))


def count_between(fabric: Fabric, q_min_inv_nm: float, q_max_inv_nm: float) -> float:
    """Integral of q I between two q, to which its counts on a flat detector are proportional, 1/cm/nm^2."""

    def beyond(q_inv_nm: float) -> float:
        return 1 / (1 + (q_inv_nm * fabric.length_nm) ** 2)

    all_inv_cm_nm2 = 2 * invariant_of(fabric) * fabric.length_nm / math.pi
    return all_inv_cm_nm2 * (beyond(q_min_inv_nm) - beyond(q_max_inv_nm))


def order_of(fabric: Fabric) -> float:
    """Mean of cos 2(azimuth - its centre) over the pattern, 0 to 1: I1 / I0 of the concentration."""
    return float(i1e(fabric.concentration) / i0e(fabric.concentration))


def tabulate_azimuth(fabric: Fabric) -> npt.NDArray[np.float32]:
    """Scattering at each azimuth of the table over its mean, shape (n_azimuths,)."""
    azimuth_rad = np.pi * (np.arange(N_AZIMUTHS) + 0.5) / N_AZIMUTHS
    centre_rad = fabric.axis_rad + np.pi / 2
    kappa = fabric.concentration
    pattern = np.exp(kappa * (np.cos(2 * (azimuth_rad - centre_rad)) - 1)) / i0e(kappa)
    return pattern.astype(np.float32)


def index_azimuth(x_mm: Floats, y_mm: Floats) -> npt.NDArray[np.int32]:
    """Which entry of the table a pixel sees, from its place relative to the direct beam, same shape."""
    turn = np.mod(np.arctan2(y_mm, x_mm) / np.pi, 1.0)
    return np.minimum((turn * N_AZIMUTHS).astype(np.int32), N_AZIMUTHS - 1)
