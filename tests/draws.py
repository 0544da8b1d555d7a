"""Points of a space and their columns, in few words."""

from models.domain.point import Point
from models.domain.scattering import Floats
from models.domain.space import SearchSpace
from models.gp.design import draw_allowed
from models.gp.encoding import Encoding


def scale_to_unit(space: SearchSpace, points: tuple[Point, ...]) -> Floats:
    """Columns of points, shape (n_points, n_columns); see `Encoding.encode`."""
    return Encoding(space).encode(points)


def unscale(space: SearchSpace, unit: Floats) -> tuple[Point, ...]:
    """Points from columns, shape (n_points, n_columns); see `Encoding.decode`."""
    return Encoding(space).decode(unit)


def draw_feasible(space: SearchSpace, n_points: int, seed: int) -> Floats:
    """Columns of points drawn evenly, shape (n_points, n_columns); see `draw_allowed`."""
    return draw_allowed(Encoding(space), n_points, seed).columns
