"""What tests and pictures may ask of a world, and the agent never."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from scipy.optimize import minimize

from models.domain.errors import BadInput
from models.domain.feature_goals import OnFeature
from models.domain.scattering import Floats
from models.domain.space import Point, SearchSpace
from sims.phases import COMPONENTS, Assembly, PhaseWeights, assemble, read_composition
from sims.scattering import scatter
from sims.world import World

TruthName = Literal["peak_strength", "peak_q", "peak_d"]
TRUTHS: tuple[TruthName, ...] = get_args(TruthName)

FLANK_RATIO = 1.25
"""A peak is held against the curve at q / 1.25 and 1.25 q: clear of its wings and of the next order."""
STEPS_PER_FLANK = 40
"""Steps of the q grid, which is geometric, from a peak to its flank."""
Q_MIN_INV_NM, Q_MAX_INV_NM = 0.16, 2.4
"""Where peaks are looked for; above, humps of the form factor pass for peaks."""
OUTSIDE = 1e9
"""Loss where no mixture may be: the polish needs a finite number."""
LEAST_STRENGTH = 0.5
"""A weaker peak has no position."""


@dataclass(frozen=True)
class Best:
    """The best mixture for an objective."""

    point: Point
    """Mass fractions."""
    value: float
    """Noise-free value of the objective's feature there."""


