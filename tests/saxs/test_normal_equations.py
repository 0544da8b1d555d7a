"""Small weighted fits, compiled, beside numpy's own."""

import numpy as np
import pytest

from models.saxs.normal_equations import invert_positive, solve, sum_up


def test_a_step_is_that_of_numpy_also_where_rows_differ_by_many_orders_of_magnitude():
    rng, scale = np.random.default_rng(3), np.array([1e-8, 1.0, 1e5, 1e9])
    even = rng.normal(size=(30, 4))
    weight, residual = rng.uniform(0.5, 2.0, 30), rng.normal(size=30)
    normal, pull = sum_up(even * scale, weight, residual)
    assert normal == pytest.approx((even.T * weight) @ even * np.outer(scale, scale))
    root = np.sqrt(weight)
    wanted = np.linalg.lstsq(even * root[:, None], residual * root)[0] / scale
    assert solve(normal, pull, 0.0) == pytest.approx(wanted, rel=1e-9, abs=0.0)


def test_damping_grows_the_diagonal_in_relation_to_itself():
    normal, pull = np.array([[4.0, 1.0], [1.0, 9.0]]), np.array([1.0, 2.0])
    wanted = np.linalg.solve(normal + 0.5 * np.diag(np.diag(normal)), pull)
    assert solve(normal, pull, 0.5) == pytest.approx(wanted)


def test_an_inverse_times_its_matrix_is_one_and_there_is_none_where_parameters_cannot_be_told_apart():
    even, scale = np.array([[4.0, 1.0, 0.0], [1.0, 9.0, 2.0], [0.0, 2.0, 5.0]]), np.array([1e6, 1.0, 1e-7])
    inverse = invert_positive(even * np.outer(scale, scale))
    assert inverse * np.outer(scale, scale) == pytest.approx(np.linalg.inv(even))
    assert np.all(np.isnan(invert_positive(np.array([[1.0, 2.0], [2.0, 1.0]]))))
