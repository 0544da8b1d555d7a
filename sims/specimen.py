"""The hidden specimen: what a mineralised tissue is made of at each place of a thin slice.

Fibres turn smoothly from place to place, the share of mineral rises along a gradient, an inclusion of
another tissue has a sharp edge, and a crack runs in from the rim. Outside the outline there is air.
"""

import math
from dataclasses import dataclass

import numpy as np
from pydantic import Field, field_validator

from models.domain.frozen import Frozen
from models.domain.scattering import Floats, Mask
from models.domain.seeds import derive_seed

OUTLINE_MM = (
    (-1.92, 0.10), (-1.70, 0.72), (-1.15, 1.12), (-0.55, 1.05), (0.05, 1.32), (0.70, 1.38),
    (1.25, 1.02), (1.55, 0.55), (1.95, 0.25), (1.88, -0.42), (1.35, -0.80), (0.80, -0.72),
    (0.35, -1.10), (-0.30, -1.36), (-0.95, -1.18), (-1.35, -0.70), (-1.80, -0.45),
)  # fmt: skip
"""Corners of the slice when no others are given."""
N_CORNERS_LEAST = 3


class SpecimenSpec(Frozen):
    """A slice, as a campaign file may describe it; where its parts lie is drawn from the world's seed."""

    outline_mm: tuple[tuple[float, float], ...] = OUTLINE_MM
    """Corners in order, (x, y), mm."""
    thickness_mm: float = Field(default=0.05, gt=0)
    """Thickness of the slice, mm."""
    inclusion_mm: float = Field(default=0.42, ge=0)
    """Half length of the inclusion, an ellipse; 0 for none, mm."""
    crack_width_mm: float = Field(default=0.16, ge=0)
    """Width of the zone that the crack has opened; 0 for none, mm."""

    @field_validator("outline_mm")
    @classmethod
    def _outline_encloses_an_area(
        cls, corners: tuple[tuple[float, float], ...]
    ) -> tuple[tuple[float, float], ...]:
        if len(corners) < N_CORNERS_LEAST:
            raise ValueError(f"{len(corners)} corners enclose nothing; give {N_CORNERS_LEAST} or more")
        return corners


@dataclass(frozen=True)
class Fabric:
    """One population of scatterers with a common axis."""

    share: float
    """Share of the slice's thickness."""
    contrast: float
    """Product of the two phases' volume fractions, 0 to 0.25, relative to mineral in collagen."""
    length_nm: float
    """4 phi (1 - phi) V / S of the particles, nm."""
    axis_rad: float
    """Direction of the long axes from x towards y, 0 to pi."""
    concentration: float
    """How sharply the axes gather about it: 0 for every direction alike (von Mises, axial)."""


@dataclass(frozen=True)
class Tissue:
    """All that the scattering at one place depends on."""

    fabrics: tuple[Fabric, ...]
    """Populations side by side; none in air."""
    mineral: float
    """Volume fraction of mineral, which absorbs."""


@dataclass(frozen=True)
class _Layout:
    """Where the parts lie."""

    gradient_rad: float
    twist_rad: float
    inclusion_mm: tuple[float, float]
    inclusion_rad: float
    crack_mm: Floats
    """Corners of the crack's line, shape (n, 2), mm."""


