"""A curve in few bins: the same bins whatever the curve, plain means, nothing made up."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.domain.analysis_spec import AnalysisSpec
from models.domain.errors import BadInput
from models.domain.scattering import Curve, Verdict
from models.saxs import curve_reader
from models.saxs.curve_files import write_curve
from models.saxs.extractors import load_extractors
from models.saxs.pipeline import build_analysis
from models.saxs.profile import bin_curve, lay_bins
from tests.saxs.test_pipeline import curve_of, expose

WINDOW = (0.1, 3.0)


def curve(q: np.ndarray, intensity: np.ndarray, sigma: np.ndarray | float = 0.1) -> Curve:
    return Curve(q, intensity, np.broadcast_to(np.asarray(sigma, float), q.shape).copy(), "1/cm")


@given(
    st.lists(st.floats(0.05, 4.0), min_size=1, max_size=60, unique=True).map(sorted),
    st.integers(1, 30),
    st.integers(0, 10**6),
)
def test_every_bin_is_the_plain_mean_of_its_points_or_empty(places, n_bins, seed):
    q, rng = np.array(places), np.random.default_rng(seed)
    intensity, sigma = rng.normal(size=q.size), rng.uniform(0.1, 1.0, q.size)
    found = bin_curve(curve(q, intensity, sigma), WINDOW, n_bins)
    edges, middles = lay_bins(WINDOW, n_bins)
    assert found.q_inv_nm == pytest.approx(middles, rel=1e-7)
    for place, (low, high) in enumerate(pairwise(edges)):
        is_last = place == n_bins - 1
        inside = (q >= low) & ((q <= high) if is_last else (q < high))
        if not inside.any():
            assert (found.intensity[place], found.sigma[place]) == (None, None)
            continue
        assert found.intensity[place] == pytest.approx(intensity[inside].mean(), rel=1e-6, abs=1e-12)
        error = np.sqrt((sigma[inside] ** 2).sum()) / inside.sum()
        assert found.sigma[place] == pytest.approx(error, rel=1e-4)


def test_bins_do_not_depend_on_the_curve():
    short = bin_curve(curve(np.linspace(0.5, 1.0, 50), np.ones(50)), WINDOW, 24)
    long = bin_curve(curve(np.linspace(0.1, 3.0, 500), np.ones(500)), WINDOW, 24)
    assert short.q_inv_nm == long.q_inv_nm
    assert None in short.intensity
    assert None not in long.intensity


def test_its_sigma_is_the_scatter_of_the_mean_and_it_leans_to_neither_side():
    """Counts of 4 on average: a mean weighted by 1/sigma^2 would come out at about 3."""
    q, rng = np.linspace(0.1, 3.0, 300), np.random.default_rng(5)
    pulls, means = [], []
    for _ in range(300):
        counts = rng.poisson(4.0, q.size).astype(float)
        found = bin_curve(curve(q, counts, np.sqrt(np.maximum(counts, 1.0))), WINDOW, 8)
        means.append(found.intensity[-1])
        pulls.append((found.intensity[-1] - 4.0) / found.sigma[-1])
    assert np.mean(means) == pytest.approx(4.0, abs=0.05)
    assert np.std(pulls) == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize("profile_bins", [None, 12])
def test_accepted_curves_go_on_record_in_bins_where_they_are_asked_for(tmp_path, profile_bins):
    spec = AnalysisSpec(features=("totals",), q_min_inv_nm=0.2, q_max_inv_nm=2.5)
    analysis = build_analysis(
        spec, extractors=load_extractors(spec.features), folder=tmp_path,
        profile_bins=profile_bins,
    )  # fmt: skip
    write_curve(tmp_path / "c.dat", curve_of(np.full(200, 3.0)))
    seen = analysis(expose(tmp_path / "c.dat", 1), None).observation
    if profile_bins is None:
        assert seen.profile is None
        return
    assert seen.profile is not None
    assert len(seen.profile.q_inv_nm) == profile_bins
    assert seen.profile.intensity[3] == pytest.approx(3.0)


def test_a_rejected_curve_has_no_profile(tmp_path, monkeypatch):
    refused = Verdict(check="finite", is_ok=False, value=1, limit=0, unit="points", remedy="Look at it.")
    monkeypatch.setattr(curve_reader, "check_curve", lambda *_: (refused,))
    spec = AnalysisSpec(features=("totals",), q_min_inv_nm=0.2, q_max_inv_nm=2.5)
    analysis = build_analysis(
        spec, extractors=load_extractors(spec.features), folder=tmp_path, profile_bins=8
    )
    write_curve(tmp_path / "c.dat", curve_of(np.full(200, 3.0)))
    seen = analysis(expose(tmp_path / "c.dat", 1), None).observation
    assert not seen.is_accepted
    assert seen.profile is None


def test_bins_from_q_zero_are_refused_with_what_to_do(tmp_path):
    spec = AnalysisSpec(features=("totals",))
    with pytest.raises(BadInput, match=r"analysis.q_min_inv_nm: is 0 1/nm.*Give the smallest q"):
        build_analysis(spec, extractors=(), folder=tmp_path, profile_bins=8)
