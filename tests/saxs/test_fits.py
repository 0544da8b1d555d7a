"""What stands behind a feature goes on record: the model on the very points that were fitted."""

import errno
import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from models.domain.action import Asset, Exposure
from models.domain.analysis_spec import AnalysisSpec
from models.domain.errors import BadInput, LogUnavailable
from models.domain.scattering import Absence, Curve, Feature, Fit, fit_from_json
from models.domain.space import Point
from models.saxs import pipeline
from models.saxs.curve_files import read_curve, write_curve
from models.saxs.extractor import Extractor
from models.saxs.extractors import known_names, load_extractors
from models.saxs.fits import as_artifacts
from models.saxs.guinier_fit import fit_window
from models.saxs.pipeline import build_analysis
from models.saxs.reading import read_all, read_features
from models.saxs.steady import steady

Q = np.linspace(0.05, 4.0, 400)


def peaked(q: np.ndarray) -> np.ndarray:
    """A correlation peak at 1.2 1/nm on a power law."""
    return 0.8 * q**-1.5 * (1 + 4 * np.exp(-4 * np.log(2) * ((q - 1.2) / 0.1) ** 2))


def fits_of(name: str, curve: Curve) -> tuple[Fit, ...]:
    return tuple(item for item in read_all(load_extractors((name,)), curve) if isinstance(item, Fit))


def features_of(name: str, curve: Curve) -> dict[str, float]:
    found = read_features(load_extractors((name,)), curve)
    return {item.name: item.value for item in found if isinstance(item, Feature)}


def parameter(fit: Fit, name: str) -> float:
    return next(p.value for p in fit.parameters if p.name == name)


def residuals(fit: Fit, curve: Curve) -> np.ndarray:
    """Distance of the curve from the fit, in sigma; every fitted point is one of the curve's."""
    rows = np.searchsorted(curve.q_inv_nm, fit.q_inv_nm)
    np.testing.assert_array_equal(curve.q_inv_nm[rows], fit.q_inv_nm)
    np.testing.assert_array_equal(np.diff(rows), 1)
    return (curve.intensity[rows] - np.array(fit.intensity)) / curve.sigma[rows]


CASES = [
    ("guinier", lambda q: 5 * np.exp(-((q * 2.0) ** 2) / 3), {"rg": ("rg", 2.0), "i0": ("i0", 5.0)}),
    (
        "peak",
        peaked,
        {"q": ("peak_q", 1.2), "fwhm": ("peak_width", 0.1), "height_over_background": (None, 4)},
    ),
    (
        "porod",
        lambda q: 0.5 * q**-4.0 + 0.05,
        {"constant": ("porod_constant", 0.5), "background": (None, 0.05)},
    ),
]


@pytest.mark.parametrize(("name", "ideal", "truths"), CASES, ids=[case[0] for case in CASES])
def test_a_fit_lies_on_its_curve_and_tells_the_parameters_of_its_features(noisy, name, ideal, truths):
    curve = noisy(Q, ideal(Q), 2e4, seed=5)
    (fit,) = fits_of(name, curve)
    miss = residuals(fit, curve)
    assert fit.name == name
    assert fit.chi2_reduced == pytest.approx(1.0, abs=0.35)
    assert np.mean(miss**2) == pytest.approx(fit.chi2_reduced, rel=0.2)
    assert abs(miss.mean()) < 4 / np.sqrt(miss.size)
    features = features_of(name, curve)
    for key, (feature, truth) in truths.items():
        assert parameter(fit, key) == pytest.approx(truth, rel=0.06)
        assert feature is None or parameter(fit, key) == pytest.approx(features[feature], rel=1e-12)


def test_the_points_of_the_guinier_fit_are_those_of_its_window(noisy):
    curve = noisy(Q, 5 * np.exp(-((Q * 2.0) ** 2) / 3), 2e4, seed=5)
    (fit,) = fits_of("guinier", curve)
    first = int(np.searchsorted(curve.q_inv_nm, fit.q_inv_nm[0]))
    again = fit_window(steady(curve), first, first + len(fit.q_inv_nm))
    assert again.rg_nm == parameter(fit, "rg")
    assert again.chi2 / (len(fit.q_inv_nm) - 2) == pytest.approx(fit.chi2_reduced, rel=0.1)


