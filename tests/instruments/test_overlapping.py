"""A mix beside an exposure: both are begun, each ends by itself, and the clock counts the longer one."""

from pathlib import Path

import pytest

from instruments.kinds import BuildContext
from instruments.runner import BlueskyInstrument
from instruments.virtual import Options, beamline_around
from models.domain.action import ActionReport
from models.domain.decision import Decision, Planned, Reason
from models.domain.deck import DeckSpec
from models.domain.errors import BeamlineFault, LeaseLost
from models.domain.recipe import Recipe
from models.domain.space import Point

REASON = Reason(code="test", sentence="A test asked for it.")
POINT = Point(coordinates={"surfactant": 0.2, "cosurfactant": 0.0, "water": 0.8})
DECK = DeckSpec.model_validate(
    {
        "sample_volume": "1 mL", "wells": 10,
        "components": [{"name": "surfactant", "density": "1 g/mL"}, {"name": "water", "density": "1 g/mL"}],
        "stocks": [
            {"name": "soap", "holds": {"surfactant": "0.4 g/g", "water": "rest"}, "volume": "20 mL",
             "where": "A1"},
            {"name": "water", "holds": {"water": "rest"}, "volume": "50 mL", "where": "A2"},
        ],
    }
)  # fmt: skip


def recipe(well: str, soap_ul: float) -> Recipe:
    volumes = {"soap": soap_ul, "water": 1000.0 - soap_ul}
    return Recipe(
        volumes_ul=volumes, steps={"soap": 1, "water": 1}, wanted={}, made={}, sigma={}, miss=0.0,
        rinse_ul=0.0, well=well,
    )  # fmt: skip


def decision(seq: int, exposure_s: float = 320.0, **changes: object) -> Decision:
    ahead = Planned(
        sample=f"A{seq}", kind="suggest", point=POINT, recipe=recipe("2", 250.0), reason=REASON,
        exposure_s=1.0,
    )  # fmt: skip
    usual = {"seq": seq, "kind": "suggest", "point": POINT, "reason": REASON, "exposure_s": exposure_s}
    return Decision.model_validate(usual | {"recipe": recipe("1", 500.0), "ahead": ahead} | changes)


@pytest.fixture
def hall(world, tmp_path: Path):
    return beamline_around(world, Options(mix_clock_s=180.0), BuildContext("night", 1, tmp_path, deck=DECK))


def prepared(instrument: BlueskyInstrument, one: Decision):
    """The pair of a decision whose own sample is made and loaded."""
    own, load, made, exposed = instrument.actions(one)
    for action in (own, load):
        instrument.perform(action, one)
    return made, exposed


def test_both_are_done_in_the_time_of_the_longer_one(hall, start, world):
    instrument, one = start(hall), decision(1)
    pair = prepared(instrument, one)
    assert [(action.kind, action.sample) for action in pair] == [("prepare", "A1"), ("expose", "S1")]
    mixed, exposed = instrument.perform_together(pair, one)
    assert isinstance(mixed, ActionReport)
    assert isinstance(exposed, ActionReport)
    assert (mixed.duration_s, exposed.duration_s) == (None, 320.0)
    assert exposed.exposure.action_id == pair[1].action_id, "the tags were the exposure's when it was taken"
    short = decision(2, exposure_s=100.0, prepared="A1", recipe=None)
    load, *pair = instrument.actions(short)
    instrument.perform(load, short)
    assert instrument.perform_together(tuple(pair), short)[1].duration_s == 180.0
    assert [round(made["surfactant"], 2) for _, made in world.shots] == [0.2, 0.1]


def test_a_mix_that_fails_does_not_break_the_exposure_off(hall, start):
    instrument, one = start(hall), decision(1)
    pair = prepared(instrument, one)
    hall.dispenser.deck = None  # it asks for fractions, which nobody set
    hall.dispenser.fractions["surfactant"].asked = 0.9
    mixed, exposed = instrument.perform_together(pair, one)
    assert isinstance(mixed, Exception)
    assert "must sum to 1" in str(mixed)
    assert exposed.status == "succeeded"
    assert instrument.reconcile(pair[0], one).status == "failed"


def test_an_exposure_that_fails_does_not_lose_the_mix(hall, start, world):
    instrument, one = start(hall), decision(1)
    pair = prepared(instrument, one)
    world.faults[1] = "broken"
    mixed, exposed = instrument.perform_together(pair, one)
    assert mixed.status == "succeeded"
    assert isinstance(exposed, BeamlineFault)
    assert instrument.reconcile(pair[0], one).status == "succeeded"
    assert hall.shutter.get() == "closed"


def test_an_agent_that_was_taken_over_begins_neither(hall, start, world):
    instrument, one = start(hall), decision(1)
    pair = prepared(instrument, one)
    hall.dispenser.refuse_below(7)
    with pytest.raises(LeaseLost):
        instrument.perform_together(pair, one)
    assert world.shots == []
