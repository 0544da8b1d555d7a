"""Smoothed curves: the band holds the truth, narrow peaks stay, neighbours help where they are alike."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.domain.errors import BadInput
from models.domain.scattering import Curve, Floats
from models.gp.smoothing.measured import Measured
from models.gp.smoothing.prior import Prior
from models.gp.smoothing.smooth import Smoothed, find_nearest, smooth_alone, smooth_among

Q = np.linspace(0.1, 3.0, 120)
PER_INTENSITY = 200.0 * Q
"""Counts that one unit of intensity gives: outer bins have more pixels."""


def bump(middle: float, height: float = 1.5, width: float = 0.12) -> Floats:
    return 2.0 * Q**-1.5 * (1.0 + height * np.exp(-0.5 * ((Q - middle) / width) ** 2))


def counted(truth: Floats, seed: int, share: float = 1.0) -> Curve:
    per_intensity = PER_INTENSITY * share
    counts = np.random.default_rng(seed).poisson(truth * per_intensity)
    return Curve(Q, counts / per_intensity, np.sqrt(np.maximum(counts, 1)) / per_intensity)


def smoothed(truth: Floats, seed: int, share: float = 1.0) -> Smoothed:
    return smooth_alone(Measured.of_curve(counted(truth, seed, share)))


def error(one: Smoothed, truth: Floats, share: float = 1.0) -> float:
    """Root mean square, in standard deviations of a point."""
    sigma = np.sqrt(truth / (PER_INTENSITY * share))
    return float(np.sqrt((((one.band().median - truth) / sigma) ** 2).mean()))


def holds(one: Smoothed, truth: Floats) -> np.ndarray:
    band = one.band()
    return (band.low <= truth) & (truth <= band.high)


def test_a_sweep_along_the_curve_gives_what_full_matrices_give():
    rng = np.random.default_rng(0)
    w = np.cumsum(rng.uniform(0.001, 0.2, 40))
    r = np.sqrt(3.0) * np.abs(w[:, np.newaxis] - w)
    shapes, spreads = np.array([np.ones(40), np.sin(w)]), np.array([3.0, 1.0])
    full = 0.49 * (1.0 + r) * np.exp(-r) + shapes.T @ np.diag(spreads**2) @ shapes
    weights, values = rng.uniform(0.5, 100.0, 40), rng.normal(size=40)
    prior = Prior(np.diff(w), 0.7, shapes, spreads)
    solved = prior.solve(values, weights)
    noisy = full + np.diag(1.0 / weights)
    gain = np.linalg.solve(noisy, full)
    evidence = -0.5 * (
        values @ np.linalg.solve(noisy, values) + np.linalg.slogdet(noisy)[1] + np.log(weights).sum()
    )
    assert solved.mean == pytest.approx(full @ np.linalg.solve(noisy, values), abs=1e-8)
    assert solved.variance == pytest.approx(np.diag(full - full @ gain), abs=1e-8)
    assert prior.evidence(values, weights) == pytest.approx(evidence, rel=1e-8)


@pytest.mark.parametrize("share", [0.05, 1.0])
def test_the_band_holds_the_truth_as_often_as_it_says(share):
    truth = bump(1.0)
    found = [smoothed(truth, seed, share) for seed in range(8)]
    assert 0.90 < np.mean([holds(one, truth) for one in found]) < 0.995
    assert np.mean([error(one, truth, share) for one in found]) < 0.5


def test_a_narrow_peak_of_few_photons_more_is_not_smeared_away():
    truth = bump(1.5, height=0.0)
    truth[58:60] *= 2.0
    found = [smoothed(truth, seed, 4.0) for seed in range(4)]
    assert np.mean([one.band().median[58:60] / truth[58:60] for one in found]) > 0.85
    assert np.mean([holds(one, truth)[55:63] for one in found]) > 0.75


@settings(max_examples=3, deadline=None)
@given(st.floats(-6.0, 6.0), st.integers(0, 10**6))
def test_a_curve_in_another_unit_is_smoothed_to_the_same_curve(log_factor, seed):
    curve, factor = counted(bump(1.0), seed), 10.0**log_factor
    one = smooth_alone(Measured.of_curve(curve)).band()
    other = smooth_alone(Measured.of_curve(Curve(Q, factor * curve.intensity, factor * curve.sigma))).band()
    assert other.median == pytest.approx(factor * one.median, rel=0.02)
    assert other.high - other.low == pytest.approx(factor * (one.high - one.low), rel=0.1)


def test_a_curve_without_noise_comes_back():
    truth = bump(1.0)
    one = smooth_alone(Measured.of_curve(Curve(Q, truth, 1e-4 * truth)))
    assert one.band().median == pytest.approx(truth, rel=3e-4)


def test_neighbours_that_are_alike_help_and_strangers_do_no_harm():
    truth = bump(1.0)
    alike = [smoothed(factor * truth, 50 + place) for place, factor in enumerate((1.0, 0.7, 1.3, 1.0))]
    strangers = [smoothed(bump(0.3 + 0.5 * place, 3.0), 60 + place) for place in range(4)]
    alone, helped, hindered = [], [], []
    for seed in range(3):
        own = smoothed(truth, seed)
        alone.append(error(own, truth))
        helped.append(error(smooth_among(own, alike), truth))
        hindered.append(error(smooth_among(own, strangers), truth))
    assert np.mean(helped) < 0.85 * np.mean(alone)
    assert np.mean(hindered) < 1.25 * np.mean(alone)


def test_the_order_of_neighbours_has_no_say():
    own = smoothed(bump(1.0), 1)
    others = [smoothed(bump(1.0 + 0.03 * place), 2 + place) for place in range(3)]
    one, other = smooth_among(own, others).band(), smooth_among(own, others[::-1]).band()
    assert other.median == pytest.approx(one.median, rel=2e-3)
    assert one.source == other.source


def test_neighbours_are_chosen_by_place_or_by_likeness_and_must_cover_the_curve():
    curves = [smoothed(bump(middle), seed) for seed, middle in enumerate((1.0, 2.0, 1.02, 1.6))]
    short = smooth_alone(Measured.of_curve(counted(bump(1.0), 9).between(0.1, 1.0)))
    assert find_nearest([*curves, short], 0)[0] == 2
    assert 4 not in find_nearest([*curves, short], 0)
    places = np.array([[0.0], [0.1], [0.9], [0.5], [0.01]])
    assert find_nearest([*curves, short], 0, places) == (1, 3, 2)
    assert smooth_among(curves[0], [short]) is curves[0]


def test_few_counts_lean_to_neither_side():
    """About three photons in a bin: a fit that weighs by the sigmas of such counts comes out a fifth low."""
    truth = np.full_like(Q, 2.0)
    per_intensity = np.full_like(Q, 1.5)
    by_sigma, by_counts = [], []
    for seed in range(4):
        counts = np.random.default_rng(seed).poisson(truth * per_intensity).astype(float)
        curve = Curve(Q, counts / per_intensity, np.sqrt(np.maximum(counts, 1.0)) / per_intensity)
        made = Measured.of_counts(Q, counts, per_intensity, np.zeros_like(Q))
        by_sigma.append(smooth_alone(Measured.of_curve(curve)).band().median.mean())
        by_counts.append(smooth_alone(made).band().median.mean())
    assert np.mean(by_counts) == pytest.approx(2.0, rel=0.07)
    assert np.mean(by_sigma) == pytest.approx(2.0, rel=0.10)


def test_a_factor_that_all_points_share_is_in_the_band():
    plain = counted(bump(1.0), 1, 20.0)
    shared = Curve(plain.q_inv_nm, plain.intensity, plain.sigma, common_relative_sigma=0.1)
    one, other = (smooth_alone(Measured.of_curve(curve)).band() for curve in (plain, shared))
    assert other.median == pytest.approx(one.median)
    assert np.median((other.high - other.low) / other.median) == pytest.approx(2 * 1.96 * 0.1, rel=0.1)
    assert np.median((one.high - one.low) / one.median) < 0.1


@pytest.mark.parametrize(
    ("curve", "says"),
    [
        (Curve(Q[:5], Q[:5], Q[:5]), "has 5 points, needs 8"),
        (Curve(Q, Q, np.zeros_like(Q)), "a point without intensity or sigma"),
    ],
)
def test_what_cannot_be_smoothed_is_named(curve, says):
    with pytest.raises(BadInput, match=says):
        Measured.of_curve(curve)
