"""The virtual beamline is readjusted by real ophyd devices, and remembers what each spot took."""

from collections.abc import Callable
from pathlib import Path

import pytest

from instruments.dose_journal import DOSES, DoseJournal
from instruments.kinds import BuildContext
from instruments.runner import BlueskyInstrument
from instruments.virtual import Options, beamline_around, build
from models.domain.action import Exposure
from models.domain.decision import Decision, Reason
from models.domain.setup import Setup
from models.domain.space import Point
from models.saxs.frame_files import geometry_from_header, read_frame
from sims.world import World, WorldSpec

MIXTURE = {"surfactant": 0.3, "cosurfactant": 0.15, "water": 0.55}
Measure = Callable[..., Exposure]


@pytest.fixture
def measure(tmp_path: Path) -> Measure:
    """Measures a mixture under a set-up, each time with an instrument that was built anew."""

    def take(seq: int, setup: Setup, exposure_s: float = 0.1, sample: str | None = None) -> Exposure:
        options = Options.model_validate(
            {
                "spots": 3,
                "world": {"beam": {"damage_photons": 2e10}, "cameras": {"far": {"distance_mm": 5000.0}}},
            }
        )
        instrument = BlueskyInstrument(build(options, BuildContext("night", 1, tmp_path)), "night", tmp_path)
        decision = Decision(
            seq=seq, kind="suggest", point=Point(coordinates=MIXTURE, sample=sample), exposure_s=exposure_s,
            reason=Reason(code="test", sentence="A test."), setup=setup,
        )  # fmt: skip
        try:
            for action in instrument.actions(decision):
                report = instrument.perform(action, decision)
        finally:
            instrument.close()
        assert report.exposure is not None
        return report.exposure

    return take


def test_an_attenuator_takes_its_share_and_the_record_says_so(measure):
    whole, weak = measure(1, Setup()), measure(2, Setup(attenuation=0.1))
    assert (whole.attenuation, weak.attenuation) == (1.0, 0.1)
    assert weak.monitor == pytest.approx(0.1 * whole.monitor, rel=0.02)
    frames = [read_frame(Path(exposure.assets[0].path), exposure=exposure) for exposure in (whole, weak)]
    counts = [frame.counts[~frame.mask].sum() for frame in frames]
    assert counts[1] == pytest.approx(0.1 * counts[0], rel=0.05)
    assert frames[1].attenuation == 0.1


def test_what_a_spot_took_damages_it_and_a_fresh_one_is_sound_even_after_a_restart(measure):
    def counts(exposure: Exposure) -> int:
        frame = read_frame(Path(exposure.assets[0].path))
        return int(frame.counts[~frame.mask].sum())

    first = counts(measure(1, Setup(), 0.2))
    again = counts(measure(2, Setup(), 0.2, sample="S1"))
    fresh = counts(measure(3, Setup(spot=1), 0.2, sample="S1"))
    assert abs(again - first) > 10 * first**0.5
    assert abs(fresh - first) < 0.2 * abs(again - first)


def test_a_journal_of_doses_survives_a_line_that_was_cut_off(tmp_path):
    journal = DoseJournal(tmp_path / DOSES)
    journal.add(("S1", 0), 1, 10.0)
    journal.add(("S1", 0), 2, 5.0)
    with (tmp_path / DOSES).open("ab") as file:
        file.write(b'{"sample": "S1", "spo')
    again = DoseJournal(tmp_path / DOSES)
    assert again.before(("S1", 0), 3) == 15.0
    assert again.before(("S1", 1), 3) == 0.0
    again.add(("S2", 1), 3, 1.0)
    assert DoseJournal(tmp_path / DOSES).before(("S2", 1), 4) == 1.0


def test_an_exposure_that_is_taken_again_for_the_same_decision_counts_once(tmp_path):
    journal = DoseJournal(tmp_path / DOSES)
    for _ in range(2):
        assert journal.before(("S1", 0), 1) == 0.0
        journal.add(("S1", 0), 1, 10.0)
    assert journal.before(("S1", 0), 2) == 10.0


def test_the_detector_goes_where_it_is_told_and_its_frames_say_where_it_stood(measure):
    near, far = measure(1, Setup(configuration="standard")), measure(2, Setup(configuration="far"))
    distances = [geometry_from_header(Path(e.assets[0].path)).distance_mm for e in (near, far)]
    assert distances == [1500.0, 5000.0]


def test_the_reach_of_each_place_is_told_beforehand(tmp_path):
    spec = WorldSpec.model_validate({"cameras": {"far": {"distance_mm": 5000.0}}})
    adjusters = beamline_around(World(spec, 1), Options(), BuildContext("n", 1, tmp_path)).adjusters
    (near_low, near_high), (far_low, far_high) = adjusters.configurations.values()
    assert near_low / far_low == pytest.approx(5000 / 1500, rel=0.02)
    assert 2.5 < near_high < 4.5
    assert far_high < near_high
    assert adjusters.spot is None