def test_the_sigma_of_a_parameter_is_what_noise_does_to_it(noisy):
    pulls = []
    for seed in range(25):
        (fit,) = fits_of("guinier", noisy(Q, 5 * np.exp(-((Q * 2.0) ** 2) / 3), 3e3, seed=seed))
        rg = next(p for p in fit.parameters if p.name == "rg")
        pulls.append((rg.value - 2.0) / rg.sigma)
    assert 0.6 < np.std(pulls) < 1.5
    assert abs(np.mean(pulls)) < 0.6


def test_a_refused_law_leaves_the_fit_that_shows_why(noisy):
    curve = noisy(Q, 2 * Q**-2.0 + 0.01, 1e5, seed=2)
    found = read_all(load_extractors(("porod",)), curve)
    assert "porod_constant" in {item.name for item in found if isinstance(item, Absence)}
    (fit,) = (item for item in found if isinstance(item, Fit))
    assert fit.chi2_reduced > 5


def test_a_curve_without_a_peak_has_no_fit_of_one(noisy):
    assert fits_of("peak", noisy(Q, 3 * np.exp(-(Q**2)) + 0.1, 1e4, seed=3)) == ()


def test_the_tail_that_porod_and_invariant_share_is_kept_once(noisy):
    curve = noisy(Q, 0.5 / (Q**4 + 0.05) + 0.01, 1e5, seed=4)
    found = read_all(load_extractors(("porod", "invariant")), curve)
    fits = tuple(item for item in found if isinstance(item, Fit))
    assert len(fits) == 2
    assert [kept.name for kept in as_artifacts(fits)] == ["porod"]


def test_a_fit_comes_back_from_the_record_with_every_digit(noisy):
    for name, ideal, _ in CASES:
        (fit,) = fits_of(name, noisy(Q, ideal(Q), 1e4, seed=1))
        (kept,) = as_artifacts((fit,))
        assert (kept.role, kept.name, kept.media_type) == ("fit", name, "application/json")
        assert fit_from_json(kept.content) == fit


def a_fit(**changes: object) -> Fit:
    values: dict[str, object] = {
        "name": "mine", "q_inv_nm": (0.1, 0.2), "intensity": (1.0, 2.0), "unit": "1/cm", "parameters": (),
        "chi2_reduced": 1.0,
    }  # fmt: skip
    return Fit.model_validate(values | changes)


def test_two_fits_of_one_name_are_both_kept():
    kept = as_artifacts((a_fit(), a_fit(chi2_reduced=2.0), a_fit(chi2_reduced=3.0)))
    assert [artifact.name for artifact in kept] == ["mine", "mine-2", "mine-3"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# nightbeam curve 1", "fit: is not JSON"),
        ("[1, 2]", "fit: input should be"),
        ('{"name": "x"}', r"fit: q_inv_nm: is missing"),
        (b"\xff\xfe\xff", "fit: is not JSON"),
        (a_fit().model_dump_json().replace("[1.0,2.0]", "[1.0]"), "2 q and 1 intensities"),
        (a_fit().model_dump_json().replace("[1.0,2.0]", "[1.0,NaN]"), r"intensity\[1\]"),
    ],
)
def test_what_is_no_fit_is_refused_in_one_line(text, said):
    with pytest.raises(BadInput, match=said) as caught:
        fit_from_json(text)
    assert "\n" not in str(caught.value)


def test_ones_own_extractor_may_return_a_fit_and_need_not():
    def with_fit(curve: Curve) -> tuple[Feature | Fit, ...]:
        return Feature(name="x", value=1.0, sigma=0.1, unit="1"), a_fit()

    curve = Curve(Q, np.exp(-Q), np.full(Q.size, 0.01))
    mine = Extractor(makes={"x": "1"}, extract=with_fit)
    assert [type(item) for item in read_all((mine,), curve)] == [Feature, Fit]
    assert [type(item) for item in read_features((mine,), curve)] == [Feature]


