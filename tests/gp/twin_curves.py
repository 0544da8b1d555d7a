"""Curves of the simulated beamline in few bins, with the noise that frames of 1 s leave in them."""

import numpy as np

from models.domain.scattering import Floats
from models.domain.space import Axis, SearchSpace, SumConstraint
from models.gp.design import draw_allowed
from models.gp.encoding import Encoding
from sims.phases import COMPONENTS
from sims.truth import Truth
from sims.world import World, WorldSpec

SPACE = SearchSpace(
    axes=(
        Axis(name="surfactant", low=0.02, high=0.60),
        Axis(name="cosurfactant", low=0.0, high=0.45),
        Axis(name="water", low=0.30, high=0.98),
    ),
    sums=(SumConstraint(axes=COMPONENTS),),
)
"""That of the examples."""

N_BINS, N_FINE = 64, 4
"""Bins, and points in each."""
EDGES = np.geomspace(0.14, 3.5, N_BINS * N_FINE + 1)
FINE = np.sqrt(EDGES[1:] * EDGES[:-1])
Q = np.sqrt(EDGES[N_FINE::N_FINE] * EDGES[:-1:N_FINE])
ENCODING = Encoding(SPACE)


def design(n: int, seed: int) -> Floats:
    """Mixtures, scaled."""
    return draw_allowed(ENCODING, n, seed).columns


def true_curves(columns: Floats) -> Floats:
    """Noise-free, 1/cm."""
    truth = Truth(World(WorldSpec(), 1))
    found: list[Floats] = []
    for point in ENCODING.decode(columns):
        total = sum(point[name] for name in COMPONENTS)
        mixture = {name: point[name] / total for name in COMPONENTS}
        found.append(truth.curve(mixture, FINE).reshape(N_BINS, N_FINE).mean(axis=1))
    return np.array(found)


def measure(columns: Floats, seed: int) -> tuple[Floats, Floats]:
    """The curves with noise, and its sigma: both in proportion to what frames of 1 s show in 64 bins."""
    clean = true_curves(columns)
    sigmas = np.sqrt(8e-6 * Q**-2 * (clean + 0.05))
    return clean + sigmas * np.random.default_rng(seed).standard_normal(clean.shape), sigmas
