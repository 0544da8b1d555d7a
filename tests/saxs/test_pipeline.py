"""From an exposure to an observation."""

import hashlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.domain.action import Asset, Exposure
from models.domain.analysis_spec import AnalysisSpec
from models.domain.errors import BadInput, FitFailed, FrameRejected
from models.domain.geometry import Geometry
from models.domain.scattering import Absence, Curve, Feature, Frame
from models.domain.space import Point
from models.saxs.correct import average, subtract
from models.saxs.curve_files import read_curve, write_curve
from models.saxs.extractor import Extractor
from models.saxs.extractors import features_made, known_names, load_extractors
from models.saxs.pipeline import ScatteringAnalysis, build_analysis
from models.saxs.reading import read_features
from models.saxs.reduction import Detector

Q = np.linspace(0.1, 3, 200)


def curve_of(intensity: np.ndarray, **changes: Any) -> Curve:
    return Curve(Q, intensity, np.full(Q.size, 0.01), **changes)


def expose(path: Path, seq: int, role: str = "curve") -> Exposure:
    asset = Asset.model_validate({"role": role, "path": str(path), "sha256": "0" * 64, "n_bytes": 1})
    return Exposure(
        seq=seq,
        action_id=f"a{seq}",
        run_uid="u",
        point=Point(coordinates={}),
        exposure_s=1.0,
        assets=(asset,),
    )


@pytest.fixture
def analysis(tmp_path: Path) -> ScatteringAnalysis:
    spec = AnalysisSpec(features=("totals", "peak", "guinier"), q_min_inv_nm=0.2, q_max_inv_nm=2.5)
    return build_analysis(spec, extractors=load_extractors(spec.features), folder=tmp_path / "out")


def test_a_curve_becomes_an_observation_with_its_file(analysis: ScatteringAnalysis, tmp_path: Path):
    write_curve(tmp_path / "c.dat", curve_of(np.exp(-(Q**2))))
    seen = analysis(expose(tmp_path / "c.dat", 7), None).observation
    assert seen.is_accepted
    assert seen.blank_seq is None
    assert seen.feature("rg") is not None
    assert seen.curve is not None
    file = Path(seen.curve.path)
    assert file == tmp_path / "out" / "curves" / "seq-00007.dat"
    assert seen.curve.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    written = read_curve(file)
    assert 0.2 <= written.q_inv_nm[0] < written.q_inv_nm[-1] <= 2.5
    named = {f.name for f in seen.features} | {a.name for a in seen.absences}
    assert named == set(features_made(load_extractors(("totals", "peak", "guinier"))))


def test_the_blank_is_subtracted_and_reduced_once(analysis: ScatteringAnalysis, tmp_path: Path):
    write_curve(tmp_path / "s.dat", curve_of(np.full(Q.size, 3.0)))
    write_curve(tmp_path / "b.dat", curve_of(np.full(Q.size, 1.0)))
    blank = expose(tmp_path / "b.dat", 1)
    first = analysis(expose(tmp_path / "s.dat", 2), blank).observation
    (tmp_path / "b.dat").unlink()
    second = analysis(expose(tmp_path / "s.dat", 3), blank).observation
    for seen in (first, second):
        mean = seen.feature("mean_intensity")
        assert mean is not None
        assert mean.value == pytest.approx(2.0)
        assert seen.blank_seq == 1


@pytest.mark.parametrize("role", ["curve", "frame"])
def test_a_file_that_cannot_be_read_rejects_the_frame(
    analysis: ScatteringAnalysis, tmp_path: Path, role: str
):
    (tmp_path / "x.h5").write_bytes(b"\x89HDF\r\n\x1a\nrubbish")
    with pytest.raises(FrameRejected, match=r"x\.h5"):
        analysis(expose(tmp_path / "x.h5", 2, role), None)


def test_subtraction_adds_sigmas_in_quadrature_and_keeps_what_is_shared_apart():
    sample = curve_of(np.full(Q.size, 3.0), common_relative_sigma=0.003)
    buffer = curve_of(np.full(Q.size, 1.0), common_relative_sigma=0.004)
    net = subtract(sample, buffer)
    np.testing.assert_allclose(net.intensity, 2.0)
    np.testing.assert_allclose(net.sigma, np.sqrt(2 * 0.01**2 + 0.005**2))
    assert net.common_relative_sigma == 0.003


def test_a_buffer_on_another_grid_is_interpolated():
    fine = np.linspace(0.05, 3.5, 977)
    buffer = Curve(fine, 2 + fine, np.full(fine.size, 0.02))
    net = subtract(curve_of(5 + Q), buffer)
    np.testing.assert_allclose(net.intensity, 3.0, atol=1e-12)
    assert np.all(net.sigma > 0.01)


def test_the_average_of_noisy_repeats_is_unbiased_at_few_counts():
    rng = np.random.default_rng(11)
    counts = rng.poisson(3.0, (40, Q.size))
    mean = average([Curve(Q, n.astype(float), np.sqrt(np.maximum(n, 1))) for n in counts])
    assert mean.intensity.mean() == pytest.approx(3.0, abs=0.08)
    assert np.median(mean.sigma) == pytest.approx(np.sqrt(3.0 / 40), rel=0.1)


