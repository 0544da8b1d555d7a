"""Curves and profiles whose features are known: what the coverage of sigmas is counted on."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.special import spherical_jn

from models.domain.scattering import AzimuthalProfile, Curve, Floats

Q_INV_NM = np.linspace(0.05, 4.0, 600)
"""Middles of the bins, 1/nm."""
PIXELS = 2 * Q_INV_NM / Q_INV_NM[0]
"""Pixels of each bin: as on a flat detector, in proportion to q."""
N_AZIMUTHS = 36
NODES, SHARES = np.polynomial.hermite_e.hermegauss(41)
"""Of a Gaussian spread of sizes."""
BACKGROUND = 0.3
"""Flat background under two phases, over what Porod's law gives at the last q."""
SQUARES = {"lamellar": (1, 4, 9, 16), "hexagonal": (1, 3, 4, 7, 9), "ia3d": (6, 8, 14, 16, 20, 22)}
"""Squares of q of the reflections of lattices."""


@dataclass(frozen=True, eq=False)
class Series:
    """One truth, drawn again and again."""

    name: str
    """What scatters."""
    extractors: tuple[str, ...]
    """What reads it."""
    truth: Mapping[str, float]
    """Value of each feature."""
    draw: Callable[[float, np.random.Generator], Curve | AzimuthalProfile]
    """One measurement with so many counts in all."""
    exact: Callable[[float], Curve] | None = None
    """The same without noise but with its sigma: what a law that is biased would answer there."""
    biased: Mapping[str, str] = field(default_factory=dict[str, str])
    """Features whose law does not hold here, and why: their bias is named, and no coverage claimed."""


def measure_curve(ideal: Floats, counts: float, rng: np.random.Generator, buffer: Floats | None) -> Curve:
    """Poisson counts about an ideal curve, as many in all as asked for, less those of a buffer.

    Parameters
    ----------
    ideal
        Intensity, shape (n_q,).
    counts
        Expected sum of all counts of the sample's frame.
    rng
        Where chance comes from.
    buffer
        Intensity that the sample's frame holds besides, and a second frame alone; None: there is none.
    """
    below = np.zeros_like(ideal) if buffer is None else buffer
    per_unit = counts / float(((ideal + below) * PIXELS).sum()) * PIXELS
    sample = rng.poisson((ideal + below) * per_unit).astype(np.float64)
    variance = np.maximum(sample, 1.0)
    if buffer is not None:
        blank = rng.poisson(below * per_unit).astype(np.float64)
        sample, variance = sample - blank, variance + np.maximum(blank, 1.0)
    return Curve(Q_INV_NM, sample / per_unit, np.sqrt(variance) / per_unit)


def all_series() -> tuple[Series, ...]:
    """Every truth there is."""
    return (*_particles(), *_two_phases(), *_peaks(), *_lattices(), *_fibres(), _moments())


def _curve_series(  # noqa: PLR0913  the fields of a series, and what makes its curves
    name: str,
    extractors: tuple[str, ...],
    ideal: Floats,
    truth: Mapping[str, float],
    biased: Mapping[str, str] | None = None,
    *,
    buffer: Floats | None = None,
) -> Series:
    def exact(counts: float) -> Curve:
        below = 0.0 if buffer is None else buffer
        per_unit = counts / float(((ideal + below) * PIXELS).sum()) * PIXELS
        expected = (ideal + 2 * below) * per_unit
        return Curve(Q_INV_NM, ideal, np.sqrt(np.maximum(expected, 1e-3)) / per_unit)

    return Series(
        name=name,
        extractors=extractors,
        truth=truth,
        draw=lambda counts, rng: measure_curve(ideal, counts, rng, buffer),
        exact=exact,
        biased=biased or {},
    )


def sphere(x: Floats) -> Floats:
    """Form factor of a sphere (Rayleigh 1911), x = q R."""
    return np.asarray((3 * spherical_jn(1, x) / x) ** 2, dtype=np.float64)


