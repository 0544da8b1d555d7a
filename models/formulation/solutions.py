"""What one millilitre of a stock holds."""

from collections.abc import Mapping
from dataclasses import dataclass

from models.domain.deck import REST, ComponentSpec, StockSpec
from models.domain.errors import BadInput
from models.formulation.amounts import content, positive

FULL = 1e-6
"""How far a stock without a rest may be from full, relative."""


@dataclass(frozen=True)
class Component:
    """One chemical, in numbers."""

    name: str
    """Its name."""
    density_g_ml: float | None
    """Density of the pure component, g/mL; None when it is not known."""
    molar_mass_g_mol: float | None
    """Molar mass, g/mol; None when it is not known."""

    def density(self, needed_for: str) -> float:
        """The density, g/mL.

        Raises
        ------
        BadInput
            When it is not known.
        """
        if self.density_g_ml is None:
            raise BadInput(
                f"component {self.name!r}", f"has no density, which {needed_for} needs",
                'Add it, such as density = "1.05 g/mL"',
            )  # fmt: skip
        return self.density_g_ml

    def molar_mass(self, needed_for: str) -> float:
        """The molar mass, g/mol.

        Raises
        ------
        BadInput
            When it is not known.
        """
        if self.molar_mass_g_mol is None:
            raise BadInput(
                f"component {self.name!r}", f"has no molar mass, which {needed_for} needs",
                'Add it, such as molar_mass = "288.4 g/mol"',
            )  # fmt: skip
        return self.molar_mass_g_mol


@dataclass(frozen=True)
class Solution:
    """One millilitre of a stock."""

    density_g_ml: float
    """Mass of all of it, g/mL."""
    mass_g_ml: Mapping[str, float]
    """Mass of each component in it, g/mL; those it does not hold are absent."""


def read_component(spec: ComponentSpec) -> Component:
    """A component in numbers."""
    where = f"component {spec.name!r}"
    return Component(
        name=spec.name,
        density_g_ml=None if spec.density is None else positive(spec.density, "g/mL", f"{where}, density"),
        molar_mass_g_mol=(
            None if spec.molar_mass is None else positive(spec.molar_mass, "g/mol", f"{where}, molar_mass")
        ),
    )


def read_solution(spec: StockSpec, components: Mapping[str, Component]) -> Solution:
    """What a millilitre of a stock holds; volumes of its components add up where its density is not given.

    Parameters
    ----------
    spec
        The stock.
    components
        The components, by name.

    Raises
    ------
    BadInput
        When its fractions exceed 1 or leave room that nothing fills, or when a density is missing.
    """
    where = f"stock {spec.name!r}"
    fractions, masses = _contents(spec, components, where)
    filler = next((name for name, text in spec.holds.items() if text.strip() == REST), None)
    if spec.density is not None:
        density = positive(spec.density, "g/mL", f"{where}, density")
    else:
        density = _ideal_density(fractions, masses, filler, _volumes(spec, components, where), where)
    if density <= 0.0:
        raise BadInput(where, "holds nothing", f'Say what fills it up, such as water = "{REST}"')
    masses |= {name: fraction * density for name, fraction in fractions.items()}
    missing = density - sum(masses.values())
    if missing < -FULL * density:
        raise _overfull(where, sum(masses.values()) / density)
    if filler is not None:
        return Solution(density, masses | {filler: max(missing, 0.0)})
    if missing > FULL * density:
        raise BadInput(
            where, f"is filled to {1.0 - missing / density:.4g} of its mass",
            f'Say what fills it up, such as water = "{REST}"',
        )  # fmt: skip
    return Solution(density, masses)


def _contents(
    spec: StockSpec, components: Mapping[str, Component], where: str
) -> tuple[dict[str, float], dict[str, float]]:
    """Mass fractions of components that were given so, and g/mL of all others but the rest."""
    fractions: dict[str, float] = {}
    masses: dict[str, float] = {}
    in_volume = 0.0
    for name, text in spec.holds.items():
        if text.strip() == REST:
            continue
        kind, value = content(text, f"{where}, {name}")
        if kind == "mass fraction":
            fractions[name] = value
        elif kind == "concentration":
            masses[name] = value
        elif kind == "volume fraction":
            in_volume += value
            masses[name] = value * components[name].density(f"{text} in {where}")
        else:
            masses[name] = value / 1e3 * components[name].molar_mass(f"{text} in {where}")
    for total in (sum(fractions.values()), in_volume):
        if total > 1.0 + FULL:
            raise _overfull(where, total)
    return fractions, masses


def _volumes(spec: StockSpec, components: Mapping[str, Component], where: str) -> dict[str, float]:
    """Volume of one gram of each component of a stock, mL."""
    needed_for = f"{where} (or give the density of the stock)"
    return {name: 1.0 / components[name].density(needed_for) for name in spec.holds}


def _ideal_density(
    fractions: Mapping[str, float],
    masses: Mapping[str, float],
    filler: str | None,
    volumes: Mapping[str, float],
    where: str,
) -> float:
    """Density at which the volumes of the components add up to that of the stock, g/mL.

    With d the density, w the mass fractions, m the masses per volume and v the volumes of a gram, the filler
    f has the mass d (1 - sum w) - sum m, and d sum(w v) + sum(m v) + that mass times v_f = 1 gives d.
    """
    by_fraction = sum(fraction * volumes[name] for name, fraction in fractions.items())
    room = 1.0 - sum(mass * volumes[name] for name, mass in masses.items())
    if room < -FULL:
        raise _overfull(where, 1.0 - room)
    if filler is not None:
        room += sum(masses.values()) * volumes[filler]
        return room / (by_fraction + (1.0 - sum(fractions.values())) * volumes[filler])
    if fractions:
        return max(room, 0.0) / by_fraction if room > FULL and by_fraction > 0.0 else sum(masses.values())
    if room > FULL:
        raise BadInput(
            where, f"is filled to {1.0 - room:.4g} of its volume",
            f'Say what fills it up, such as water = "{REST}"',
        )  # fmt: skip
    return sum(masses.values())


def _overfull(where: str, total: float) -> BadInput:
    return BadInput(where, f"holds {total:.4g} of what it can, must be at most 1", "Lower its contents")
