"""The flow cell of the virtual beamline: rinsed, emptied, filled; it gets dirty, and it clogs."""

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

from bluesky.protocols import Status
from bluesky.utils import MsgGenerator
from pydantic import Field

from instruments.empty_cell import EmptyCell
from instruments.soft import Setting, SoftStatus
from instruments.virtual_beam import Diode
from instruments.virtual_hall import Hall
from instruments.waits import move
from models.domain.errors import LoadFailed
from models.domain.frozen import Frozen

LOOK_S = 1.0
"""How long the empty cell is looked through, s."""
CLOGGED_BAR, MOST_BAR = 2.4, 1.5
"""Pressure before a clog, and the highest that is allowed, bar."""
WAIT_S = 2.0
"""Longest wait for a step, s: the virtual cell waits for nobody."""


class FlowCellOptions(Frozen):
    """The table ``[instrument.flow_cell]``: how long its steps take by the beamline's clock."""

    load_s: float = Field(default=60.0, ge=0)
    """Pumping a sample into it, s."""
    rinse_s: float = Field(default=22.0, ge=0)
    """One rinse, s."""


@runtime_checkable
class HasCell(Protocol):
    """A hidden truth with a cell that can be looked through."""

    def look_through(self, seq: int) -> tuple[float, float]:
        """Transmission of the empty cell at that decision, and its sigma."""
        ...

    def fault(self, seq: int) -> Any:
        """What goes wrong at that decision; None when nothing does."""
        ...


class Step(Setting):
    """A step of the cell: done when it is told."""

    def __init__(self, *, name: str, value: Any, on_set: Callable[[Any], None]) -> None:
        """Give each command on."""
        super().__init__(name=name, value=value)
        self._on_set = on_set

    def set(self, value: Any, **_: Any) -> Status:
        """Take the step; what it raises becomes its status."""
        status = SoftStatus(self)
        try:
            self._on_set(value)
        except LoadFailed as error:
            status.set_exception(error)
            return status
        self.put(value)
        status.set_finished()
        return status


class EmptyDiode(Diode):
    """The diode behind the empty cell."""

    def __init__(self, *, name: str, look: Callable[[], tuple[float, float]]) -> None:
        """Take what it sees."""
        super().__init__(name=name)
        self._look = look

    def trigger(self) -> Status:
        """Look through the cell."""
        value, sigma = self._look()
        self.value.put(value)
        self.sigma.put(sigma)
        status = SoftStatus(self)
        status.set_finished()
        return status


class VirtualFlowCell:
    """A loader with steps of their own, and the empty cell that is measured between them."""

    def __init__(self, world: HasCell, hall: Hall, options: FlowCellOptions) -> None:
        """Stand in a hall."""
        self._world, self._hall, self._options = world, hall, options
        self.device = Step(name="flow_cell", value="", on_set=self._pump)
        """Takes the name of the sample that is pumped in; empty when nothing is."""
        self._rinse = Step(name="flow_cell_rinse", value=0, on_set=self._rinse_out)
        self.empty_cell = EmptyCell(
            name="empty_cell", diode=EmptyDiode(name="empty_diode", look=self._look_through)
        )
        """Measures what it transmits when it is empty."""

    def load(self, sample: str) -> MsgGenerator[None]:
        """Rinse, empty and fill."""
        yield from self.empty(0)
        yield from self.fill(sample)

    def empty(self, n_more: int) -> MsgGenerator[None]:
        """Rinse, so many times more than once, and empty."""
        yield from move([(self._rinse, 1 + n_more, " rinses")], WAIT_S)

    def fill(self, sample: str) -> MsgGenerator[None]:
        """Pump a sample in."""
        yield from move([(self.device, sample, "")], WAIT_S)

    def holds(self, sample: str) -> bool:
        """True when that sample is in it."""
        return str(self.device.get()) == sample

    def is_safe(self, device: object, value: object) -> bool:
        """Nothing has to be stopped."""
        del device, value
        return False

    def _seq(self) -> int:
        return int(self._hall.seq.number())

    def _rinse_out(self, n_rinses: int) -> None:
        self.device.put("")
        self._hall.clock.spend_beside(n_rinses * self._options.rinse_s)

    def _pump(self, sample: str) -> None:
        fault = self._world.fault(self._seq())
        self._hall.clock.spend(self._options.load_s)
        if fault is not None and fault.kind == "clog":
            raise LoadFailed(
                f"flow_cell: {sample} did not arrive, the pressure rose to {CLOGGED_BAR:g} bar (limit "
                f"{MOST_BAR:g} bar): a clog."
            )

    def _look_through(self) -> tuple[float, float]:
        self._hall.clock.spend_beside(LOOK_S)
        value, sigma = self._world.look_through(self._seq())
        return (value, sigma) if self._hall.shutter.is_open else (0.0, sigma)
