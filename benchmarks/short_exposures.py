"""Curves of short exposures beside what they would be without noise: the twin's, and two measured series."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import h5py
import numpy as np

from benchmarks.problems.twin import SPACE, WORLD_SEED, hidden_truth
from benchmarks.reduction import expose_frame
from models.domain.scattering import Curve, Floats
from models.domain.space import Axis, SearchSpace, SumConstraint
from models.gp.design import draw_allowed
from models.gp.encoding import Encoding
from models.saxs.bins import Binning
from models.saxs.correct import to_scale
from models.saxs.corrections import Scale
from models.saxs.curve_files import read_curve
from models.saxs.integrate import integrate
from sims.phases import COMPONENTS
from sims.scattering import WATER_INV_CM
from sims.station import PARASITIC_Q_INV_NM
from sims.world import World, WorldSpec

N_SAMPLES, DESIGN_SEED = 40, 3
"""Mixtures of the twin's campaign, evenly drawn."""
TARGETS = (0, 3, 6)
"""Those whose curves are smoothed and judged."""
N_NEIGHBOURS = 6
"""Nearest mixtures that are measured beside each, as briefly."""
WINDOW_INV_NM, N_BINS = (0.14, 3.5), 400
"""As campaigns of the virtual beamline reduce frames."""
SUB_BINS = np.array([-0.375, -0.125, 0.125, 0.375])
"""Where in a bin the truth is averaged, in widths of the bin."""
REFERENCE_REPEATS = 5
"""Repeats of the measured series whose mean stands for the truth."""
N_PEAK, N_BUFFER = 32, 60
"""Frames about the top of the chromatogram, and at its start, that are used."""


@dataclass(frozen=True, eq=False)
class Case:
    """A curve of a short exposure, its neighbours, and what it would be without noise."""

    curve: Curve
    """What was measured."""
    neighbours: tuple[Curve, ...]
    """What was measured beside it, as briefly; none of them made the truth."""
    truth: Floats
    """What it would be without noise, shape (n_q,)."""
    truth_sigma: Floats
    """One standard deviation of that, where it is measured itself, shape (n_q,)."""
    sigma: Floats
    """One standard deviation of a point of the curve, shape (n_q,)."""


@dataclass(frozen=True, eq=False)
class Counting:
    """How many photons a curve of the twin is made of."""

    q_inv_nm: Floats
    """Middle of each bin, shape (n_q,), 1/nm."""
    per_intensity: Floats
    """Counts in a second for 1/cm, shape (n_q,)."""
    background: Floats
    """Slits, windows, air and water, shape (n_q,), 1/cm; subtracted as if known without error."""


@cache
def counting() -> Counting:
    """Read it off a frame of the virtual beamline."""
    spec = WorldSpec()
    world = World(spec, WORLD_SEED)
    frame = expose_frame(world)
    low, high = WINDOW_INV_NM
    binning = Binning(n_bins=N_BINS, q_min_inv_nm=low, q_max_inv_nm=high)
    scale = Scale(factor=10.0 * world.station.absolute_scale, unit="1/cm")
    curve = to_scale(integrate(frame, world.station.geometry, binning), scale)
    parasitic = spec.background.parasitic_inv_cm * (PARASITIC_Q_INV_NM / curve.q_inv_nm) ** 4
    background = WATER_INV_CM + spec.background.air_inv_cm + parasitic
    return Counting(curve.q_inv_nm, curve.intensity / curve.sigma**2 / frame.exposure_s, background)


@cache
def mixtures() -> tuple[tuple[dict[str, float], ...], Floats]:
    """Mixtures of the campaign, and their scaled coordinates."""
    axes = tuple(Axis(**axis) for axis in SPACE["axes"])
    encoding = Encoding(SearchSpace(axes=axes, sums=(SumConstraint(axes=COMPONENTS),)))
    columns = draw_allowed(encoding, N_SAMPLES, DESIGN_SEED).columns
    rows = [np.array([point[name] for name in COMPONENTS]) for point in encoding.decode(columns)]
    return tuple(dict(zip(COMPONENTS, (row / row.sum()).tolist(), strict=True)) for row in rows), columns


@cache
def truth_of(sample: int) -> Floats:
    """Noise-free curve of a mixture in the campaign's bins, 1/cm."""
    q = counting().q_inv_nm
    fine = (q[:, np.newaxis] + np.gradient(q)[:, np.newaxis] * SUB_BINS).ravel()
    return hidden_truth().curve(mixtures()[0][sample], fine).reshape(len(q), -1).mean(axis=1)


