"""The count of covered truths counts what it says."""

import numpy as np
import pytest

from benchmarks.coverage import Level, measure
from benchmarks.coverage_truths import PIXELS, all_series, measure_curve
from benchmarks.task import Task
from models.domain.bands import Z_95
from models.domain.scattering import Curve


def test_a_curve_holds_as_many_counts_as_asked_for():
    ideal = np.exp(-np.linspace(0, 3, PIXELS.size))
    curve = measure_curve(ideal, 1e6, np.random.default_rng(1), None)
    counts = (curve.intensity / curve.sigma) ** 2
    assert counts[curve.intensity > 0].sum() == pytest.approx(1e6, rel=0.01)


def test_noise_of_the_sigma_that_it_states_is_covered_and_twice_that_is_not():
    pulls = np.random.default_rng(3).normal(size=20_000)
    honest = Level(1e4, pulls, pulls, np.ones(pulls.size), 0)
    brazen = Level(1e4, 2 * pulls, 2 * pulls, np.ones(pulls.size), 0)
    assert honest.coverage == pytest.approx(0.95, abs=0.005)
    assert brazen.coverage == pytest.approx(0.673, abs=0.01)
    assert pytest.approx(1.96, abs=1e-3) == Z_95


def test_every_series_has_truths_that_its_extractors_make_and_names_only_those_as_biased():
    series = all_series()
    assert len({one.name for one in series}) == len(series)
    for one in series:
        assert set(one.biased) <= set(one.truth)
        drawn = one.draw(3e5, np.random.default_rng(1))
        if isinstance(drawn, Curve):
            assert np.all(drawn.sigma > 0)


def test_rows_tell_coverage_bias_and_absences_level_by_level(monkeypatch: pytest.MonkeyPatch):
    (moments,) = (one for one in all_series() if one.name == "sums over a curve")
    monkeypatch.setattr("benchmarks.coverage.all_series", lambda: (moments,))
    said: list[str] = []
    rows = measure(Task(track=lambda steps, label: steps, say=said.append, dataset=None, is_quick=True))  # type: ignore[arg-type]
    assert {row.name for row in rows} == {f"coverage.sums_over_a_curve.{name}" for name in moments.truth}
    for row in rows:
        levels = row.settings["levels"]
        assert isinstance(levels, list)
        assert len(levels) == 4
        assert 0.8 <= row.value <= 1.0
    assert "com_q" in said[0]