def test_curves_of_different_units_are_not_combined():
    with pytest.raises(BadInput, match=r"1/cm"):
        subtract(curve_of(Q), curve_of(Q, unit="1/cm"))


def test_every_shipped_extractor_makes_what_it_says():
    curve = curve_of(5 * np.exp(-(Q**2)) + 0.01 * Q**-4)
    for name in known_names():
        (extractor,) = load_extractors((name,))
        assert {item.name for item in read_features((extractor,), curve)} == set(extractor.makes)


def test_an_unknown_extractor_is_answered_with_the_nearest_name():
    with pytest.raises(BadInput, match=r"'guiner'.*Did you mean 'guinier'"):
        load_extractors(("guiner",))


def test_one_feature_has_one_maker():
    with pytest.raises(BadInput, match="'peak_strength'"):
        load_extractors(("peak", "models.saxs.features.peak:EXTRACTOR"))


def test_ones_own_extractor_is_loaded_by_module_and_attribute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "my_features.py").write_text(
        "from models.domain.scattering import Feature\n"
        "from models.saxs.extractor import Extractor\n"
        "MINE = Extractor({'top': 'a.u.'}, lambda c: (Feature(name='top', value=1, sigma=1, unit='a.u.'),))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    (mine,) = load_extractors(("my_features:MINE",))
    assert read_features((mine,), curve_of(Q))[0].name == "top"
    sys.modules.pop("my_features")
    with pytest.raises(BadInput, match="has no 'OTHER'"):
        load_extractors(("my_features:OTHER",))


def test_an_extractor_that_gives_up_leaves_absences_with_its_reason():
    def give_up(curve: Curve) -> tuple[Feature | Absence, ...]:
        raise FitFailed("it is too dark")

    found = read_features((Extractor({"a": "1", "b": "1"}, give_up),), curve_of(Q))
    assert found == (Absence(name="a", why="it is too dark"), Absence(name="b", why="it is too dark"))


def test_a_frame_that_fails_a_check_is_kept_and_trains_nothing(
    tmp_path: Path, geometry: Geometry, monkeypatch: pytest.MonkeyPatch
):
    from models.saxs import reduction

    shots = {
        "good.h5": Frame(np.full(geometry.shape, 50, np.int32), np.zeros(geometry.shape, bool), 1, 1e5, 0.6),
        "bubble.h5": Frame(
            np.full(geometry.shape, 50, np.int32), np.zeros(geometry.shape, bool), 1, 1e5, 0.8
        ),
        "nan.h5": Frame(
            np.full(geometry.shape, 50, np.int32), np.zeros(geometry.shape, bool), 1, float("nan"), 0.6
        ),
    }
    monkeypatch.setattr(reduction, "read_frame", lambda path, exposure: shots[path.name])
    analysis = build_analysis(
        AnalysisSpec(features=("totals",), n_bins=50), extractors=load_extractors(("totals",)),
        folder=tmp_path, detector=Detector(geometry),
    )  # fmt: skip
    blank = expose(Path("good.h5"), 1, "frame")
    good = analysis(expose(Path("good.h5"), 2, "frame"), blank).observation
    assert good.is_accepted
    assert good.features
    for seq, name in enumerate(("bubble.h5", "nan.h5"), start=3):
        seen = analysis(expose(Path(name), seq, "frame"), blank).observation
        assert not seen.is_accepted
        assert not seen.features
        assert seen.objections()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (lambda _: 1 / 0, "ZeroDivisionError"),
        (lambda _: (Feature(name="x", value=float("nan"), sigma=1.0, unit="1"),), "ValidationError"),
        (
            lambda _: (Feature(name="y", value=1.0, sigma=1.0, unit="1"),),
            "made y, which it had not announced",
        ),
        (lambda _: (Feature(name="x", value=1.0, sigma=-1.0, unit="1"),), "negative sigma"),
        (lambda _: 3.0, "TypeError"),
    ],
)
def test_a_faulty_extractor_leaves_an_absence_and_never_ends_a_night(answer, why):
    (absence,) = read_features((Extractor(makes={"x": "1"}, extract=answer),), curve_of(Q))
    assert isinstance(absence, Absence)
    assert absence.name == "x"
    assert why in absence.why


def test_a_curve_without_a_single_number_is_rejected_and_does_not_end_a_night(tmp_path: Path):
    path = tmp_path / "nan.dat"
    nothing = np.full(Q.size, np.nan)
    write_curve(path, Curve(Q, nothing, nothing))
    exposure = Exposure(
        seq=1, action_id="a", run_uid="u", point=Point(coordinates={"x": 1.0}), exposure_s=1.0,
        assets=(Asset(role="curve", path=str(path), sha256="0" * 64, n_bytes=1),),
    )  # fmt: skip
    spec = AnalysisSpec(features=("guinier",))
    extractors = load_extractors(spec.features)
    analysis = build_analysis(spec, extractors=extractors, folder=tmp_path)
    observation = analysis(exposure, None).observation
    assert not observation.is_accepted
    assert observation.features == ()
    assert "points" in observation.objections()
