"""A specimen's outline on two axes: polygons, or the bright part of an image."""

from itertools import pairwise
from typing import Any, Self

import numpy as np
from pydantic import Field, field_validator, model_validator

from models.domain.frozen import Frozen
from models.domain.scattering import Floats, Mask

Vertex = tuple[float, float]
"""A corner of a polygon, in the units of the two axes."""
LEAST_CORNERS = 3


class Region(Frozen):
    """Which part of a plane belongs to the specimen. It holds all that is needed: no file is read again."""

    axes: tuple[str, str]
    """Names of the two axes, the horizontal one first."""
    polygon: tuple[Vertex, ...] = ()
    """Corners of the outline, in the axes' units."""
    holes: tuple[tuple[Vertex, ...], ...] = ()
    """Polygons inside it that do not belong to the specimen."""
    extent: tuple[float, float, float, float] | None = None
    """Where an image lies: left, right, bottom and top edge, in the axes' units."""
    n_columns: int = 0
    """Pixels in a row of the image."""
    rows: tuple[tuple[int, ...], ...] = ()
    """The image from top to bottom: for each row, the columns at which it changes between outside and inside,
    beginning outside."""

    @field_validator("polygon")
    @classmethod
    def _polygon_has_corners(cls, polygon: tuple[Vertex, ...]) -> tuple[Vertex, ...]:
        return _checked(polygon, "polygon") if polygon else polygon

    @field_validator("holes")
    @classmethod
    def _holes_have_corners(cls, holes: tuple[tuple[Vertex, ...], ...]) -> tuple[tuple[Vertex, ...], ...]:
        return tuple(_checked(hole, f"holes[{i}]") for i, hole in enumerate(holes))

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if bool(self.polygon) == bool(self.rows):
            raise ValueError("a region is a polygon or an image; give one of them")
        if self.rows and not any(self.rows):
            raise ValueError("nothing of the image is bright, so that no point lies inside; check the image")
        if self.rows and self.extent is None:
            raise ValueError("an image needs extent = [left, right, bottom, top] in the axes' units; add it")
        return self

    @property
    def bounds(self) -> tuple[Vertex, Vertex]:
        """Smallest and largest value inside, on the first and on the second axis."""
        if self.polygon:
            xs, ys = zip(*self.polygon, strict=True)
            return (min(xs), max(xs)), (min(ys), max(ys))
        assert self.extent is not None
        left, right, bottom, top = self.extent
        filled = [i for i, row in enumerate(self.rows) if row]
        first = min(row[0] for row in self.rows if row)
        last = max(row[-1] if len(row) % 2 == 0 else self.n_columns for row in self.rows if row)
        xs = [left + (right - left) * column / self.n_columns for column in (first, last)]
        ys = [top + (bottom - top) * row / len(self.rows) for row in (filled[0], filled[-1] + 1)]
        return (min(xs), max(xs)), (min(ys), max(ys))

    def text(self) -> str:
        """What it is, for people: ``polygon of 7 corners on x and y``."""
        where = f"on {self.axes[0]} and {self.axes[1]}"
        if self.polygon:
            holes = f" with {len(self.holes)} hole{'s' if len(self.holes) > 1 else ''}" if self.holes else ""
            return f"polygon of {len(self.polygon)} corners{holes} {where}"
        return f"image of {self.n_columns} x {len(self.rows)} pixels {where}"

    def contains(self, x: Floats, y: Floats) -> Mask:
        """Which places lie inside.

        Parameters
        ----------
        x, y
            Values on the first and on the second axis, shape (n,).

        Returns
        -------
        Mask
            Shape (n,).
        """
        if self.rows:
            return self._is_bright(x, y)
        is_inside = _inside_polygon(self.polygon, x, y)
        for hole in self.holes:
            is_inside &= ~_inside_polygon(hole, x, y)
        return is_inside

    def _is_bright(self, x: Floats, y: Floats) -> Mask:
        """Look up the pixels: an odd count of changes to the left means inside."""
        assert self.extent is not None
        left, right, bottom, top = self.extent
        across, down = (x - left) / (right - left), (y - top) / (bottom - top)
        column = np.minimum((across * self.n_columns).astype(np.int64), self.n_columns - 1)
        row = np.minimum((down * len(self.rows)).astype(np.int64), len(self.rows) - 1)
        width = self.n_columns + 1
        counts = np.cumsum([0, *map(len, self.rows)])
        changes = np.array([i * width + c for i, line in enumerate(self.rows) for c in line], dtype=np.int64)
        is_on_image = (across >= 0) & (across <= 1) & (down >= 0) & (down <= 1)
        row, column = np.where(is_on_image, row, 0), np.where(is_on_image, column, 0)
        n_before = np.searchsorted(changes, row * width + column, side="right") - counts[row]
        return is_on_image & (n_before % 2 == 1)


