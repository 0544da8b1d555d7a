"""A night on which everything goes wrong once, and what the features say against the truth."""

from pathlib import Path

import numpy as np
import pytest

from agent import Campaign
from agent.config import read_campaign
from agent.plan import prepare
from models.domain.history import History
from models.saxs.curve_files import read_curve
from sims.truth import Truth
from sims.world import World, WorldSpec

FAULTS = """
[instrument.world.faults]
bubble = { at = [3] }
lost_beam = { at = [5] }
stuck_motor = { at = [7] }
nan = { at = [9] }
saturated_frame = { at = [11] }
stale_frame = { at = [13] }
slow_clock = { at = [15], severity = 1.0 }
wrong_pixels = { at = [17] }
"""
SAID = {3: "bubble", 5: "beam", 11: "saturation", 13: "duplicate", 15: "time", 17: "pixel_size"}
"""Which check speaks up at which decision."""


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> History:
    from tests.journeys.conftest import CAMPAIGN

    folder = tmp_path_factory.mktemp("night")
    path = folder / "night.toml"
    text = CAMPAIGN.replace("measurements = 10", "measurements = 22").replace("every = 6", "every = 40")
    path.write_text(text + FAULTS)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        campaign = Campaign.from_toml(path, db=f"sqlite:///{folder / 'night.db'}")
        assert campaign.run().is_finished
        return campaign.history()


def test_every_fault_is_recorded_and_the_night_goes_on(night: History):
    for seq, check in SAID.items():
        observation = night.observation(seq)
        assert observation is not None
        assert not observation.is_accepted
        assert check in {verdict.check for verdict in observation.verdicts if not verdict.is_ok}
        assert observation.features == ()
    for seq, word in {7: "changer", 9: "monitor reads nan"}.items():
        failure = night.failure(seq)
        assert failure is not None
        assert failure.code == "BeamlineFault"
        assert word in failure.sentence
    for seq in (4, 6, 8, 10, 12, 14, 16, 18):
        assert night.decision(seq).kind == "repeat"
        assert night.decision(seq).point == night.decision(seq - 1).point
    good = [decision.seq for decision, _ in night.accepted()]
    assert len(good) == 22 - 8


def test_the_agent_never_learns_from_a_bad_frame(night: History):
    for decision in night.decisions:
        assert decision.watermark == decision.seq - 1
    bad = {3, 5, 7, 9, 11, 13, 15, 17}
    assert bad.isdisjoint({decision.seq for decision, _ in night.accepted()})


def test_the_curves_are_those_of_the_truth_within_their_sigma(night: History):
    truth = Truth(World(WorldSpec(), 5))
    checked = 0
    for decision, observation in night.accepted():
        assert decision.point is not None
        assert observation.curve is not None
        curve = read_curve(Path(observation.curve.path), q_unit="1/nm").between(0.15, 3.5)
        expected = truth.curve(decision.point.coordinates, curve.q_inv_nm)
        factor = float(
            (curve.intensity * expected / curve.sigma**2).sum() / (expected**2 / curve.sigma**2).sum()
        )
        assert abs(factor - 1.0) < 0.03, "absolute scale"
        smooth = np.abs(np.gradient(np.log(expected), np.log(curve.q_inv_nm))) < 6  # bins average sharp peaks
        pull = ((curve.intensity - factor * expected) / curve.sigma)[smooth]
        assert abs(np.median(pull)) < 0.35
        checked += 1
    assert checked == 14


def test_features_cover_the_truth_but_for_the_bias_that_is_named(night: History):
    """A form factor that falls or rises as q^3 moves a summit by width^2 d ln P / dq: docs/features.md."""
    truth = Truth(World(WorldSpec(), 5))
    pulls = []
    for decision, observation in night.accepted():
        assert decision.point is not None
        spacing = observation.feature("peak_d")
        if spacing is not None:
            q, fwhm = (observation.feature(name).value for name in ("peak_q", "peak_width"))
            bias = 3.0 * (fwhm / 2.355 / q) ** 2 * spacing.value
            off = spacing.value - truth.feature("peak_d", decision.point.coordinates)
            pulls.append(off / np.hypot(spacing.sigma, bias))
    assert len(pulls) >= 5
    assert np.mean(np.abs(pulls) < 2.5) >= 0.8, pulls


def test_the_best_is_found(night: History):
    truth = Truth(World(WorldSpec(), 5))
    spec = read_campaign(Path(__file__).parents[2] / "examples" / "first_light.toml")
    best = truth.best(spec.objective, spec.space()).value
    reached = max(
        truth.feature("peak_strength", d.point.coordinates)
        for d, _ in night.accepted()
        if d.point is not None
    )
    assert reached > 0.5 * best


def test_the_example_says_the_scale_that_the_virtual_beamline_has(tmp_path):
    spec = read_campaign(Path(__file__).parents[2] / "examples" / "first_light.toml")
    plan = prepare(spec, Path(), f"sqlite:///{tmp_path}/night.db")
    assert plan.space.names == ("surfactant", "cosurfactant", "water")
    assert spec.analysis.scale == pytest.approx(
        10 * World(WorldSpec(), spec.seed).station.absolute_scale, rel=1e-4
    )