def _particles() -> list[Series]:
    """Shapes of known rg, forward intensity 1."""
    spread_nm = 3.0 * (1 + 0.2 * NODES)
    use = spread_nm > 0
    weight, radii = SHARES[use] * spread_nm[use] ** 6, spread_nm[use]
    t, dt = np.polynomial.legendre.leggauss(64)
    radius_at = np.sqrt(16.0 * (1 - (0.5 * (t + 1)) ** 2) + 4.0 * (0.5 * (t + 1)) ** 2)
    gaussian = np.exp(-((Q_INV_NM * 3.0) ** 2) / 3)
    shapes = {
        "gaussian": (gaussian, 3.0),
        "sphere": (sphere(Q_INV_NM * 4.0), 4.0 * math.sqrt(0.6)),
        "ellipsoid 4:4:2": (sphere(np.outer(Q_INV_NM, radius_at)) @ (dt / 2), math.sqrt(36 / 5)),
        "spheres +-20 %": (
            sphere(np.outer(Q_INV_NM, radii)) @ weight / weight.sum(),
            math.sqrt(0.6 * float(weight @ radii**2 / weight.sum())),
        ),
    }
    why = "the shape bends ln I; rg_bent is free of it"
    found = [
        _curve_series(
            name,
            ("guinier",),
            ideal,
            {"rg": rg, "i0": 1.0, "rg_bent": rg, "i0_bent": 1.0},
            {} if name == "gaussian" else {"rg": why, "i0": why},
        )
        for name, (ideal, rg) in shapes.items()
    ]
    buffer = np.full(Q_INV_NM.size, 0.01)
    truth = {"rg": 3.0, "i0": 1.0, "rg_bent": 3.0, "i0_bent": 1.0}
    return [*found, _curve_series("gaussian less buffer", ("guinier",), gaussian, truth, buffer=buffer)]


def _two_phases() -> list[Series]:
    """Random media of Debye, Anderson and Brumberger (1957) on a flat background, and rippling spheres."""
    extractors = ("porod", "invariant", "mineral_thickness")
    found: list[Series] = []
    for length_nm in (5.0, 12.0):
        invariant, constant = 2 * math.pi**2, 8 * math.pi / length_nm
        ideal = 8 * math.pi * length_nm**3 / (1 + (Q_INV_NM * length_nm) ** 2) ** 2
        found.append(
            _curve_series(
                f"two phases, T {length_nm:g} nm",
                extractors,
                ideal + BACKGROUND * constant / Q_INV_NM[-1] ** 4,
                _two_phase_truth(invariant, constant),
            )
        )
    radii = 4.0 * (1 + 0.3 * NODES)
    use = radii > 0.4
    share, radii = SHARES[use] / SHARES[use].sum(), radii[use]
    volume = 4 / 3 * math.pi * radii**3
    constant = 8 * math.pi**2 * float(share @ radii**2)
    ripples = sphere(np.outer(Q_INV_NM, radii)) @ (share * volume**2)
    truth = _two_phase_truth(2 * math.pi**2 * float(share @ volume), constant)
    why = "spheres of nearly one size ripple about Porod's law"
    flat = BACKGROUND * constant / Q_INV_NM[-1] ** 4
    found.append(
        _curve_series("spheres +-30 %", extractors, ripples + flat, truth, dict.fromkeys(truth, why))
    )
    return found


def _two_phase_truth(invariant: float, constant: float) -> dict[str, float]:
    return {
        "porod_constant": constant,
        "porod_slope": -4.0,
        "invariant": invariant,
        "surface_to_volume": math.pi * constant / invariant,
        "mineral_thickness": 4 / math.pi * invariant / constant,
    }


