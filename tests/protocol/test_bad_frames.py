"""Frames that must teach nobody anything, through the real beamline, analysis, log and loop."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agent.loop import Loop, Parts
from instruments.beamline import Timeouts
from instruments.kinds import BuildContext
from instruments.runner import BlueskyInstrument
from instruments.virtual import Options, beamline_around
from models.domain.analysis_spec import AnalysisSpec
from models.domain.campaign import BudgetSpec
from models.domain.history import History
from models.saxs.extractors import load_extractors
from models.saxs.pipeline import build_analysis
from tests import fakes
from tests.instruments.conftest import CAMPAIGN, SmallWorld
from tests.protocol.agents import Counted, Silent
from tests.protocol.invariants import Rows

STRUCK = 2
"""The decision whose frame is bad."""
TIMEOUTS = Timeouts(move_s=0.3, mix_s=0.5, readout_s=2.0)


class BadWorld(SmallWorld):
    """A detector that brings one bad frame."""

    spoil: Any = staticmethod(lambda shot: None)

    def expose(self, composition: dict[str, float], *, seq: int, exposure_s: float, stand: Any) -> Any:
        shot = super().expose(composition, seq=seq, exposure_s=exposure_s, stand=stand)
        if seq == STRUCK:
            self.spoil(shot)
        return shot


def no_counts(shot: Any) -> None:
    shot.counts = np.zeros_like(shot.counts)


def saturated(shot: Any) -> None:
    shot.counts[20:23, 14:17] = 1000


def number(name: str, value: float) -> Any:
    def spoil(shot: Any) -> None:
        setattr(shot, name, value)

    return spoil


@pytest.fixture
def night(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[History, Rows]]:
    """Four decisions, the second with a frame that is spoilt by the test's parameter."""
    world = BadWorld()
    world.spoil = request.param
    beamline = replace(
        beamline_around(world, Options(), BuildContext(CAMPAIGN, 1, tmp_path)), timeouts=TIMEOUTS
    )
    campaign = fakes.spec(budget=BudgetSpec(measurements=4), analysis=AnalysisSpec(features=("totals",)))
    log = fakes.open_log(fakes.sqlite_url(tmp_path), campaign, tmp_path)
    instrument = BlueskyInstrument(beamline, CAMPAIGN, tmp_path)
    extractors = load_extractors(campaign.analysis.features)
    analysis = build_analysis(campaign.analysis, extractors=extractors, folder=tmp_path)
    parts = Parts(instrument, analysis, Counted(), log, Silent())  # pyright: ignore
    loop = Loop(parts, campaign.budget, lambda: "2026-01-01T00:00:00+00:00", log.began_utc)
    assert loop.run().is_finished
    assert not beamline.shutter.is_open  # pyright: ignore
    assert log.history() == loop.history
    yield loop.history, Rows(tmp_path / "log.db")
    instrument.close()
    log.close()


@pytest.mark.parametrize(
    ("night", "words"),
    [
        pytest.param(number("monitor", float("nan")), "monitor reads nan", id="monitor NaN"),
        pytest.param(number("monitor", float("inf")), "monitor reads inf", id="monitor Inf"),
        pytest.param(number("transmission", float("nan")), "diode reads nan", id="transmission NaN"),
        pytest.param(number("transmission", float("inf")), "diode reads inf", id="transmission Inf"),
        pytest.param(number("transmission_sigma", float("nan")), "nan", id="sigma NaN"),
        pytest.param(number("transmission_sigma", float("inf")), "inf", id="sigma Inf"),
        pytest.param(no_counts, "left open by 0 counts", id="empty"),
        pytest.param(saturated, "saturation", id="saturated"),
        pytest.param(number("monitor", 0.0), "beam: 0 monitor counts/s", id="no beam"),
    ],
    indirect=["night"],
)
def test_a_frame_that_cannot_be_trusted_is_told_and_never_learned_from(night, words):
    history, rows = night
    failure, observation = history.failure(STRUCK), history.observation(STRUCK)
    assert (failure is None) != (observation is None)
    said = failure.sentence if failure is not None else observation.objections()
    assert words in said
    assert observation is None or (not observation.is_accepted and observation.features == ())
    assert [decision.seq for decision, _ in history.accepted()] == [1, 3, 4]
    learned = {row["seq"]: row["model_json"] for row in rows["decision"]}
    assert learned[3] == "[1]"
    assert learned[4] == "[1,3]"
    kept = [row["path"] for row in rows["asset"] if row["role"] in ("frame", "abandoned")]
    assert sum("00002-" in path for path in kept) == 1, "the frame itself is kept, for people to look at"