def test_a_fit_that_is_not_a_number_leaves_an_absence_and_never_ends_a_night():
    broken = Extractor(makes={"x": "1"}, extract=lambda _: (a_fit(intensity=(1.0, float("nan"))),))
    (absence,) = read_all((broken,), Curve(Q, np.exp(-Q), np.full(Q.size, 0.01)))
    assert isinstance(absence, Absence)
    assert "ValidationError" in absence.why


def exposed(path: Path, curve: Curve) -> Exposure:
    write_curve(path, curve)
    return Exposure(
        seq=3, action_id="a3", run_uid="u", point=Point(coordinates={}), exposure_s=1.0,
        assets=(Asset(role="curve", path=str(path), sha256="0" * 64, n_bytes=1),),
    )  # fmt: skip


def analysis_in(folder: Path) -> pipeline.ScatteringAnalysis:
    spec = AnalysisSpec(features=known_names())
    return build_analysis(spec, extractors=load_extractors(spec.features), folder=folder)


def test_an_observation_brings_its_curve_and_its_fits_byte_for_byte(noisy, tmp_path):
    exposure = exposed(tmp_path / "c.dat", noisy(Q, peaked(Q), 1e4, seed=9))
    seen = analysis_in(tmp_path / "out")(exposure, None)
    curve, *fits = seen.artifacts
    assert seen.observation.curve is not None
    assert curve.content == Path(seen.observation.curve.path).read_bytes()
    assert {fit.role for fit in fits} == {"fit"}
    assert "peak" in {fit.name for fit in fits}
    kept = read_curve(Path(seen.observation.curve.path))
    for fit in fits:
        residuals(fit_from_json(fit.content), kept)


def test_a_rejected_curve_is_kept_without_fits(tmp_path):
    nothing = np.full(Q.size, np.nan)
    seen = analysis_in(tmp_path / "out")(exposed(tmp_path / "c.dat", Curve(Q, nothing, nothing)), None)
    assert not seen.observation.is_accepted
    assert [artifact.role for artifact in seen.artifacts] == ["curve"]


@contextmanager
def small_disk(limit_bytes: int) -> Iterator[None]:
    """No file may grow beyond the limit, as on a disk that is nearly full."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    usual = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, usual)


def test_a_disk_that_takes_no_curve_stops_the_campaign_and_rejects_no_frame(noisy, tmp_path):
    exposure = exposed(tmp_path / "c.dat", noisy(Q, peaked(Q), 1e4, seed=9))
    analysis = analysis_in(tmp_path / "out")
    cannot = r"seq-00003\.dat cannot be written .*free space"
    with pytest.raises(LogUnavailable, match=cannot), small_disk(1000):
        analysis(exposure, None)
    assert list((tmp_path / "out" / "curves").iterdir()) == []
    assert analysis(exposure, None).observation.is_accepted


@pytest.mark.parametrize(
    "number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES, errno.ENOENT]
)
def test_whatever_the_system_says_of_our_own_file_is_not_the_frames_fault(
    noisy, tmp_path, monkeypatch, number
):
    def refuse(path: Path, curve: Curve) -> None:
        raise OSError(number, os.strerror(number))

    exposure = exposed(tmp_path / "c.dat", noisy(Q, peaked(Q), 1e4, seed=9))
    monkeypatch.setattr(pipeline, "write_curve", refuse)
    with pytest.raises(LogUnavailable, match=os.strerror(number)):
        analysis_in(tmp_path / "out")(exposure, None)


def test_guinier_and_peak_lie_on_measured_curves(biosaxs, silica):
    lysozyme = read_curve(biosaxs / "lys_saxs.dat", q_unit="1/A")
    (guinier,) = fits_of("guinier", lysozyme)
    assert guinier.chi2_reduced < 1.5
    assert np.mean(np.abs(residuals(guinier, lysozyme)) < 3) > 0.97
    n_on = 0
    for path in sorted((silica / "saxs").glob("*.dat"))[::8]:
        curve = read_curve(path, q_unit="1/A")
        n_on += sum(np.mean(np.abs(residuals(fit, curve)) < 4) > 0.95 for fit in fits_of("peak", curve))
    assert n_on >= 5