def _peaks() -> list[Series]:
    """Peaks over sloping backgrounds: place, full width, height over background, Lorentzian share, slope."""
    kinds = {
        "Gaussian peak": (1.5, 0.10, 1.5, 0.0, -3.0),
        "Lorentzian peak": (1.2, 0.12, 2.0, 1.0, -2.0),
        "strong narrow peak": (1.0, 0.06, 8.0, 0.4, -4.0),
        "broad peak": (1.0, 0.25, 1.5, 0.2, -1.5),
    }
    found: list[Series] = []
    for name, (at, fwhm, height, share, slope) in kinds.items():

        def intensity(q: Floats, kind: tuple[float, ...] = (at, fwhm, height, share, slope)) -> Floats:
            at, fwhm, height, share, slope = kind
            u = (q - at) / fwhm
            shape = share / (1 + 4 * u**2) + (1 - share) * np.exp(-4 * np.log(2) * u**2)
            return (q**slope + 0.3) * (1 + height * shape)

        low, top, high = intensity(np.array([at / 1.25, at, at * 1.25])).tolist()
        truth = {
            "peak_q": at,
            "peak_d": 2 * math.pi / at,
            "peak_width": fwhm,
            "peak_strength": top / math.sqrt(low * high) - 1,
        }
        found.append(_curve_series(name, ("peak",), intensity(Q_INV_NM), truth))
    return found


def _lattices() -> list[Series]:
    """Reflections on a power law, each lower than the one before."""
    found: list[Series] = []
    for name, squares in SQUARES.items():
        parameter_nm = {"lamellar": 9.0, "hexagonal": 10.0, "ia3d": 22.0}[name]
        unit = 2 * math.pi / parameter_nm * (2 / math.sqrt(3) if name == "hexagonal" else 1.0)
        background = Q_INV_NM**-2.0 + 0.3
        ideal = background.copy()
        for n, square in enumerate(squares):
            u = (Q_INV_NM - unit * math.sqrt(square)) / 0.04
            ideal += 3 * 0.6**n * background * np.exp(-4 * np.log(2) * u**2)
        found.append(
            _curve_series(f"{name} lattice", ("lattice",), ideal, {"lattice_parameter": parameter_nm})
        )
    return found


def _fibres() -> list[Series]:
    """Patterns across an axis: 1 + 2 S cos 2(azimuth - centre), averaged over each bin."""
    step = math.radians(180 / N_AZIMUTHS)
    azimuth_deg = (np.arange(N_AZIMUTHS) + 0.5) * 180 / N_AZIMUTHS
    found: list[Series] = []
    for axis_deg, order in ((30.0, 0.3), (118.0, 0.08)):
        turn = np.radians(azimuth_deg - axis_deg - 90)
        ideal = 1 + 2 * order * math.sin(step) / step * np.cos(2 * turn)

        def draw(counts: float, rng: np.random.Generator, ideal: Floats = ideal) -> AzimuthalProfile:
            n = rng.poisson(counts / N_AZIMUTHS * ideal).astype(np.float64)
            sigma = np.sqrt(np.maximum(n, 1)) / n.mean()
            return AzimuthalProfile(azimuth_deg, n / n.mean(), sigma, step_deg=180 / N_AZIMUTHS)

        twice = math.radians(2 * axis_deg)
        truth = {
            "orientation_order": order,
            "orientation_angle": axis_deg,
            "orientation_cos2": order * math.cos(twice),
            "orientation_sin2": order * math.sin(twice),
        }
        found.append(Series(f"fibres, order {order:g}", ("orientation",), truth, draw))
    return found


def _moments() -> Series:
    """Sums over the window, of a random medium."""
    ideal = 1000 / (1 + (5 * Q_INV_NM) ** 2) ** 2 + 0.05
    step = np.gradient(Q_INV_NM)
    share = step * ideal / float(step @ ideal)
    mean = float(share @ Q_INV_NM)
    second, fourth = (float(share @ (Q_INV_NM - mean) ** n) for n in (2, 4))
    total = float(np.trapezoid(ideal, Q_INV_NM))
    truth = {
        "com_q": mean,
        "width_q": math.sqrt(second),
        "kurtosis_q": fourth / second**2,
        "integrated_intensity": total,
        "mean_intensity": total / float(Q_INV_NM[-1] - Q_INV_NM[0]),
        "partial_invariant": float((step * Q_INV_NM**2) @ ideal),
    }
    return _curve_series("sums over a curve", ("moments", "totals", "invariant"), ideal, truth)