class RegionSpec(Frozen):
    """A specimen's outline as a campaign file gives it: a polygon, or an image."""

    axes: tuple[str, str]
    """Names of the two axes, the horizontal one first."""
    polygon: tuple[Vertex, ...] = ()
    """Corners of the outline, in the axes' units."""
    holes: tuple[tuple[Vertex, ...], ...] = ()
    """Polygons inside it that do not belong to the specimen."""
    image: str | None = Field(default=None, min_length=1)
    """File of an image, from the campaign file's folder: what is brighter than half way between its darkest
    and its brightest pixel is inside."""
    extent: tuple[float, float, float, float] | None = None
    """Where the image lies: left, right, bottom and top edge, in the axes' units."""

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if bool(self.polygon) == (self.image is not None):
            raise ValueError("a region is given by polygon or by image; give one of them")
        if (self.image is None) != (self.extent is None):
            raise ValueError("extent goes with image, and image with extent; add or remove it")
        if self.image is not None and self.holes:
            raise ValueError("holes go with a polygon; paint them dark in the image")
        if self.extent is not None:
            for first, second in ((0, 1), (2, 3)):
                if self.extent[first] == self.extent[second]:
                    raise ValueError(f"extent has {self.extent[first]:g} twice on one axis; give both edges")
        if self.polygon:
            self.drawn()
        return self

    def drawn(self) -> Region:
        """The region of a polygon."""
        return Region(axes=self.axes, polygon=self.polygon, holes=self.holes)

    def painted(self, is_inside: Mask) -> Region:
        """The region of an image: True where a pixel is inside, shape (n_rows, n_columns), from the top."""
        lines: list[tuple[int, ...]] = []
        for line in is_inside:
            steps = np.flatnonzero(np.diff(np.concatenate([[False], line]).astype(np.int8)))
            lines.append(tuple(steps.tolist()))
        return Region(axes=self.axes, extent=self.extent, n_columns=is_inside.shape[1], rows=tuple(lines))


def _checked(polygon: tuple[Vertex, ...], key: str) -> tuple[Vertex, ...]:
    """The corners, when they span an area."""
    if len(set(polygon)) < LEAST_CORNERS:
        raise ValueError(f"{key} has {len(set(polygon))} different corners; give three or more")
    (x0, y0), *others = polygon
    if not any((x1 - x0) * (y2 - y0) != (x2 - x0) * (y1 - y0) for (x1, y1), (x2, y2) in pairwise(others)):
        raise ValueError(f"{key} has all its corners on one line; give an outline with an area")
    return polygon


def _inside_polygon(polygon: tuple[Vertex, ...], x: Floats, y: Floats) -> Mask:
    """Which places a ray leaves through an odd count of edges (Shimrat, Comm. ACM 5 (1962) 434)."""
    corners: Any = np.asarray(polygon, dtype=np.float64)
    is_inside = np.zeros(x.shape, dtype=bool)
    for (x1, y1), (x2, y2) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        crosses = (y1 > y) != (y2 > y)
        if y1 != y2:
            is_inside ^= crosses & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return is_inside
