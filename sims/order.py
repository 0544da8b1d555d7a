"""How particles arrange: structure factors S(q), pure numbers that tend to 1 at high q."""

import numpy as np

from models.domain.scattering import Floats
from sims.phases import Cylinder, Lamellar, Micelle

HEXAGONAL_SHELLS = ((1, 6), (3, 6), (4, 6), (7, 12), (9, 6), (12, 6), (13, 12), (16, 6), (19, 12), (21, 12))
"""h^2 + hk + k^2 and the count of reflections, for the innermost shells of the lattice."""
SCHERRER = 0.9
"""FWHM of a peak = 2 pi K / domain size."""
FWHM_PER_SIGMA = 2.3548


def repel_hard_spheres(micelle: Micelle, q_inv_nm: Floats) -> Floats:
    """Hard spheres in the closure of Percus and Yevick (Kinning & Thomas 1984, Macromolecules 17, 1712)."""
    eta = micelle.hard_sphere_fraction
    alpha = (1 + 2 * eta) ** 2 / (1 - eta) ** 4
    beta = -6 * eta * (1 + eta / 2) ** 2 / (1 - eta) ** 4
    gamma = eta * alpha / 2
    # below 0.05 the three brackets cancel to nothing in float64; S(q) is flat there
    a = np.maximum(2 * micelle.hard_sphere_radius_nm * q_inv_nm, 0.05)
    sin, cos = np.sin(a), np.cos(a)
    g = (
        alpha * (sin - a * cos) / a**2
        + beta * (2 * a * sin + (2 - a**2) * cos - 2) / a**3
        + gamma * (-(a**4) * cos + 4 * ((3 * a**2 - 6) * cos + (a**3 - 6 * a) * sin + 6)) / a**5
    )
    return 1 / (1 + 24 * eta * g / a)


def order_hexagonally(cylinder: Cylinder, q_inv_nm: Floats) -> Floats:
    """Powder of a hexagonal lattice with a Debye-Waller factor (Foerster et al. 2005, JPCB 109, 1347)."""
    first_inv_nm = 4 * np.pi / (np.sqrt(3) * cylinder.lattice_nm)
    cell_nm2 = np.sqrt(3) / 2 * cylinder.lattice_nm**2
    sigma_inv_nm = 2 * np.pi * SCHERRER / cylinder.domain_nm / FWHM_PER_SIGMA
    squares, counts = np.array(HEXAGONAL_SHELLS, dtype=np.float64).T
    offset = (q_inv_nm[:, None] - first_inv_nm * np.sqrt(squares)) / sigma_inv_nm
    peaks = np.exp(-0.5 * offset**2) / (sigma_inv_nm * np.sqrt(2 * np.pi))
    lattice = 2 * np.pi / (cell_nm2 * q_inv_nm) * (peaks @ counts)
    debye_waller = np.exp(-((q_inv_nm * cylinder.displacement_nm) ** 2))
    return 1 + cylinder.correlation * debye_waller * (lattice - 1)


def stack_layers(lamellar: Lamellar, q_inv_nm: Floats) -> Floats:
    """Paracrystal in one dimension (Hosemann & Bagchi 1962): each distance errs on its own."""
    keep = np.exp(-0.5 * (q_inv_nm * lamellar.disorder * lamellar.spacing_nm) ** 2)
    stack = (1 - keep**2) / (1 - 2 * keep * np.cos(q_inv_nm * lamellar.spacing_nm) + keep**2)
    return 1 + lamellar.correlation * (stack - 1)
