import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.domain.errors import UnreachablePoint
from sims.phases import Assembly, Composition, assemble, read_composition

fraction = st.floats(0, 1)


def mix(surfactant: float, cosurfactant: float) -> Assembly:
    return assemble(Composition(surfactant, cosurfactant, 1 - surfactant - cosurfactant))


@given(amphiphile=fraction, share=fraction)
def test_the_shares_of_the_phases_add_up_to_one_everywhere(amphiphile: float, share: float) -> None:
    weights = dataclasses.astuple(mix(amphiphile * share, amphiphile * (1 - share)).weights)
    assert sum(weights) == pytest.approx(1, abs=1e-12)
    assert min(weights) >= 0


@given(amphiphile=st.floats(0.05, 0.95), share=st.floats(0.02, 0.98))
def test_a_small_step_in_composition_is_a_small_step_in_phase(amphiphile: float, share: float) -> None:
    here = dataclasses.astuple(mix(amphiphile * (1 - share), amphiphile * share).weights)
    moved = share + 1e-3
    there = dataclasses.astuple(mix(amphiphile * (1 - moved), amphiphile * moved).weights)
    assert max(abs(a - b) for a, b in zip(here, there, strict=True)) < 0.02


@pytest.mark.parametrize(
    ("surfactant", "cosurfactant", "phase"),
    [(0.10, 0.0, "micelle"), (0.36, 0.13, "cylinder"), (0.17, 0.35, "lamellar"), (0.02, 0.06, "vesicle")],
)
def test_each_phase_has_a_region_of_its_own(surfactant: float, cosurfactant: float, phase: str) -> None:
    assert getattr(mix(surfactant, cosurfactant).weights, phase) > 0.9


def test_phases_coexist_between_their_regions() -> None:
    shares = [mix(0.3 * (1 - x / 100), 0.3 * x / 100).weights for x in range(101)]
    assert any(0.3 < w.micelle < 0.7 and 0.3 < w.cylinder < 0.7 for w in shares)
    assert any(0.3 < w.cylinder < 0.7 and 0.3 < w.lamellar < 0.7 for w in shares)


def test_water_swells_the_lattices() -> None:
    wet, dry = mix(0.1, 0.2), mix(0.2, 0.4)
    assert wet.lamellar.spacing_nm == pytest.approx(2 * dry.lamellar.spacing_nm, rel=0.01)
    assert wet.cylinder.lattice_nm == pytest.approx(2**0.5 * dry.cylinder.lattice_nm, rel=0.01)


def test_lamellar_order_grows_with_concentration_and_then_falls() -> None:
    dilute, ideal, dry = (mix(0.33 * f, 0.67 * f).lamellar.disorder for f in (0.25, 0.52, 0.9))
    assert ideal < dilute
    assert ideal < dry


@pytest.mark.parametrize(
    ("fractions", "complaint"),
    [
        ({"surfactant": 0.5, "water": 0.5}, "cosurfactant"),
        ({"surfactant": 0.5, "cosurfactant": 0.0, "oil": 0.5}, "oil"),
        ({"surfactant": -0.1, "cosurfactant": 0.1, "water": 1.0}, r"surfactant = -0\.1"),
        ({"surfactant": 0.2, "cosurfactant": 0.2, "water": 0.7}, r"add up to 1\.1"),
        ({"surfactant": float("nan"), "cosurfactant": 0.2, "water": 0.7}, "surfactant|add up"),
    ],
)
def test_a_mixture_that_cannot_be_made_is_refused_by_name(
    fractions: dict[str, float], complaint: str
) -> None:
    with pytest.raises(UnreachablePoint, match=complaint):
        read_composition(fractions)