class Specimen:
    """A slice whose parts are laid out once."""

    def __init__(self, spec: SpecimenSpec, seed: int) -> None:
        """Draw where the parts lie.

        Parameters
        ----------
        spec
            The slice.
        seed
            Gradient, turn of the fibres, inclusion and crack follow from it.
        """
        self.spec = spec
        corners = np.array(spec.outline_mm, dtype=np.float64)
        self._corners_mm: Floats = corners
        self._middle_mm: Floats = corners.mean(axis=0)
        self._reach_mm = float(np.hypot(*(corners - self._middle_mm).T).max())
        self._layout = self._lay_out(np.random.default_rng(derive_seed(seed, "specimen")))

    def holds(self, x_mm: Floats, y_mm: Floats) -> Mask:
        """True where there is tissue, of the shape of the coordinates."""
        return enclosed(self._corners_mm, np.asarray(x_mm), np.asarray(y_mm))

    def tissue_at(self, x_mm: float, y_mm: float) -> Tissue:
        """What the beam meets at one place."""
        at = np.array([x_mm, y_mm])
        if not bool(self.holds(at[:1], at[1:])[0]):
            return Tissue((), 0.0)
        matrix, mineral = self._matrix(at)
        if self._is_inclusion(at):
            mineral = 0.46
            matrix = Fabric(1.0, mineral * (1 - mineral), 4.2, matrix.axis_rad, 0.12)
        distance_mm, direction_rad = distance_to_line(self._layout.crack_mm, at)
        if distance_mm > self.spec.crack_width_mm / 2:
            return Tissue((matrix,), mineral)
        # torn tissue between the faces, and the thin voids along them, which scatter more strongly
        torn = Fabric(0.6, matrix.contrast, matrix.length_nm, matrix.axis_rad, 0.5 * matrix.concentration)
        voids = Fabric(0.4, 0.25, 5.5, direction_rad % math.pi, 6.0)
        return Tissue((torn, voids), 0.6 * mineral)

    def _matrix(self, at: Floats) -> tuple[Fabric, float]:
        """Tissue away from inclusion and crack: everything varies smoothly."""
        layout = self._layout
        u, v = (at - self._middle_mm) / self._reach_mm
        along = u * math.cos(layout.gradient_rad) + v * math.sin(layout.gradient_rad)
        across = v * math.cos(layout.gradient_rad) - u * math.sin(layout.gradient_rad)
        mineral = 0.27 + 0.13 * along + 0.02 * math.sin(4 * across)
        axis_rad = layout.twist_rad + 1.3 * along + 0.5 * math.sin(2.5 * across)
        concentration = 1.2 + 0.9 * math.sin(2.2 * across + 1.0)
        length_nm = 2.9 + 0.5 * across
        return Fabric(1.0, mineral * (1 - mineral), length_nm, axis_rad % math.pi, concentration), mineral

    def _is_inclusion(self, at: Floats) -> bool:
        half_mm = self.spec.inclusion_mm
        if half_mm == 0:
            return False
        cos, sin = math.cos(self._layout.inclusion_rad), math.sin(self._layout.inclusion_rad)
        dx, dy = at - self._layout.inclusion_mm
        return ((dx * cos + dy * sin) / half_mm) ** 2 + ((dy * cos - dx * sin) / (0.6 * half_mm)) ** 2 < 1

    def _lay_out(self, rng: np.random.Generator) -> _Layout:
        gradient_rad, twist_rad, inclusion_rad = rng.uniform(0, 2 * math.pi, 3).tolist()
        # crack and inclusion stand on opposite sides, so that neither hides the other
        rim_rad = rng.uniform(0, 2 * math.pi)
        far = self._middle_mm - 0.42 * self._reach_mm * np.array([math.cos(rim_rad), math.sin(rim_rad)])
        steps = np.linspace(1.0, 0.1, 6)
        bend = 0.25 * np.sin(4 * steps + rng.uniform(0, 2 * math.pi))
        crack = self._middle_mm + self._reach_mm * np.column_stack(
            [steps * np.cos(rim_rad + bend), steps * np.sin(rim_rad + bend)]
        )
        return _Layout(gradient_rad, twist_rad, (float(far[0]), float(far[1])), inclusion_rad, crack)


def enclosed(corners: Floats, x: Floats, y: Floats) -> Mask:
    """True for points inside a polygon, by counting crossings of a ray (Shimrat 1962, CACM 5, 434).

    Parameters
    ----------
    corners
        Corners in order, shape (n, 2).
    x, y
        Coordinates, of one shape.
    """
    is_inside = np.zeros(np.broadcast(x, y).shape, dtype=np.bool_)
    for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if y0 == y1:
            continue  # a level edge is met by no level ray
        is_between = (y0 > y) != (y1 > y)
        is_inside ^= is_between & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
    return is_inside


def distance_to_line(line: Floats, at: Floats) -> tuple[float, float]:
    """Distance of a point from a line of straight pieces, and the direction of the nearest piece, rad."""
    start, step = line[:-1], np.diff(line, axis=0)
    share = np.clip(np.sum((at - start) * step, axis=1) / np.sum(step**2, axis=1), 0, 1)
    distance = np.hypot(*(start + share[:, None] * step - at).T)
    nearest = int(distance.argmin())
    return float(distance[nearest]), math.atan2(step[nearest, 1], step[nearest, 0])
