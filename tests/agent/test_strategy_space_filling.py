"""The even start: points far apart, the same for the same seed, whatever was found at them."""

import numpy as np
import pytest
from pydantic import ValidationError

from agent.strategy import random, space_filling
from models.domain.history import History
from tests import fakes
from tests.draws import scale_to_unit


def chosen(strategy, n_points: int) -> np.ndarray:
    """Scaled coordinates of the first points of a strategy, with nothing ever observed."""
    history = History()
    for _ in range(n_points):
        history = history.plus(strategy.propose(history))
    return scale_to_unit(fakes.TERNARY, tuple(d.point for d in history.decisions if d.point))


def least_gap(unit: np.ndarray) -> float:
    gaps = np.linalg.norm(unit[:, None] - unit[None], axis=2)
    return float(gaps[~np.eye(len(unit), dtype=bool)].min())


def test_points_lie_farther_apart_than_any_random_choice(problem):
    even = chosen(space_filling.build(space_filling.Options(), problem), 10)
    chance = [
        least_gap(chosen(random.build(random.Options(), problem_of(problem, seed)), 10)) for seed in range(8)
    ]
    assert least_gap(even) > 2.0 * max(chance)


def problem_of(problem, seed: int):
    return problem.model_copy(update={"seed": seed})


def test_what_was_found_does_not_change_where_it_goes(problem):
    strategy = space_filling.build(space_filling.Options(), problem)
    plain, told = History(), History()
    for _ in range(5):
        plain, decision = plain.plus(strategy.propose(plain)), strategy.propose(told)
        exposure = fakes.exposure_of(fakes.FakeInstrument().actions(decision)[1], decision)
        told = told.plus(decision).plus(exposure).plus(fakes.FakeAnalysis()(exposure, None).observation)
    assert [d.point for d in plain.decisions] == [d.point for d in told.decisions]


def test_another_seed_fills_the_space_otherwise(problem):
    first, second = (
        chosen(space_filling.build(space_filling.Options(), problem_of(problem, seed)), 3) for seed in (1, 2)
    )
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("pool", [0, -5, 10**7])
def test_a_pool_that_makes_no_sense_is_refused(pool):
    with pytest.raises(ValidationError):
        space_filling.Options(pool=pool)


def test_a_decision_carries_the_seed_the_exposure_and_what_was_known(problem):
    strategy = random.build(random.Options(), problem)
    decision = strategy.propose(History())
    assert decision.seed == problem.seed_for(History())
    assert (decision.seq, decision.exposure_s, decision.watermark) == (1, problem.exposure_s, 0)
    later = strategy.propose(History().plus(decision))
    assert later.seed != decision.seed
