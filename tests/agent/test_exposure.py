"""How long to expose: the exposure whose seconds are worth most, by this campaign's own sigmas."""

import numpy as np
import pytest

from agent.strategy import bayes
from agent.strategy.exposure import Noise, counted_noise, with_exposures
from agent.strategy.upkeep import WithRepeats
from models.domain.campaign import MeasurementSpec
from models.domain.decision import Prediction
from models.domain.history import Failure, History, Observation
from models.domain.scattering import Feature
from models.gp.acquisitions.cost import Cost
from models.gp.recommend import Choice
from tests.agent.test_costs import problem
from tests.fakes import FakeInstrument, exposure_of

EXPOSURES_S = (0.1, 1.0, 10.0)
COUNTED = 0.04
"""Variance at an exposure of 1 s."""


def choice(sigma: float, value: float = 0.0) -> Choice:
    expected = Prediction(mean=1.0, sigma=sigma, unit="1", name="height")
    return Choice(np.array([0.5, 0.5]), None, (expected,), value, 1.0, 1.0, None)


def cost(fixed_s: float) -> Cost:
    return Cost((), fixed_s, np.zeros((0, 2)))


def best_s(sigma: float, fixed_s: float, beyond: float = 0.0) -> float:
    one = problem(exposure_s=1.0, exposures_s=EXPOSURES_S)
    ((_, exposure_s),) = with_exposures(one, (choice(sigma),), cost(fixed_s), Noise(COUNTED, beyond))
    return exposure_s


def test_where_the_doubt_is_large_a_glance_is_enough_and_where_it_is_small_a_long_look_pays():
    assert best_s(sigma=5.0, fixed_s=1.5) == 0.1
    assert best_s(sigma=0.05, fixed_s=30.0) == 10.0
    assert best_s(sigma=0.2, fixed_s=3.0) == 1.0


def test_noise_that_no_exposure_takes_away_is_not_waited_for():
    assert best_s(sigma=0.05, fixed_s=30.0) == 10.0
    assert best_s(sigma=0.05, fixed_s=3.0, beyond=100.0) == 0.1


def test_every_exposure_is_worth_what_it_takes_away_by_the_second():
    noise = Noise(COUNTED, 0.01)
    one = problem(exposure_s=1.0, exposures_s=EXPOSURES_S)
    ((told, exposure_s),) = with_exposures(one, (choice(0.3),), cost(2.0), noise)
    values = [
        np.log(noise.share_removed(0.3, t) / noise.share_removed(0.3, 1.0)) - np.log((1.0 + t) / 2.0)
        for t in EXPOSURES_S
    ]
    assert exposure_s == EXPOSURES_S[int(np.argmax(values))]
    assert told.value == pytest.approx(max(values))
    assert told.cost_s == pytest.approx(1.0 + exposure_s)
    assert told.gain == pytest.approx(noise.share_removed(0.3, exposure_s) / noise.share_removed(0.3, 1.0))


def test_a_runner_up_that_gains_more_by_its_own_exposure_comes_first():
    one = problem(exposure_s=10.0, exposures_s=EXPOSURES_S)
    sure, unsure = choice(0.02, value=0.1), choice(5.0, value=0.0)
    judged = with_exposures(one, (sure, unsure), cost(11.5), Noise(COUNTED, 0.0))
    assert [told.expected[0].sigma for told, _ in judged] == [5.0, 0.02]


def night(n: int, exposures_s: tuple[float, ...], **changes: object) -> tuple[History, bayes.Bayes]:
    """Even start and suggestions over a hill, with sigmas of counting statistics."""
    strategy = bayes.build(bayes.Options(initial=6, pool=128), problem(exposures_s=exposures_s, **changes))
    history, rng = History(), np.random.default_rng(4)
    for _ in range(n):
        one = strategy.propose(history)
        x, y = (one.point[name] for name in ("x", "y"))
        sigma = float(np.sqrt(COUNTED / one.exposure_s))
        value = float(np.exp(-(x**2) - 4 * (y - 0.5) ** 2)) + sigma * float(rng.normal())
        feature = Feature(name="height", value=value, sigma=sigma, unit="1")
        history = history.plus(one).plus(exposure_of(FakeInstrument().actions(one)[1], one))
        history = history.plus(Observation(seq=one.seq, is_accepted=True, features=(feature,)))
    return history, strategy


def test_the_noise_of_counting_is_read_off_sigmas_whatever_their_exposures():
    history, _ = night(10, EXPOSURES_S)
    assert counted_noise(history, "height") == pytest.approx(COUNTED, rel=1e-6)
    assert counted_noise(History(), "height") is None
    assert counted_noise(history, "width") is None


def test_a_campaign_chooses_places_with_exposures_says_so_and_does_it_again_bit_for_bit():
    history, _ = night(10, EXPOSURES_S)
    assert {d.exposure_s for d in history.decisions[:6]} == {0.5}
    suggested = history.decisions[6:]
    assert {d.exposure_s for d in suggested} <= set(EXPOSURES_S)
    for decision in suggested:
        assert (
            f"Of the exposures, {decision.exposure_s:g} s is worth most a second." in decision.reason.sentence
        )
        values = [candidate.acquisition_value for candidate in decision.candidates]
        assert values == sorted(values, reverse=True)
    known = history.model_copy(
        update={
            "decisions": history.decisions[:-1], "observations": history.observations[:-1],
            "exposures": history.exposures[:-1],
        }
    )  # fmt: skip
    again = bayes.build(bayes.Options(initial=6, pool=128), problem(exposures_s=EXPOSURES_S))
    assert again.propose(known) == history.decisions[-1]


def test_without_exposures_to_choose_from_every_place_has_the_usual_one():
    history, _ = night(8, ())
    assert {d.exposure_s for d in history.decisions} == {0.5}


def test_a_second_try_is_exposed_as_long_as_the_first():
    history, strategy = night(7, EXPOSURES_S)
    failed = strategy.propose(history).model_copy(update={"exposure_s": 10.0})
    history = history.plus(failed).plus(Failure(seq=failed.seq, code="c", sentence="s."))
    assert WithRepeats(strategy, 2, problem(exposures_s=EXPOSURES_S)).propose(history).exposure_s == 10.0


@pytest.mark.parametrize("exposures_s", [(0.0, 1.0), (1.0, 0.5), (1.0, 1.0), (-1.0,)])
def test_exposures_that_do_not_rise_are_refused_with_what_to_do(exposures_s):
    with pytest.raises(ValueError, match="do not rise from above 0; sort them, each once"):
        MeasurementSpec(exposures_s=exposures_s)
