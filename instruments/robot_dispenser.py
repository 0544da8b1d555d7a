"""A dispenser around a pipetting robot: told the transfers of a sample, it makes it at most once."""

import threading
from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol

from bluesky.protocols import Status

from instruments.faults import named
from instruments.journal import Journal, Vial
from instruments.mixing import ComponentFraction, Mix, SoftTags, entry_of, fractions_asked, made_before
from instruments.robot_deck import RobotDeck
from instruments.robot_steps import Pipetting, plan_pipetting
from instruments.soft import SoftStatus
from instruments.transfers_signal import TransfersSignal
from models.domain.errors import BeamlineFault, NightbeamError, UnreachablePoint
from models.domain.space import SUM_TOLERANCE
from models.domain.transfers import Transfer, Transfers


class Robot(Protocol):
    """What moves the pipette."""

    def reach(self) -> None:
        """Ask whether it is there; raises `BeamlineFault` when it does not answer."""
        ...

    def connect(self, *, may_hold_tip: bool) -> None:
        """See that it is there, and that no tip is on it; moves no liquid."""
        ...

    def pipette(self, step: Pipetting) -> None:
        """Carry one stock into a well."""
        ...

    def give_up(self) -> None:
        """After a fault: take no more commands."""
        ...


class Mixture(Protocol):
    """What comes of transfers."""

    @property
    def components(self) -> tuple[str, ...]:
        """What samples are made of."""
        ...

    def carry_out(self, told: Transfers, action_id: str) -> dict[str, float]:
        """How much of each component a sample holds."""
        ...


class RobotMix(Mix):
    """The command to mix, which can be asked whether its robot is there."""

    def __init__(self, *, name: str, on_set: Callable[[str], Status], robot: Robot) -> None:
        """Give each command on to the dispenser."""
        super().__init__(name=name, on_set=on_set)
        self._robot = robot

    def wait_for_connection(self, timeout: float = 0.0) -> None:
        """Ask the robot; its own patience holds."""
        try:
            self._robot.reach()
        except BeamlineFault as error:
            raise TimeoutError(str(error)) from error


class RobotDispenser:
    """Keeps the protocol `Dispenser`, and the journal, for a robot.

    It is told what to make in one of two ways: by `transfers`, or by the fraction of each stock in the
    sample, where the campaign's axes are the stocks; it then chooses the next free well itself.
    """

    def __init__(
        self,
        deck: RobotDeck,
        robot: Robot,
        journal: Journal,
        tags: SoftTags,
        *,
        axes: float | Mixture | None = None,
    ) -> None:
        """Make the dispenser; nothing is spoken to yet.

        Parameters
        ----------
        deck
            What stands on the robot's deck.
        robot
            Moves the pipette.
        journal
            What was made so far.
        tags
            Whose fence goes into the journal, and whose number names a sample that is told by fractions.
        axes
            What the campaign's axes are: the fractions of the stocks, for samples of so many uL; or the
            components of what comes of transfers. None where they are neither.
        """
        self._sample_ul = axes if isinstance(axes, (float, int)) else None
        self._mixture = None if isinstance(axes, (float, int)) else axes
        named = () if self._sample_ul is None else tuple(deck.spec.stocks)
        self.components: tuple[str, ...] = named if self._mixture is None else self._mixture.components
        self.fractions = {name: ComponentFraction(name=f"dispenser_{name}") for name in self.components}
        self.transfers = TransfersSignal(name="dispenser_transfers")
        self.mix = RobotMix(name="dispenser_mix", on_set=self._mix, robot=robot)
        self._deck, self._robot, self._journal, self._tags = deck, robot, journal, tags
        self._is_busy = threading.Lock()

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
        if not self._is_busy.acquire(blocking=False):
            raise BeamlineFault(f"the robot is still busy, {action_id} was not begun; wait, then resume.")
        try:
            begun, unfinished = self._journal.begun, self._journal.unfinished
            fence = int(self._tags.fence.number())  # the tags are another command's before it ends
            wanted = self._wanted(begun)
            steps = plan_pipetting(self._deck, wanted, begun)
            vial = Vial(
                wanted.sample, self._made_of(wanted, action_id), wanted.well,
                dict(wanted.volumes_ul), tuple(step.tip for step in steps),
            )  # fmt: skip
        except BaseException:
            self._is_busy.release()
            raise

        def carry_out() -> None:
            self._robot.connect(may_hold_tip=unfinished is not None)
            self._journal.begin(action_id, vial, fence)
            for step in steps:
                self._robot.pipette(step)
            self._journal.end(action_id, vial)

        threading.Thread(
            target=self._finish, args=(carry_out, status), name="dispenser-mix", daemon=True
        ).start()
        return status

    def _made_of(self, wanted: Transfers, action_id: str) -> dict[str, float]:
        """What the sample holds: of components where that is known, else of stocks."""
        if self._mixture is not None:
            return self._mixture.carry_out(wanted, action_id)
        return dict.fromkeys(self._deck.spec.stocks, 0.0) | wanted.fractions

    def _wanted(self, begun: Sequence[Vial]) -> Transfers:
        """What the next mix makes."""
        told = self.transfers.chosen_for(*self._tags.samples)
        if told is not None:
            return told
        if self._sample_ul is None:
            raise UnreachablePoint(
                f"no transfers were set for {self._tags.sample}; set them before it is mixed."
            )
        asked = fractions_asked(self.fractions)
        free = self._deck.free_wells(begun)
        if not free:
            raise UnreachablePoint(
                f"0 of {len(self._deck.wells)} wells are free; put another plate on the deck and name it."
            )
        return Transfers(
            sample=self._tags.sample,
            well=free[0],
            transfers=tuple(
                Transfer(stock=name, volume_ul=share * self._sample_ul)
                for name, share in asked.items()
                if share > SUM_TOLERANCE
            ),
        )

    def _finish(self, carry_out: Callable[[], None], status: Any) -> None:
        """Carry a mix out on a thread of its own; whatever happens there must reach the plan."""
        fault: BaseException | None = None
        try:
            carry_out()
        except BaseException as error:
            fault = error if isinstance(error, NightbeamError | OSError) else _fault(error)
            if isinstance(fault, BeamlineFault):
                self._robot.give_up()
        self._is_busy.release()
        if fault is None:
            status.set_finished()
        else:
            status.set_exception(fault)


def _fault(error: BaseException) -> BeamlineFault:
    fault = BeamlineFault(f"the robot's mix failed: {named(error)}; look at the robot, then resume.")
    fault.__cause__ = error
    return fault
