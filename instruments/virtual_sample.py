"""Where virtual samples come from: a dispenser with a journal, and a changer of vials."""

import threading
from collections.abc import Callable, Iterable
from typing import Any, Literal

from bluesky.protocols import Status

from instruments.journal import Journal, Vial
from instruments.mixing import ComponentFraction, Mix, SoftTags, entry_of, fractions_asked, made_before
from instruments.soft import Setting, SoftStatus
from instruments.transfers_signal import TransfersSignal
from instruments.virtual_clock import VirtualClock
from instruments.virtual_deck import VirtualDeck
from models.domain.errors import BeamlineFault, LogUnavailable, UnreachablePoint

JOURNAL = "dispenser.journal.jsonl"
"""File of the journal, inside the campaign's folder."""


class VirtualDispenser:
    """Mixes components into vials; keeps a journal, so that a mix is made at most once."""

    def __init__(
        self,
        components: Iterable[str],
        journal: Journal,
        tags: SoftTags,
        *,
        settle_s: float,
        clock: VirtualClock,
    ) -> None:
        """Make the dispenser.

        Parameters
        ----------
        components
            Names of the components; their fractions must sum to 1.
        journal
            What was dispensed so far.
        tags
            Whose number names the vial, and whose fence goes into the journal.
        settle_s
            How long one mix takes, s.
        clock
            Is told of each mix.
        """
        self.components: tuple[str, ...] = tuple(components)
        self.fractions = {name: ComponentFraction(name=f"dispenser_{name}") for name in self.components}
        self.mix = Mix(name="dispenser_mix", on_set=self._mix)
        self.transfers = TransfersSignal(name="dispenser_transfers")
        """Receives what the next mix is made of, where there is a deck."""
        self._journal, self._tags, self._settle_s, self._clock = journal, tags, settle_s, clock
        self.clock_s = settle_s
        """How long one mix takes by the beamline's clock, s."""
        self.cut: Callable[[], None] = lambda: None
        """Called in the middle of each mix: the computer may stop there."""
        self.deck: VirtualDeck | None = None
        """What it pipettes from by recipe; without one it mixes the fractions that are asked for."""

    def journal_entry(self, action_id: str) -> Literal["started", "done", "no journal"] | None:
        """What the journal on disk says of a mix; ``no journal`` when it does not reach back to it."""
        return entry_of(self._journal, self._tags, action_id)

    def refuse_below(self, fence: int) -> None:
        """Take no command of an agent with a lower fence from now on."""
        self._journal.refuse_below(fence)

    def _mix(self, action_id: str) -> Status:
        made = made_before(self._journal, action_id)
        if made is not None:
            return made
        status = SoftStatus()
        vial = self._vial(action_id)
        self._journal.begin(action_id, vial, int(self._tags.fence.number()))
        self.cut()
        self._clock.spend_apart(self.clock_s)
        if self._settle_s > 0:
            threading.Timer(self._settle_s, self._finish, (action_id, vial, status)).start()
        else:
            self._finish(action_id, vial, status)
        return status

    def _vial(self, action_id: str) -> Vial:
        """What is mixed: by the recipe, or the fractions that were asked for."""
        if self.deck is None:
            return Vial(self._tags.sample, fractions_asked(self.fractions))
        told = self.transfers.chosen_for(*self._tags.samples)
        if told is None:
            raise UnreachablePoint("there is no recipe for this sample; ask for one that can be made.")
        return Vial(told.sample, self.deck.carry_out(told, action_id))

    def _finish(self, action_id: str, vial: Vial, status: Any) -> None:
        try:
            self._journal.end(action_id, vial)
        except (OSError, LogUnavailable) as error:
            status.set_exception(error)
        else:
            status.set_finished()


class VialChanger(Setting):
    """Brings a vial into the beam by name. When stuck, its move never ends."""

    def __init__(
        self,
        *,
        name: str,
        journal: Journal,
        fractions: dict[str, ComponentFraction],
        is_stuck: Callable[[], bool],
    ) -> None:
        """Make the changer.

        Parameters
        ----------
        name
            Name in the documents.
        journal
            Knows which vials exist, also those of a process that crashed.
        fractions
            Components, which then tell what is in the beam.
        is_stuck
            Asked at each move.
        """
        super().__init__(name=name, value="")
        self._journal, self._fractions, self._is_stuck = journal, fractions, is_stuck

    def set(self, value: str, **_: Any) -> Status:
        """Bring that vial."""
        vial = self._journal.vial(value)
        if vial is None:
            raise UnreachablePoint(f"{self.name}: there is no vial {value!r}; prepare it first.")
        if self._is_stuck():
            return SoftStatus(self)
        for name, fraction in self._fractions.items():
            fraction.put(vial.fractions[name])
        return super().set(value)

    @property
    def vial(self) -> Vial:
        """The vial in the beam.

        Raises
        ------
        BeamlineFault
            When there is none.
        """
        vial = self._journal.vial(str(self.get()))
        if vial is None:
            raise BeamlineFault(f"{self.name}: no vial is in the beam; load one first.")
        return vial
