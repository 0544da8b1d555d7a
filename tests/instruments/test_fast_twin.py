"""The fast twin shows what the virtual beamline's frames show, bin by bin and feature by feature."""

import numpy as np
import pytest
from scipy import stats

from instruments.fast_twin import FastTwin, find_rings
from models.domain.analysis_spec import AnalysisSpec
from models.domain.decision import Decision, Reason
from models.domain.errors import BeamlineFault
from models.domain.scattering import Curve, Feature, Frame
from models.domain.space import Point
from models.saxs.bins import Binning
from models.saxs.correct import subtract, to_scale
from models.saxs.corrections import Scale
from models.saxs.extractors import load_extractors
from models.saxs.integrate import integrate
from models.saxs.reading import read_features
from models.saxs.reduction import Detector
from sims.faults import FaultRule, FaultSpec
from sims.world import World, WorldSpec

SPEC = AnalysisSpec(
    features=("peak", "guinier", "porod", "invariant"), q_min_inv_nm=0.08, q_max_inv_nm=4.0, n_bins=200,
    scale=76054.6, intensity_unit="1/cm",
)  # fmt: skip
SEED = 4
MIXTURES = [
    {"surfactant": s, "cosurfactant": c, "water": 1.0 - s - c}
    for s, c in [(0.05, 0.0), (0.2, 0.05), (0.3, 0.2), (0.17, 0.36), (0.08, 0.1), (0.4, 0.15)]
]
WATER = {"surfactant": 0.0, "cosurfactant": 0.0, "water": 1.0}
N_FAST = 24


@pytest.fixture(scope="module")
def world() -> World:
    return World(WorldSpec(), SEED)


@pytest.fixture(scope="module")
def rings(world):
    return find_rings(world, SPEC, Detector())


def ask(seq: int, mixture: dict[str, float], exposure_s: float = 1.0) -> Decision:
    reason = Reason(code="test", sentence="A test.")
    point = Point(coordinates=mixture)
    return Decision(seq=seq, kind="suggest", point=point, reason=reason, exposure_s=exposure_s)


def fast(world, rings, seq: int, mixture: dict[str, float]) -> Curve:
    return FastTwin(world, rings, SEED).show(ask(seq, mixture), "a").curve


def full(world: World, seq: int, mixture: dict[str, float]) -> Curve:
    shot = world.expose(mixture, seq=seq, exposure_s=1.0)
    frame = Frame(
        counts=shot.counts, mask=world.station.pixel_mask, exposure_s=1.0, monitor=shot.monitor,
        transmission=shot.transmission, transmission_sigma=shot.transmission_sigma, thickness_mm=1.0,
    )  # fmt: skip
    binning = Binning(n_bins=SPEC.n_bins, q_min_inv_nm=SPEC.q_min_inv_nm, q_max_inv_nm=SPEC.q_max_inv_nm)
    return to_scale(integrate(frame, world.station.geometry, binning), Scale(SPEC.scale, unit="1/cm"))


def features(sample: Curve, blank: Curve) -> dict[str, Feature]:
    read = read_features(load_extractors(SPEC.features), subtract(sample, blank))
    return {one.name: one for one in read if isinstance(one, Feature)}


def test_each_bin_is_that_of_a_frame_but_for_other_counts(world, rings):
    for mixture in MIXTURES[2:4]:
        one, other = fast(world, rings, 3, mixture), full(world, 3, mixture)
        assert np.allclose(one.q_inv_nm, other.q_inv_nm)
        assert one.common_relative_sigma == pytest.approx(other.common_relative_sigma)
        assert one.unit == other.unit
        z = (one.intensity - other.intensity) / np.hypot(one.sigma, other.sigma)
        assert stats.kstest(z, "norm").pvalue > 1e-3
        assert abs(z.mean()) < 4.0 / np.sqrt(len(z))
        assert np.median(one.sigma / other.sigma) == pytest.approx(1.0, abs=0.02)


def test_every_feature_is_spread_as_that_of_frames(world, rings):
    """Of each mixture one frame among draws of the fast twin: its ranks are even, whatever the feature."""
    ranks: dict[str, list[float]] = {}
    full_blank, fast_blanks = full(world, 1, WATER), [fast(world, rings, 50 + k, WATER) for k in range(4)]
    for place, mixture in enumerate(MIXTURES):
        mine = features(full(world, 10 + place, mixture), full_blank)
        drawn = [
            features(fast(world, rings, 100 + N_FAST * place + k, mixture), fast_blanks[k % 4])
            for k in range(N_FAST)
        ]
        for name, one in mine.items():
            values = [found[name].value for found in drawn if name in found]
            assert len(values) >= N_FAST // 2, f"{name} of mixture {place} is missing from the fast twin"
            below = sum(value < one.value for value in values)
            ranks.setdefault(name, []).append((below + 0.5) / (len(values) + 1))
    together = [rank for found in ranks.values() for rank in found]
    assert set(ranks) >= {"peak_strength", "peak_q", "rg", "i0", "invariant", "porod_constant"} - {"rg", "i0"}
    assert len(together) >= 20
    assert stats.kstest(together, "uniform").pvalue > 1e-3


def test_faults_strike_where_they_strike_the_virtual_beamline(rings):
    faults = FaultSpec(bubble=FaultRule(at=(5,)), stuck_motor=FaultRule(at=(6,)))
    twin = FastTwin(World(WorldSpec(faults=faults), SEED), rings, SEED)
    assert twin.show(ask(4, MIXTURES[0]), "a").verdicts == ()
    (verdict,) = twin.show(ask(5, MIXTURES[0]), "a").verdicts
    assert verdict.is_refusal
    assert "bubble" in verdict.remedy
    twin.bring(ask(5, MIXTURES[0]))
    with pytest.raises(BeamlineFault, match="stuck_motor"):
        twin.bring(ask(6, MIXTURES[0]))


def test_noise_can_be_turned_up_and_a_longer_exposure_turns_it_down(world, rings):
    ideal = FastTwin(world, rings, SEED).ideal(MIXTURES[2], 1.0)

    def scatter(noise: float, exposure_s: float) -> tuple[float, float]:
        twin = FastTwin(world, rings, SEED)
        twin.noise = noise
        curve = twin.show(ask(7, MIXTURES[2], exposure_s), "a").curve
        away = curve.intensity / ideal.intensity - 1.0
        return float(np.std(away - away.mean())), float(np.median(curve.sigma / ideal.sigma))

    plain, loud, long = scatter(1.0, 1.0), scatter(2.0, 1.0), scatter(1.0, 4.0)
    assert loud[0] / plain[0] == pytest.approx(2.0, rel=0.25)
    assert loud[1] / plain[1] == pytest.approx(2.0, rel=0.05)
    assert long[0] / plain[0] == pytest.approx(0.5, rel=0.25)
