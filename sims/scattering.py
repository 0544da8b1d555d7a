"""The ideal curve of a mixture: macroscopic differential cross-section on an absolute scale."""

import numpy as np

from models.domain.scattering import Floats
from sims.order import order_hexagonally, repel_hard_spheres, stack_layers
from sims.phases import Assembly
from sims.shapes import scatter_bilayer, scatter_cylinder, scatter_micelle, scatter_vesicle

WATER_INV_CM = 0.0163
"""Flat scattering of water at 20 C (Orthaber, Bergmann & Glatter 2000, J. Appl. Cryst. 33, 218)."""
AMPHIPHILE_INV_CM = 0.0300
"""Flat scattering of the liquid chains."""
INTERFACE_NM = 0.25
"""Half-width of the Gaussian that blurs every interface."""
AGGREGATE_INV_CM = 60.0
"""Forward scattering of damaged amphiphile, per volume fraction."""
AGGREGATE_LENGTH_NM = 12.0
"""Correlation length of damaged amphiphile (Debye & Bueche 1949, J. Appl. Phys. 20, 518)."""


def scatter(assembly: Assembly, q_inv_nm: Floats, *, damaged_share: float = 0.0) -> Floats:
    """Scattering of a mixture above that of water.

    Parameters
    ----------
    assembly
        What the mixture assembles into.
    q_inv_nm
        Where, shape (n_q,), 1/nm, above 0.
    damaged_share
        Share of the amphiphile that the beam has turned into aggregates, 0 to 1.

    Returns
    -------
    Floats
        dSigma/dOmega less that of pure water, shape (n_q,), 1/cm.
    """
    if assembly.amphiphile == 0:
        return np.zeros_like(q_inv_nm)
    whole = _scatter_phases(assembly, q_inv_nm) * np.exp(-((q_inv_nm * INTERFACE_NM) ** 2))
    aggregates = AGGREGATE_INV_CM / (1 + (q_inv_nm * AGGREGATE_LENGTH_NM) ** 2) ** 2
    flat = AMPHIPHILE_INV_CM - WATER_INV_CM
    return assembly.amphiphile * ((1 - damaged_share) * whole + damaged_share * aggregates + flat)


def _scatter_phases(assembly: Assembly, q_inv_nm: Floats) -> Floats:
    """Phases side by side, per volume fraction of amphiphile, 1/cm."""
    weights = assembly.weights
    micelle = scatter_micelle(assembly.micelle, q_inv_nm)
    cylinder = scatter_cylinder(assembly.cylinder, q_inv_nm)
    lamellar = scatter_bilayer(assembly.bilayer, q_inv_nm) * stack_layers(assembly.lamellar, q_inv_nm)
    return (
        weights.micelle * micelle.ordered_by(repel_hard_spheres(assembly.micelle, q_inv_nm))
        + weights.cylinder * cylinder.ordered_by(order_hexagonally(assembly.cylinder, q_inv_nm))
        + weights.lamellar * lamellar
        + weights.vesicle * scatter_vesicle(assembly.vesicle, assembly.bilayer, q_inv_nm)
    )
