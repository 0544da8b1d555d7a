"""A few points stand for many: as densely, evenly, and the same ones each time."""

import numpy as np

from models.gp.thinning import thin_out


def test_few_points_stand_for_themselves():
    assert thin_out(np.random.default_rng(1).random((9, 2)), 9).tolist() == list(range(9))


def test_dense_regions_keep_their_share():
    rng = np.random.default_rng(1)
    points = np.vstack([rng.random((1500, 2)) * [0.5, 1.0], rng.random((500, 2)) * [0.5, 1.0] + [0.5, 0.0]])
    rows = thin_out(points, 256)
    assert len(set(rows.tolist())) == 256
    assert 0.7 < np.mean(points[rows, 0] < 0.5) < 0.8


def test_they_are_more_even_than_a_drawing():
    points = np.random.default_rng(2).random((2000, 2))

    def farthest(rows: np.ndarray) -> float:
        gaps = np.linalg.norm(points[:, None] - points[rows][None], axis=2)
        return float(gaps.min(axis=1).max())

    drawn = np.random.default_rng(3).permutation(2000)[:256]
    assert farthest(thin_out(points, 256)) < 0.8 * farthest(drawn)


def test_points_at_one_place_are_survived():
    assert len(thin_out(np.full((600, 3), 0.5), 100)) == 64
