"""The hidden phase diagram: what a mixture of surfactant, cosurfactant and water assembles into.

Two numbers steer it: how much amphiphile there is, and what share of it is cosurfactant. The share
raises the packing parameter (Israelachvili, Mitchell & Ninham 1976, J. Chem. Soc. Faraday Trans. 2
72, 1525), so spheres give way to cylinders and cylinders to bilayers; concentration orders cylinders
on a hexagonal lattice and turns vesicles into stacks. All densities are 1 g/cm3, so that mass
fractions are volume fractions.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from models.domain.errors import UnreachablePoint
from models.domain.space import SUM_TOLERANCE

COMPONENTS = ("surfactant", "cosurfactant", "water")
"""What the mixture is made of, by mass fraction; pure water is the blank."""

MICELLE_TO_CYLINDER_PACKING = 0.42
CYLINDER_TO_BILAYER_PACKING = 0.66
PACKING_WIDTH = 0.022
"""Half-width of a coexistence region, in units of the packing parameter."""
UNBINDING_FRACTION = 0.20
UNBINDING_WIDTH = 0.03
"""Bilayers stack above the unbinding fraction and close to vesicles below it."""
SMALLEST_FRACTION = 0.02
"""Below, spacings stop growing: there are too few particles left to feel each other."""


@dataclass(frozen=True)
class Composition:
    """Mass fractions that add up to 1."""

    surfactant: float
    """Mass fraction of surfactant."""
    cosurfactant: float
    """Mass fraction of cosurfactant."""
    water: float
    """Mass fraction of water."""

    @property
    def amphiphile(self) -> float:
        """Mass fraction of all that is not water."""
        return self.surfactant + self.cosurfactant

    @property
    def cosurfactant_share(self) -> float:
        """Cosurfactant over amphiphile; 0 in pure water."""
        return self.cosurfactant / self.amphiphile if self.amphiphile > 0 else 0.0


@dataclass(frozen=True)
class PhaseWeights:
    """Share of the amphiphile in each phase; the shares add up to 1."""

    micelle: float
    cylinder: float
    lamellar: float
    vesicle: float


@dataclass(frozen=True)
class Micelle:
    """Core-shell spheres that repel each other as hard spheres."""

    core_radius_nm: float
    shell_nm: float
    relative_spread: float
    """Standard deviation of the core radius over its mean."""
    hard_sphere_radius_nm: float
    hard_sphere_fraction: float


@dataclass(frozen=True)
class Cylinder:
    """Core-shell cylinders, from loose rods to a hexagonal lattice."""

    core_radius_nm: float
    shell_nm: float
    relative_spread: float
    """Standard deviation of the core radius over its mean."""
    length_nm: float
    lattice_nm: float
    """Distance of neighbours on the hexagonal lattice."""
    domain_nm: float
    """Size of a coherent domain."""
    displacement_nm: float
    """Root mean square displacement from the lattice, per direction."""
    correlation: float
    """0: positions are random; 1: the lattice fills all space."""


@dataclass(frozen=True)
class Bilayer:
    """The membrane that lamellae and vesicles are made of."""

    tail_nm: float
    """Thickness of one tail layer."""
    head_nm: float
    """Thickness of one head layer."""

    @property
    def thickness_nm(self) -> float:
        """Thickness of the whole membrane."""
        return 2 * (self.tail_nm + self.head_nm)


@dataclass(frozen=True)
class Lamellar:
    """Bilayers in a stack."""

    spacing_nm: float
    """Repeat distance d."""
    disorder: float
    """Standard deviation of the distance of neighbours over d."""
    correlation: float
    """0: the bilayers do not feel each other; 1: all stand in stacks."""


@dataclass(frozen=True)
class Vesicle:
    """Bilayers that closed to spherical shells."""

    radius_nm: float
    """Mean mid-plane radius."""
    radius_sigma_nm: float
    """Its standard deviation, weighted by area."""


@dataclass(frozen=True)
class Assembly:
    """All that the scattering of one mixture depends on."""

    amphiphile: float
    """Volume fraction of amphiphile."""
    weights: PhaseWeights
    micelle: Micelle
    cylinder: Cylinder
    bilayer: Bilayer
    lamellar: Lamellar
    vesicle: Vesicle


def read_composition(fractions: Mapping[str, float]) -> Composition:
    """Mass fractions by name, checked.

    Raises
    ------
    UnreachablePoint
        When a component is missing or unknown, negative, or the sum is not 1.
    """
    if set(fractions) != set(COMPONENTS):
        raise UnreachablePoint(
            f"a mixture of {', '.join(sorted(fractions)) or 'nothing'} cannot be made; "
            f"give mass fractions of {', '.join(COMPONENTS)}"
        )
    total = sum(fractions.values())
    lowest = min(fractions, key=lambda name: fractions[name])
    if not fractions[lowest] >= -SUM_TOLERANCE:
        raise UnreachablePoint(f"{lowest} = {fractions[lowest]:g} is below 0; give a mass fraction of 0 to 1")
    if not abs(total - 1) <= SUM_TOLERANCE:
        raise UnreachablePoint(f"the mass fractions add up to {total:g}, must be 1; scale them")
    return Composition(*(max(0.0, fractions[name]) for name in COMPONENTS))


def assemble(composition: Composition) -> Assembly:
    """What a mixture assembles into: shares of the phases and their dimensions."""
    amphiphile, share = composition.amphiphile, composition.cosurfactant_share
    packing = 0.30 + 0.60 * share + 0.30 * amphiphile**2
    bilayer = Bilayer(tail_nm=1.30 - 0.15 * share, head_nm=0.50)
    return Assembly(
        amphiphile=amphiphile,
        weights=_weigh_phases(packing, amphiphile),
        micelle=_shape_micelle(amphiphile, share),
        cylinder=_shape_cylinder(amphiphile, share),
        bilayer=bilayer,
        lamellar=_stack(bilayer, amphiphile, share),
        vesicle=Vesicle(radius_nm=12 + 25 * share, radius_sigma_nm=0.2 * (12 + 25 * share)),
    )


def _weigh_phases(packing: float, amphiphile: float) -> PhaseWeights:
    elongated = _step((packing - MICELLE_TO_CYLINDER_PACKING) / PACKING_WIDTH)
    flat = _step((packing - CYLINDER_TO_BILAYER_PACKING) / PACKING_WIDTH)
    stacked = _step((amphiphile - UNBINDING_FRACTION) / UNBINDING_WIDTH)
    return PhaseWeights(
        micelle=1 - elongated,
        cylinder=elongated * (1 - flat),
        lamellar=elongated * flat * stacked,
        vesicle=elongated * flat * (1 - stacked),
    )


def _shape_micelle(amphiphile: float, share: float) -> Micelle:
    core_radius_nm, shell_nm = 1.7 + 0.6 * share + 0.3 * amphiphile, 0.6
    return Micelle(
        core_radius_nm=core_radius_nm,
        shell_nm=shell_nm,
        relative_spread=0.09,
        hard_sphere_radius_nm=1.05 * (core_radius_nm + shell_nm),
        # bends over, because spheres cannot be packed denser and stay liquid
        hard_sphere_fraction=0.42 * math.tanh(1.2 * amphiphile / 0.42),
    )


def _shape_cylinder(amphiphile: float, share: float) -> Cylinder:
    core_radius_nm, shell_nm = 1.5 + 0.4 * share, 0.6
    # each cell of area sqrt(3)/2 a^2 holds one cylinder: the lattice swells with water
    filling = math.hypot(amphiphile, SMALLEST_FRACTION)
    lattice_nm = (core_radius_nm + shell_nm) * math.sqrt(2 * math.pi / (math.sqrt(3) * filling))
    order = _hill((amphiphile - 0.50) / 0.16, (share - 0.26) / 0.12)
    return Cylinder(
        core_radius_nm=core_radius_nm,
        shell_nm=shell_nm,
        relative_spread=0.07,
        length_nm=20 + 60 * share + 40 * amphiphile,
        lattice_nm=lattice_nm,
        domain_nm=30 + 40 * order,
        displacement_nm=(0.21 - 0.105 * order) * lattice_nm,
        correlation=0.9 * _crowding(amphiphile),
    )


def _stack(bilayer: Bilayer, amphiphile: float, share: float) -> Lamellar:
    # dilute stacks undulate (Helfrich 1978), dry ones freeze in defects, and away from the ideal share
    # the membrane is too stiff or leaks: order has one summit
    order = _hill((amphiphile - 0.52) / 0.21, (share - 0.67) / 0.20)
    return Lamellar(
        spacing_nm=bilayer.thickness_nm / math.hypot(amphiphile, SMALLEST_FRACTION),
        disorder=0.19 - 0.095 * order,
        correlation=0.85 * _crowding(amphiphile),
    )


def _crowding(fraction: float) -> float:
    """1 - S(0) of hard spheres (Percus-Yevick, compressibility): how much neighbours matter."""
    return 1 - (1 - fraction) ** 4 / (1 + 2 * fraction) ** 2


def _hill(*offsets: float) -> float:
    return math.exp(-0.5 * sum(offset**2 for offset in offsets))


def _step(offset: float) -> float:
    return 0.5 * (1 + math.tanh(offset / 2))