def twin_cases(exposure_s: float, seed: int) -> list[Case]:
    """Curves of the twin: Poisson counts in each bin less the background, sigma from the counts that came."""
    rng = np.random.default_rng((seed, int(1e6 * exposure_s)))
    columns, cases = mixtures()[1], list[Case]()
    for target in TARGETS:
        apart = ((columns - columns[target]) ** 2).sum(axis=1)
        own, *others = np.argsort(apart)[: N_NEIGHBOURS + 1].tolist()
        curve, *neighbours = (_expose(sample, exposure_s, rng) for sample in (own, *others))
        known = counting()
        sigma = np.sqrt((truth_of(own) + known.background) / (known.per_intensity * exposure_s))
        cases.append(Case(curve, tuple(neighbours), truth_of(own), np.zeros_like(sigma), sigma))
    return cases


def _expose(sample: int, exposure_s: float, rng: np.random.Generator) -> Curve:
    known = counting()
    per_intensity = known.per_intensity * exposure_s
    counts = rng.poisson(per_intensity * (truth_of(sample) + known.background))
    sigma = np.sqrt(np.maximum(counts, 1)) / per_intensity
    return Curve(known.q_inv_nm, counts / per_intensity - known.background, sigma, "1/cm")


def repeat_cases(folder: Path) -> list[list[Case]]:
    """One of ten exposures of glucose isomerase; four are its neighbours, the mean of five is the truth."""
    files = sorted((folder / "multiseries_dats").glob("GI2_*.dat"))
    curves = [read_curve(file, q_unit="1/A") for file in files]
    n = min(len(curve) for curve in curves)
    curves = [curve.rows(len(curve) - n, len(curve)) for curve in curves]
    cases: list[list[Case]] = []
    for place, curve in enumerate(curves):
        others = [curves[(place + step) % len(curves)] for step in range(1, len(curves))]
        neighbours, kept = others[:-REFERENCE_REPEATS], others[-REFERENCE_REPEATS:]
        truth, sigma = _mean(kept)
        cases.append([Case(curve, tuple(neighbours), truth, sigma, curve.sigma)])
    return cases


def chromatogram_cases(folder: Path) -> list[list[Case]]:
    """Single frames about the top of a chromatogram of albumin; every other frame makes the truth.

    A frame is buffer and protein, whose oligomers come one after the other: the truth is made up of the mean
    before the top, the mean behind it and that of the buffer, with the factors that fit the frame.
    """
    with h5py.File(folder / "clean_BSA_001.hdf5") as file:
        q = 10.0 * np.asarray(file["profiles/q"])
        n_frames = len(np.asarray(file["frame_numbers"]))
        frames = [np.asarray(file[f"profiles/{n:06d}"], dtype=np.float64) for n in range(n_frames)]
    curves = [Curve(q, *frame.T) for frame in frames]
    top = int(np.argmax([curve.intensity.sum() for curve in curves]))
    about = range(top - N_PEAK // 2, top + N_PEAK // 2)
    kept = [curves[n] for n in about if n % 2]
    parts = (kept[: len(kept) // 2], kept[len(kept) // 2 :], curves[:N_BUFFER])
    means, sigmas = (np.column_stack(part) for part in zip(*map(_mean, parts), strict=True))
    used, cases = [n for n in about if n % 2 == 0], list[list[Case]]()
    for n in used:
        curve = curves[n]
        weights = 1.0 / curve.sigma
        factors = np.linalg.lstsq(means * weights[:, np.newaxis], curve.intensity * weights)[0]
        truth: Floats = (means @ factors).astype(np.float64)
        near = sorted(used, key=lambda m, n=n: (abs(m - n), m))[1 : N_NEIGHBOURS + 1]
        neighbours = tuple(curves[m] for m in near)
        cases.append([Case(curve, neighbours, truth, np.sqrt(sigmas**2 @ factors**2), curve.sigma)])
    return cases


def _mean(curves: Sequence[Curve]) -> tuple[Floats, Floats]:
    """Plain mean of curves and its sigma."""
    sigma = np.sqrt(np.sum([curve.sigma**2 for curve in curves], axis=0)) / len(curves)
    return np.mean([curve.intensity for curve in curves], axis=0), sigma
