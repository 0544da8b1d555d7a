"""A command leaves for a device only while the lease holds; a device with a journal refuses a stale one."""

import pytest

from instruments.beamline import CLOSED, OPEN
from instruments.fence import Permit
from instruments.kinds import BuildContext
from instruments.runner import BlueskyInstrument
from instruments.virtual import Options, beamline_around
from instruments.virtual_sample import JOURNAL, Journal, Vial
from models.domain.errors import LeaseLost, LogUnavailable


class Owner:
    """Somebody who may say no, from the n-th question on."""

    def __init__(self, error: Exception | None = None, after: int = 0) -> None:
        self.error, self.after, self.n_asked = error, after, 0

    def check(self) -> None:
        self.n_asked += 1
        if self.error is not None and self.n_asked > self.after:
            raise self.error


@pytest.fixture
def beamline(world, tmp_path):
    return beamline_around(world, Options(), BuildContext("night", 1, tmp_path))


@pytest.fixture
def make_instrument(beamline, tmp_path):
    made: list[BlueskyInstrument] = []

    def make(owner: Owner, fence: int = 1) -> BlueskyInstrument:
        made.append(BlueskyInstrument(beamline, "night", tmp_path, Permit(fence, owner.check)))
        return made[-1]

    yield make
    for instrument in made:
        instrument.close()


def moved(beamline, monkeypatch) -> list[tuple[str, object]]:
    """Everything that any device is told from now on."""
    told: list[tuple[str, object]] = []
    for _, device in beamline.devices():
        for verb in ("set", "trigger"):
            ask = getattr(device, verb, None)
            if ask is not None:
                monkeypatch.setattr(
                    device, verb,
                    lambda *words, ask=ask, name=device.name, **options: (
                        told.append((name, words[0] if words else None)) or ask(*words, **options)
                    ),
                )  # fmt: skip
    return told


def test_every_command_is_asked_for_right_before_it_is_given(beamline, make_instrument, decide, monkeypatch):
    owner = Owner()
    instrument = make_instrument(owner)
    told = moved(beamline, monkeypatch)
    decision = decide(1)
    for action in instrument.actions(decision):
        instrument.perform(action, decision)
    assert len(told) > 10
    assert owner.n_asked >= len(told)


@pytest.mark.parametrize("after", [0, 1, 4])
def test_an_agent_that_lost_its_lease_touches_nothing_any_more(
    beamline, make_instrument, decide, monkeypatch, after
):
    decision = decide(1)
    first = make_instrument(Owner())
    prepare, load, expose = first.actions(decision)
    first.perform(prepare, decision)
    first.perform(load, decision)
    stale = make_instrument(Owner(LeaseLost("another agent has it"), after))
    told = moved(beamline, monkeypatch)
    with pytest.raises(LeaseLost):
        stale.perform(expose, decision)
    assert len(told) <= after
    assert ("shutter", CLOSED) not in told
    n_told = len(told)
    with pytest.raises(LeaseLost):
        stale.make_safe()
    assert len(told) == n_told


def test_when_nobody_can_tell_nothing_moves_but_the_shutter_closes(
    beamline, make_instrument, decide, monkeypatch
):
    decision = decide(1)
    first = make_instrument(Owner())
    prepare, load, expose = first.actions(decision)
    first.perform(prepare, decision)
    first.perform(load, decision)
    told = moved(beamline, monkeypatch)
    is_open = ("shutter", OPEN)
    owner = Owner()
    owner.check = lambda: (  # the database goes away as soon as the shutter has been opened
        (_ for _ in ()).throw(LogUnavailable("the database does not answer")) if is_open in told else None
    )
    with pytest.raises(LogUnavailable):
        make_instrument(owner).perform(expose, decision)
    assert told[-1] == ("shutter", CLOSED)
    assert not any(name == "pilatus" and word is None for name, word in told), "no trigger"
    assert not beamline.shutter.is_open


def test_the_dispenser_itself_refuses_an_agent_that_was_taken_for_dead(tmp_path):
    old, new = Journal(tmp_path / JOURNAL), Journal(tmp_path / JOURNAL)
    vial = Vial("S1", {"water": 1.0})
    old.begin("night-00001-1prepare-1", vial, fence=1)
    old.end("night-00001-1prepare-1", vial)
    new.begin("night-00002-1prepare-1", Vial("S2", {"water": 1.0}), fence=2)
    before = (tmp_path / JOURNAL).read_bytes()
    with pytest.raises(LeaseLost, match="fence 1, and an agent with fence 2"):
        old.begin("night-00003-1prepare-1", Vial("S3", {"water": 1.0}), fence=1)
    assert (tmp_path / JOURNAL).read_bytes() == before


def test_the_fence_reaches_the_dispensers_journal(make_instrument, decide, tmp_path):
    instrument = make_instrument(Owner(), fence=7)
    decision = decide(1)
    instrument.perform(instrument.actions(decision)[0], decision)
    assert '"fence": 7' in (tmp_path / JOURNAL).read_text()


def test_a_stale_agents_mix_ends_as_a_lost_lease(make_instrument, decide):
    newer, decision = make_instrument(Owner(), fence=2), decide(1)
    newer.perform(newer.actions(decision)[0], decision)
    stale, later = make_instrument(Owner(), fence=1), decide(2)
    with pytest.raises(LeaseLost, match="the dispenser refused"):
        stale.perform(stale.actions(later)[0], later)
