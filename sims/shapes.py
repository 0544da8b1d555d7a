"""How one kind of particle scatters: closed forms, in 1/cm for a volume fraction of 1.

Lengths are in nm, contrasts in 1e10 / cm2. Each function is the mean square amplitude of one particle
over its volume; `MeanAmplitudes` also carries the square of the mean, which positions act on when sizes
differ (Kotlarchyk & Chen 1983, J. Chem. Phys. 79, 2461).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import j1, sici, spherical_jn

from models.domain.scattering import Floats
from sims.phases import Bilayer, Cylinder, Micelle, Vesicle

CORE_CONTRAST = -1.9
"""Hydrocarbon chains (7.6) less water (9.5), 1e10 / cm2."""
SHELL_CONTRAST = 0.4
"""Hydrated head groups (9.9) less water (9.5), 1e10 / cm2."""
INV_CM = 0.1
"""1 nm3 x (1e10 / cm2)^2 in 1/cm."""
N_SIZES = 11
"""Gauss-Hermite nodes for a spread of radii."""


@dataclass(frozen=True, eq=False)
class MeanAmplitudes:
    """Scattering of particles of one kind, per volume fraction."""

    mean_square: Floats
    """<F^2> / <V>, shape (n_q,), 1/cm."""
    square_mean: Floats
    """<F>^2 / <V>, shape (n_q,), 1/cm."""

    def ordered_by(self, structure: Floats) -> Floats:
        """Intensity per volume fraction once positions follow a structure factor S(q), 1/cm."""
        return self.mean_square + self.square_mean * (structure - 1)


def scatter_micelle(micelle: Micelle, q_inv_nm: Floats) -> MeanAmplitudes:
    """Core-shell spheres with a Gaussian spread of core radii and a constant shell."""
    core_nm, share = _spread(micelle.core_radius_nm, micelle.relative_spread)
    outer_nm = core_nm + micelle.shell_nm
    amplitude = _core_shell(_sphere(q_inv_nm, core_nm), _sphere(q_inv_nm, outer_nm))
    return _average(amplitude, share, share @ (4 / 3 * np.pi * outer_nm**3))


def scatter_cylinder(cylinder: Cylinder, q_inv_nm: Floats) -> MeanAmplitudes:
    """Core-shell cylinders, much longer than thick: cross-section times thin rod.

    The rod is Neugebauer's (1943, Ann. Phys. 434, 509); its end caps are left out.
    """
    core_nm, share = _spread(cylinder.core_radius_nm, cylinder.relative_spread)
    outer_nm = core_nm + cylinder.shell_nm
    amplitude = _core_shell(_disc(q_inv_nm, core_nm), _disc(q_inv_nm, outer_nm))
    section = _average(amplitude, share, share @ (np.pi * outer_nm**2))
    phase = np.maximum(q_inv_nm * cylinder.length_nm, 1e-6)
    rod = 2 * sici(phase)[0] / phase - np.sinc(phase / 2 / np.pi) ** 2
    along_nm = cylinder.length_nm * rod
    return MeanAmplitudes(section.mean_square * along_nm, section.square_mean * along_nm)


def scatter_bilayer(bilayer: Bilayer, q_inv_nm: Floats) -> Floats:
    """Flat head-tail-head membranes in all directions, 1/cm (Nallet et al. 1993, J. Phys. II 3, 487)."""
    amplitude = (
        2
        * (
            SHELL_CONTRAST * np.sin(q_inv_nm * (bilayer.tail_nm + bilayer.head_nm))
            + (CORE_CONTRAST - SHELL_CONTRAST) * np.sin(q_inv_nm * bilayer.tail_nm)
        )
        / q_inv_nm
    )
    return INV_CM * 2 * np.pi * amplitude**2 / (bilayer.thickness_nm * q_inv_nm**2)


def scatter_vesicle(vesicle: Vesicle, bilayer: Bilayer, q_inv_nm: Floats) -> Floats:
    """Closed shells, 1/cm: the membrane times its curvature (Pencer et al. 2006, J. Appl. Cryst. 39, 293).

    For a Gaussian spread of radii the mean of 2 sin^2(qR) is closed: 1 - cos(2qR) exp(-2 q^2 s^2).
    """
    blur = np.exp(-2 * (q_inv_nm * vesicle.radius_sigma_nm) ** 2)
    closure = 1 - np.cos(2 * q_inv_nm * vesicle.radius_nm) * blur
    return scatter_bilayer(bilayer, q_inv_nm) * closure


def _spread(mean: float, relative_spread: float) -> tuple[Floats, Floats]:
    """Nodes of a Gaussian spread and the share of each."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(N_SIZES)
    return mean * (1 + relative_spread * nodes), weights / weights.sum()


def _core_shell(core: Floats, whole: Floats) -> Floats:
    return (CORE_CONTRAST - SHELL_CONTRAST) * core + SHELL_CONTRAST * whole


def _average(amplitude: Floats, share: Floats, volume: npt.NDArray[np.float64] | float) -> MeanAmplitudes:
    """Averages over sizes, the last axis, per unit of volume (or of area, for a cross-section)."""
    return MeanAmplitudes(
        INV_CM * (amplitude**2 @ share) / volume, INV_CM * (amplitude @ share) ** 2 / volume
    )


def _sphere(q_inv_nm: Floats, radius_nm: Floats) -> Floats:
    """Volume times form amplitude of spheres, shape (n_q, n_radii), nm3."""
    phase = np.outer(q_inv_nm, radius_nm)
    return 4 * np.pi * radius_nm**3 * spherical_jn(1, phase) / phase


def _disc(q_inv_nm: Floats, radius_nm: Floats) -> Floats:
    """Area times form amplitude of discs, shape (n_q, n_radii), nm2."""
    phase = np.outer(q_inv_nm, radius_nm)
    return 2 * np.pi * radius_nm**2 * j1(phase) / phase
