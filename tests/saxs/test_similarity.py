"""Which repeats are alike: chances that are exact, alarms as rare as they say, damage cut where it begins."""

from itertools import product
from pathlib import Path

import freesas.cormap
import h5py
import numpy as np
import pytest
from scipy import stats

from models.domain.errors import BadInput
from models.domain.scattering import Curve, Feature, Floats
from models.saxs.cormap import chance_of_run, longest_run_of
from models.saxs.correct import subtract
from models.saxs.curve_files import read_curve
from models.saxs.features import guinier
from models.saxs.similarity import average_alike, compare_repeats

Q_INV_NM = np.linspace(0.1, 3.0, 120)


def longest(sides: tuple[int, ...]) -> int:
    return longest_run_of(np.array(sides) - 0.5)


def shots(expected: list[Floats], seed: int, common: float = 0.0) -> list[Curve]:
    """Poisson counts, each curve times a factor that all its points share."""
    rng = np.random.default_rng(seed)
    curves: list[Curve] = []
    for number, mean in enumerate(expected):
        counts, factor = rng.poisson(mean), 1 + common * rng.normal()
        curves.append(
            Curve(
                Q_INV_NM[: len(mean)], factor * counts, factor * np.sqrt(np.maximum(counts, 1)),
                common_relative_sigma=common, source=f"shot {number}",
            )
        )  # fmt: skip
    return curves


def protein(strength: float, n: int = 120) -> Floats:
    return strength * (0.2 + np.exp(-(Q_INV_NM[:n] ** 2)))


@pytest.mark.parametrize("n", [1, 2, 5, 11])
def test_the_chance_of_a_run_is_that_of_counting_all_sequences(n: int):
    runs = [longest(sides) for sides in product((0, 1), repeat=n)]
    for run in range(1, n + 2):
        assert chance_of_run(n, run) == pytest.approx(np.mean(np.array(runs) >= run), rel=1e-14)


@pytest.mark.parametrize("n", [40, 474, 900])
def test_the_chance_of_a_run_is_that_of_freesas(n: int):
    for run in (2, 8, 13, 25, n):
        expected = freesas.cormap.LROH.probaLongerRun(n, run - 1)
        assert chance_of_run(n, run) == pytest.approx(expected, rel=1e-10)


def test_curves_of_ten_thousand_points_have_a_chance_too():
    # freesas answers with RecursionError here; about n / 2^13 runs of 14 and more are expected
    assert chance_of_run(10_000, 14) == pytest.approx(1 - np.exp(-10_000 / 2**14), rel=1e-2)


@pytest.mark.parametrize(("strength", "common"), [(400.0, 0.0), (3.0, 0.01)])
def test_of_2000_series_without_change_no_more_lose_a_curve_than_the_level_says(
    strength: float, common: float
):
    level = 0.05
    n_series = 2000
    same = [protein(strength, 60)] * 4
    n_false = sum(bool(compare_repeats(shots(same, k, common), level).left_out) for k in range(n_series))
    assert n_false <= stats.binom.isf(1e-3, n_series, level)


def test_a_growing_aggregate_is_cut_off_where_it_begins():
    for seed in range(20):
        aggregate = np.exp(-((5 * Q_INV_NM) ** 2) / 3)
        grown = [protein(2000) + 1000 * max(0, k - 3) * aggregate for k in range(10)]
        similarity = compare_repeats(shots(grown, seed))
        assert similarity.changed_at == 4
        assert similarity.accepted == (0, 1, 2, 3)
        assert similarity.why().startswith(
            "6 of 10 left out at a level of 0.01: shot 4 and all after it: a lasting"
        )


def test_a_curve_that_differs_alone_is_left_out_alone():
    series = [protein(2000)] * 8
    series[3] = 1.5 * series[3]
    average, similarity = average_alike(shots(series, 1))
    assert similarity.changed_at is None
    assert similarity.accepted == (0, 1, 2, 4, 5, 6, 7)
    assert similarity.why().startswith(
        "1 of 8 left out at a level of 0.01: shot 3 alone differs from the first"
    )
    np.testing.assert_allclose(average.intensity, protein(2000), rtol=0.1)


def test_a_factor_within_the_error_of_the_transmission_is_no_change():
    series = [protein(1e5), 1.01 * protein(1e5)]
    plain = shots(series, 2)
    with_error = [
        Curve(c.q_inv_nm, c.intensity, c.sigma, common_relative_sigma=0.01, source=c.source) for c in plain
    ]
    assert compare_repeats(plain).left_out == (1,)
    assert compare_repeats(with_error).left_out == ()


def test_a_change_is_seen_without_any_sigma():
    rng = np.random.default_rng(3)
    huge = np.full(120, 1e9)
    curves = [
        Curve(Q_INV_NM, protein(1.0) + 0.05 * k * np.exp(-(Q_INV_NM**2)) + rng.normal(0, 1e-3, 120), huge)
        for k in (0, 0, 1, 1)
    ]
    found = compare_repeats(curves)
    assert found.changed_at == 2
    assert found.comparisons[1].p_chi2 > 0.9


def test_level_0_keeps_everything_and_one_curve_is_alike():
    series = shots([protein(2000), 3 * protein(2000), 4 * protein(2000)], 5)
    assert compare_repeats(series, level=0).accepted == (0, 1, 2)
    assert compare_repeats(series[:1]).accepted == (0,)
    assert compare_repeats(series[:1]).why() == ""


def test_curves_that_cannot_be_compared_are_refused():
    one, short = shots([protein(10), protein(10, 60)], 6)
    with pytest.raises(BadInput, match="shot 1: has other q values than shot 0"):
        compare_repeats([one, short])
    with pytest.raises(BadInput, match="1/cm"):
        compare_repeats([one, Curve(one.q_inv_nm, one.intensity, one.sigma, "1/cm")])
    with pytest.raises(BadInput, match="no curve"):
        compare_repeats([])


def test_ten_shots_of_glucose_isomerase_and_of_its_buffer_are_alike(biosaxs: Path):
    averages: list[Curve] = []
    for pattern in ("GI2_*.dat", "GIbuf2_*.dat"):
        files = sorted((biosaxs / "multiseries_dats").glob(pattern))
        average, similarity = average_alike([read_curve(file, q_unit="1/A") for file in files])
        assert similarity.accepted == tuple(range(10))
        assert 0.9 < np.mean([c.chi2_reduced for c in similarity.comparisons]) < 1.1
        averages.append(average)
    rg = next(f for f in guinier.extract(subtract(*averages)) if isinstance(f, Feature) and f.name == "rg")
    assert 3.34 < rg.value < 3.39


def test_buffer_before_a_peak_is_alike_and_the_peak_is_not(biosaxs: Path):
    with h5py.File(biosaxs / "clean_BSA_001.hdf5") as file:
        q = np.asarray(file["profiles/q"])
        totals = np.asarray(file["intensities/total_intensities"])
        profiles = [np.asarray(file[f"profiles/{k:06d}"]) for k in range(len(totals))]
    curves = [Curve(q, p[:, 0], p[:, 1], source=f"frame {k}") for k, p in enumerate(profiles)]
    peak = int(np.argmax(totals))
    assert compare_repeats(curves[: peak - 70]).left_out == ()
    found = compare_repeats(curves[:peak])
    assert found.changed_at is not None
    # the first protein comes about 65 frames before the top
    assert peak - 70 < found.changed_at < peak - 55
