"""The closed forms against sasmodels, which is compiled, and against limits that need no library."""

import shutil
from collections.abc import Callable

import numpy as np
import pytest

from models.domain.scattering import Floats
from sims.order import order_hexagonally, repel_hard_spheres, stack_layers
from sims.phases import Bilayer, Composition, Cylinder, Lamellar, Micelle, Vesicle, assemble
from sims.scattering import AMPHIPHILE_INV_CM, WATER_INV_CM, scatter
from sims.shapes import (
    CORE_CONTRAST,
    SHELL_CONTRAST,
    scatter_bilayer,
    scatter_cylinder,
    scatter_micelle,
    scatter_vesicle,
)

Q = np.linspace(0.1, 3.0, 60)
WATER_SLD = 9.5
NO_SPREAD = 1e-9
Peer = Callable[..., Floats]

needs_compiler = pytest.mark.skipif(
    shutil.which("cc") is None, reason="sasmodels compiles its kernels: no C compiler here"
)


@pytest.fixture(scope="module")
def peer() -> Peer:
    """sasmodels in our units: lengths in nm, scattering length densities in 1e10 / cm2."""
    from sasmodels.core import load_model
    from sasmodels.direct_model import call_kernel

    lengths = ("radius", "thickness", "length", "length_tail", "length_head")
    slds = ("sld", "sld_core", "sld_shell", "sld_solvent", "sld_head")

    def run(name: str, q_inv_nm: Floats, **parameters: float) -> Floats:
        converted = {"scale": 1.0, "background": 0.0}
        for key, value in parameters.items():
            # 1 A = 0.1 nm; 1e-6 / A2 = 1e10 / cm2
            converted[key] = 10 * value if key in lengths else value
        assert set(parameters) <= {*lengths, *slds, "radius_effective", "volfraction"}
        kernel = load_model(name, dtype="double", platform="dll").make_kernel([q_inv_nm / 10])
        return np.asarray(call_kernel(kernel, converted))

    return run


@needs_compiler
def test_core_shell_spheres_equal_those_of_sasmodels(peer: Peer) -> None:
    ours = scatter_micelle(Micelle(1.8, 0.6, NO_SPREAD, 2.5, 0.1), Q).mean_square
    theirs = peer(
        "core_shell_sphere",
        Q,
        radius=1.8,
        thickness=0.6,
        sld_core=WATER_SLD + CORE_CONTRAST,
        sld_shell=WATER_SLD + SHELL_CONTRAST,
        sld_solvent=WATER_SLD,
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-9)


@needs_compiler
def test_hard_spheres_repel_as_in_sasmodels(peer: Peer) -> None:
    ours = repel_hard_spheres(Micelle(1.8, 0.6, 0.1, 2.5, 0.3), Q)
    theirs = peer("hardsphere", Q, radius_effective=25.0, volfraction=0.3)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


@needs_compiler
def test_long_cylinders_equal_those_of_sasmodels_up_to_their_ends(peer: Peer) -> None:
    cylinder = Cylinder(1.6, 0.6, NO_SPREAD, 60, 6, 50, 1, 0.5)
    ours = scatter_cylinder(cylinder, Q).mean_square
    theirs = peer(
        "core_shell_cylinder",
        Q,
        radius=1.6,
        thickness=0.6,
        # sasmodels closes the ends with shell; ours has none, so its whole length is 60 nm
        length=60 - 2 * 0.6,
        sld_core=WATER_SLD + CORE_CONTRAST,
        sld_shell=WATER_SLD + SHELL_CONTRAST,
        sld_solvent=WATER_SLD,
    )
    np.testing.assert_allclose(ours, theirs, rtol=0.05, atol=2e-3 * ours.max())


@needs_compiler
def test_membranes_equal_those_of_sasmodels(peer: Peer) -> None:
    ours = scatter_bilayer(Bilayer(1.2, 0.5), Q)
    theirs = peer(
        "lamellar_hg",
        Q,
        length_tail=1.2,
        length_head=0.5,
        sld=WATER_SLD + CORE_CONTRAST,
        sld_head=WATER_SLD + SHELL_CONTRAST,
        sld_solvent=WATER_SLD,
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


@needs_compiler
def test_thin_vesicles_equal_those_of_sasmodels(peer: Peer) -> None:
    bilayer = Bilayer(0.05, 0.01)
    radius = 20.0
    ours = scatter_vesicle(Vesicle(radius, 0.0), bilayer, Q)
    # heads and tails this thin are one shell of their mean contrast
    contrast = (0.05 * CORE_CONTRAST + 0.01 * SHELL_CONTRAST) / 0.06
    theirs = peer(
        "vesicle",
        Q,
        radius=radius - 0.06,
        thickness=0.12,
        sld=WATER_SLD + contrast,
        sld_solvent=WATER_SLD,
        volfraction=1.0,
    )
    np.testing.assert_allclose(ours, theirs, atol=0.01 * theirs.max())


def test_a_hexagonal_lattice_peaks_at_one_root_three_and_two() -> None:
    a_nm = 6.0
    q = np.linspace(0.5, 3.0, 4000)
    s = order_hexagonally(Cylinder(1.6, 0.6, 0.1, 60, a_nm, 150, 0.3, 1.0), q)
    summits = q[1:-1][(s[1:-1] > s[:-2]) & (s[1:-1] > s[2:]) & (s[1:-1] > 1.2)]
    first = 4 * np.pi / np.sqrt(3) / a_nm
    np.testing.assert_allclose(summits[:3] / first, [1, 3**0.5, 2], rtol=2e-3)


def test_a_lattice_keeps_the_mean_of_the_structure_factor_at_one() -> None:
    # order moves intensity about and makes none: S(q) weighted by the dimension's measure averages to 1
    q = np.linspace(1e-3, 40.0, 200_000)
    stack = stack_layers(Lamellar(6.0, 0.1, 1.0), q)
    assert stack.mean() == pytest.approx(1, abs=0.03)
    lattice = order_hexagonally(Cylinder(1.6, 0.6, 0.1, 60, 6.0, 60, 0.9, 1.0), q)
    assert (q @ lattice) / q.sum() == pytest.approx(1, abs=0.01)


def test_a_stack_peaks_at_two_pi_over_d() -> None:
    q = np.linspace(0.5, 1.6, 4000)
    s = stack_layers(Lamellar(6.0, 0.05, 1.0), q)
    assert q[s.argmax()] == pytest.approx(2 * np.pi / 6.0, rel=2e-3)


def test_pure_water_scatters_nothing_above_itself() -> None:
    assert not scatter(assemble(Composition(0, 0, 1)), Q).any()


def test_intensity_is_positive_and_finite_over_the_whole_triangle() -> None:
    q = np.geomspace(0.02, 5, 100)
    for i in range(21):
        for j in range(21 - i):
            intensity = scatter(assemble(Composition(i / 20, j / 20, 1 - i / 20 - j / 20)), q)
            assert np.isfinite(intensity).all()
            assert (intensity >= 0).all()


def test_far_out_only_the_flat_scattering_of_the_chains_is_left() -> None:
    intensity = scatter(assemble(Composition(0.2, 0.2, 0.6)), np.array([40.0]))
    assert intensity[0] == pytest.approx(0.4 * (AMPHIPHILE_INV_CM - WATER_INV_CM), rel=1e-6)


def test_a_dilute_sample_scatters_in_proportion_to_its_concentration() -> None:
    thin, thick = (scatter(assemble(Composition(f, 0, 1 - f)), Q) for f in (1e-4, 2e-4))
    np.testing.assert_allclose(thick / thin, 2, rtol=5e-3)