class Truth:
    """The noise-free answers of a world."""

    def __init__(self, world: World) -> None:
        """Take a world as it is.

        Parameters
        ----------
        world
            Its options are used, its noise and faults are not.
        """
        self._world = world
        n_inner = math.ceil(math.log(Q_MAX_INV_NM / Q_MIN_INV_NM) / math.log(FLANK_RATIO) * STEPS_PER_FLANK)
        steps = np.arange(-STEPS_PER_FLANK, n_inner + STEPS_PER_FLANK + 1)
        self._q_inv_nm: Floats = Q_MIN_INV_NM * FLANK_RATIO ** (steps / STEPS_PER_FLANK)

    def phase(self, composition: Mapping[str, float]) -> PhaseWeights:
        """Share of the amphiphile in each phase."""
        return self.assembly(composition).weights

    def assembly(self, composition: Mapping[str, float]) -> Assembly:
        """Phases and the dimensions in each."""
        return assemble(read_composition(composition))

    def transmission(self, composition: Mapping[str, float]) -> float:
        """Transmitted over incident flux without a bubble."""
        return self._world.spec.absorption.transmit(composition, self._world.spec.thickness_mm)

    def curve(
        self, composition: Mapping[str, float], q_inv_nm: Floats, *, exposure_s: float = 0.0, seq: int = 0
    ) -> Floats:
        """What a perfect experiment finds: dSigma/dOmega above that of the blank, 1/cm.

        Parameters
        ----------
        composition
            Mass fractions.
        q_inv_nm
            Where, 1/nm.
        exposure_s
            The dose damages; 0 gives the fresh sample.
        seq
            Sets the flux at that time.
        """
        beam = self._world.spec.beam
        photons = beam.flux_at(seq * self._world.spec.cycle_s) * exposure_s
        return scatter(self.assembly(composition), q_inv_nm, damaged_share=beam.damaged_share(photons))

    def feature(self, name: str, composition: Mapping[str, float]) -> float:
        """A feature of the fresh, noise-free curve; NaN where the curve does not have it.

        ``peak_strength`` is the largest I(q) / sqrt(I(q / 1.25) I(1.25 q)) - 1: the height of the strongest
        peak over a local power law, divided by it. ``peak_q`` (1/nm) is where, ``peak_d`` (nm) 2 pi / q.

        Raises
        ------
        BadInput
            When no truth of that name is known.
        """
        if name not in TRUTHS:
            raise BadInput("truth", f"has no feature {name!r}", f"Ask for one of {', '.join(TRUTHS)}.")
        intensity = self.curve(composition, self._q_inv_nm)
        if not np.all(intensity > 0):
            return 0.0 if name == "peak_strength" else math.nan
        # the grid is geometric: flanks lie a fixed count of steps away
        inner = slice(STEPS_PER_FLANK, -STEPS_PER_FLANK)
        flank = np.sqrt(intensity[: -2 * STEPS_PER_FLANK] * intensity[2 * STEPS_PER_FLANK :])
        excess = intensity[inner] / flank - 1
        top = int(np.argmax(excess))
        strength = float(excess[top])
        if name == "peak_strength":
            return strength
        if strength < LEAST_STRENGTH:
            return math.nan
        shift = _find_summit(excess[top - 1 : top + 2]) / STEPS_PER_FLANK
        peak_q_inv_nm = float(self._q_inv_nm[inner][top]) * FLANK_RATIO**shift
        return peak_q_inv_nm if name == "peak_q" else 2 * math.pi / peak_q_inv_nm

    def map(self, name: str, n_steps: int = 40) -> tuple[tuple[Point, ...], Floats]:
        """A feature over the whole triangle, for pictures.

        Returns
        -------
        tuple
            Points in steps of 1 / n_steps without pure water, and the feature at each, shape (n_points,).
        """
        points = tuple(_triangle(n_steps))
        return points, np.array([self.feature(name, point.numbers) for point in points])

    def best(self, objective: OnFeature, space: SearchSpace | None = None, n_steps: int = 40) -> Best:
        """The best mixture by dense search and a polish.

        Parameters
        ----------
        objective
            A feature that has a truth, and the goal.
        space
            Only its points count; None for the whole triangle.
        n_steps
            Steps along an edge of the triangle.
        """
        allowed = [p for p in _triangle(n_steps) if space is None or not space.objections(p)]
        if not allowed:
            raise BadInput("truth", f"no mixture in steps of 1/{n_steps} is allowed", "Widen the bounds.")
        start = max(allowed, key=lambda point: self._score(objective, point))

        def loss(fractions: Floats) -> float:
            point = _mix(*fractions.tolist())
            if min(point.numbers.values()) < 0 or (space is not None and space.objections(point)):
                return OUTSIDE
            return min(-self._score(objective, point), OUTSIDE)

        at, edge = np.array([start["surfactant"], start["cosurfactant"]]), 0.5 / n_steps
        simplex = at + edge * np.array([[0, 0], [1, 0], [0, 1]])
        polished = minimize(
            loss, at, method="Nelder-Mead", options={"initial_simplex": simplex, "xatol": 1e-4}
        )
        point = max(start, _mix(*polished.x.tolist()), key=lambda point: self._score(objective, point))
        return Best(point, self.feature(objective.feature, point.numbers))

    def _score(self, objective: OnFeature, point: Point) -> float:
        """Larger is better; minus infinity outside the triangle and where the feature is missing."""
        if min(point.numbers.values()) < 0:
            return -math.inf
        value = self.feature(objective.feature, point.numbers)
        if math.isnan(value):
            return -math.inf
        return -objective.distance(value)


def _find_summit(heights: Floats) -> float:
    """Place of the summit of a parabola through three heights, in steps from the middle one."""
    if heights.size < 3:
        return 0.0
    left, middle, right = heights.tolist()
    return 0.5 * (left - right) / (left - 2 * middle + right)


def _mix(surfactant: float, cosurfactant: float) -> Point:
    """Water is the rest."""
    water = 1 - surfactant - cosurfactant
    return Point(coordinates=dict(zip(COMPONENTS, (surfactant, cosurfactant, water), strict=True)))


def _triangle(n_steps: int) -> Iterator[Point]:
    """Mixtures in steps of 1 / n_steps, pure water left out."""
    for n_surfactant in range(n_steps + 1):
        for n_cosurfactant in range(n_steps + 1 - n_surfactant):
            if n_surfactant + n_cosurfactant > 0:
                n_water = n_steps - n_surfactant - n_cosurfactant
                counts = (n_surfactant, n_cosurfactant, n_water)
                fractions = (count / n_steps for count in counts)
                yield Point(coordinates=dict(zip(COMPONENTS, fractions, strict=True)))
