"""Smoothers are held against the same truth, and choices without the truth do not see it."""

import numpy as np
import pytest

from benchmarks import denoising, short_exposures
from benchmarks.short_exposures import TARGETS, twin_cases
from benchmarks.smoothers import choose, filtered, rebinned
from benchmarks.task import Task
from models.domain.scattering import Curve

Q = np.linspace(0.1, 3.0, 200)
TRUTH = 3.0 * np.exp(-(Q**2)) + 0.5


@pytest.fixture
def curve() -> Curve:
    noise = 0.1 * np.random.default_rng(3).standard_normal(Q.size)
    return Curve(Q, TRUTH + noise, np.full(Q.size, 0.1))


@pytest.mark.parametrize("offer", [rebinned, filtered])
def test_cross_validation_chooses_nearly_as_well_as_an_oracle(curve, offer):
    offered = list(offer(curve))
    chosen, best = choose(offered, TRUTH, curve.sigma)
    errors = [float(np.sqrt((((one - TRUTH) / 0.1) ** 2).mean())) for one in (chosen, best, curve.intensity)]
    assert errors[1] <= errors[0] < 1.5 * errors[1]
    assert errors[0] < 0.5 * errors[2]
    blind, _ = choose(offered, TRUTH + 1.0, curve.sigma)
    assert np.array_equal(blind, chosen)


def test_the_twin_s_noise_is_that_of_the_sigma_it_is_judged_by():
    pulls = [(case.curve.intensity - case.truth) / case.sigma for case in twin_cases(0.3, 1)]
    assert len(pulls) == len(TARGETS)
    assert np.std(pulls) == pytest.approx(1.0, abs=0.05)


def test_a_row_is_made_beside_each_other_way(monkeypatch, tmp_path):
    monkeypatch.setattr(denoising, "EXPOSURES_S", (0.03,))
    monkeypatch.setattr(denoising, "N_REPEATS_QUICK", 1)
    monkeypatch.setattr(short_exposures, "TARGETS", (3,))
    said: list[str] = []
    task = Task(track=lambda steps, _: steps, say=said.append, dataset=tmp_path / "silica", is_quick=True)
    rows = denoising.measure(task)
    assert {row.peer for row in rows} == {
        "alone", "as measured", "rebinning, cross-validated", "rebinning, oracle",
        "Savitzky-Golay, cross-validated", "Savitzky-Golay, oracle",
    }  # fmt: skip
    assert all(0.0 < row.value < 0.6 for row in rows)
    assert any("measured series are skipped" in sentence for sentence in said)
