"""A walk fills any body evenly, however thin, and finds out when there is none."""

import numpy as np
import pytest

from models.domain.axis import Axis
from models.domain.constraints import LinearConstraint
from models.domain.space import SearchSpace, SumConstraint
from models.gp.design import draw_allowed
from models.gp.encoding import Encoding
from models.gp.polytope import Polytope, find_inside, walk


def box(
    n: int, *more: tuple[list[float], float], equal: tuple[tuple[list[float], float], ...] = ()
) -> Polytope:
    """The unit cube with further inequalities and equalities."""
    rows, limits = np.array([row for row, _ in more]).reshape(-1, n), [limit for _, limit in more]
    equalities = np.array([row for row, _ in equal]).reshape(-1, n)
    return Polytope(
        equalities,
        np.array([total for _, total in equal]),
        np.vstack([rows, np.eye(n), -np.eye(n)]),
        np.concatenate([limits, np.ones(n), np.zeros(n)]),
    )


def drawn(body: Polytope, n: int = 4096, seed: int = 1) -> np.ndarray:
    inside = find_inside(body)
    assert inside is not None
    return next(walk(inside, n, np.random.default_rng(seed)))


def obeys(body: Polytope, points: np.ndarray) -> bool:
    is_low = np.all(points @ body.inequalities.T <= body.limits + 1e-9)
    return bool(is_low and np.allclose(points @ body.equalities.T, body.totals, atol=1e-9))


@pytest.mark.parametrize("thin", [1.0, 1e-2, 1e-5], ids=str)
def test_a_slanted_slab_is_filled_evenly_however_thin(thin):
    body = box(3, ([1.0, -1.0, 0.0], 0.2 + thin), ([-1.0, 1.0, 0.0], -0.2), ([1.0, 1.0, 1.0], 2.0))
    points = drawn(body)
    assert obeys(body, points)
    rng = np.random.default_rng(7)
    t, z = rng.random((2, 400_000))
    across = 0.2 + min(thin, 0.8) * rng.random(400_000)
    along = np.column_stack([t + across, t, z])
    peer = along[np.all((along >= 0) & (along <= 1), axis=1) & (along.sum(axis=1) <= 2.0)]
    spread = peer.std(axis=0)
    assert np.all(np.abs(points.mean(axis=0) - peer.mean(axis=0)) < 5 * spread / np.sqrt(4096))
    assert np.allclose(points.std(axis=0), spread, rtol=0.06)
    shares = [
        np.quantile((p[:, 0] - p[:, 1] - 0.2) / min(thin, 0.8), (0.1, 0.5, 0.9)) for p in (points, peer)
    ]
    assert np.allclose(*shares, atol=0.04)


def test_a_simplex_is_filled_as_exponential_spacings_fill_it():
    points = drawn(box(4, equal=(([1.0] * 4, 1.0),)))
    assert np.allclose(points.sum(axis=1), 1.0, atol=1e-12)
    assert np.allclose(points.mean(axis=0), 0.25, atol=0.015)
    assert np.allclose(points.var(axis=0), 3 / 80, rtol=0.1)


def test_neighbouring_walkers_know_nothing_of_each_other():
    points = drawn(box(2, ([1.0, 1.0], 1.0)), n=4096)
    first, second = points[:2048, 0], points[2048:, 0]
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.07


def test_a_body_that_is_flat_though_nobody_said_so_is_walked_in_its_plane():
    body = box(3, ([1.0, 1.0, 0.0], 0.5), ([-1.0, -1.0, 0.0], -0.5))
    inside = find_inside(body)
    assert inside is not None
    assert inside.directions.shape == (3, 2)
    points = next(walk(inside, 500, np.random.default_rng(1)))
    assert obeys(body, points)
    assert points.std(axis=0).min() > 0.1


def test_a_body_of_one_point_gives_that_point():
    points = drawn(box(2, ([1.0, 1.0], 0.0)), n=3)
    assert np.allclose(points, 0.0, atol=1e-9)


def test_a_total_at_the_very_edge_still_has_a_point():
    assert find_inside(box(2, equal=(([1.0, 1.0], 2.0 + 4e-7),))) is not None


def test_an_empty_body_has_no_inside():
    assert find_inside(box(2, equal=(([1.0, 1.0], 2.1),))) is None
    assert find_inside(box(2, ([1.0, -1.0], -0.6), ([-1.0, 1.0], 0.5))) is None


def test_rejection_and_walk_draw_the_same_space_alike():
    axes = tuple(Axis(name=name, low=0.0, high=1.0) for name in "abc")
    band = LinearConstraint(coefficients={"a": 1.0, "b": -2.0}, low=0.0, high=0.2)
    by_rejection = SearchSpace(axes=axes, sums=(SumConstraint(axes=tuple("abc")),), linear=(band,))
    total = LinearConstraint(coefficients={"a": 1.0, "b": 1.0, "c": 1.0}, equals=1.0)
    by_walk = SearchSpace(axes=axes, linear=(band, total))
    one, other = (draw_allowed(Encoding(space), 4096, 5) for space in (by_rejection, by_walk))
    assert one.n_broken > 0
    assert other.n_broken == 0
    assert np.allclose(one.columns.mean(axis=0), other.columns.mean(axis=0), atol=0.02)
    assert np.allclose(one.columns.std(axis=0), other.columns.std(axis=0), rtol=0.08)
