"""Where journeys take time, the even start goes round its places on a short way."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.strategy import bayes
from agent.strategy.even_start import EvenStart
from agent.strategy.tour import short_tour
from models.domain.history import Duration, History, Observation
from models.domain.motion import journey_s
from models.gp.encoding import Encoding
from tests.agent.test_costs import MOTIONS, SPACE, problem

N = 8


def toured(strategy, n: int) -> History:
    """So many places of a strategy, each loaded and accepted; the stage stands at the middle before."""
    history, here = History(), None
    for _ in range(n):
        decision = strategy.propose(history)
        end = decision.point.numbers
        took_s = journey_s(MOTIONS, here, end) if here else 0.0
        history = history.plus(decision).plus(
            Duration(seq=decision.seq, kind="load", seconds=round(took_s, 6))
        )
        history = history.plus(Observation(seq=decision.seq, is_accepted=True))
        here = end
    return history


def length_s(history: History) -> float:
    return sum(duration.seconds for duration in history.durations)


@settings(max_examples=30)
@given(st.integers(1, 6), st.integers(0, 10**6))
def test_a_tour_visits_every_place_once_and_is_nearly_the_shortest(n, seed):
    places = np.random.default_rng(seed).random((n + 1, 2))
    gaps = np.abs(places[:, None] - places).max(axis=2)
    order = short_tour(gaps[0, 1:], gaps[1:, 1:])
    assert sorted(order) == list(range(n))

    def way(stops: tuple[int, ...]) -> float:
        return sum(gaps[a, b] for a, b in itertools.pairwise((0, *(stop + 1 for stop in stops))))

    shortest = min(way(stops) for stops in itertools.permutations(range(n)))
    assert way(tuple(order)) <= 1.15 * shortest + 1e-9


def test_the_even_start_takes_half_the_journeys_of_the_farthest_next_and_lies_as_far_apart():
    on_tour = toured(bayes.build(bayes.Options(initial=N), problem(motions=MOTIONS)), N)
    farthest = toured(bayes.build(bayes.Options(initial=N), problem()), N)
    assert all("short way round" in d.reason.sentence for d in on_tour.decisions)
    assert all(d.kind == "initial_design" for d in on_tour.decisions)
    assert length_s(on_tour) < 0.6 * length_s(farthest)
    encoding = Encoding(SPACE)
    spacings = [
        min(
            np.linalg.norm(a - b)
            for a, b in itertools.combinations(encoding.encode([d.point for d in night.decisions]), 2)
        )
        for night in (on_tour, farthest)
    ]
    assert spacings[0] == pytest.approx(spacings[1], rel=0.2)


def test_the_next_place_follows_from_the_history_alone():
    history = toured(bayes.build(bayes.Options(initial=N), problem(motions=MOTIONS)), 4)
    ours, theirs = (EvenStart(problem(motions=MOTIONS), Encoding(SPACE), N).next(history) for _ in range(2))
    assert ours == theirs
    assert ours not in [d.point for d in history.decisions]


def test_after_the_last_place_and_without_motions_there_is_no_next():
    night = toured(bayes.build(bayes.Options(initial=N), problem(motions=MOTIONS)), N)
    assert EvenStart(problem(motions=MOTIONS), Encoding(SPACE), N).next(night) is None
    assert EvenStart(problem(), Encoding(SPACE), N).next(History()) is None
