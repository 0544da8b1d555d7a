"""The empty cell: what it transmits, measured before each load with the devices that measure samples, too."""

from typing import Any

from bluesky.protocols import Readable, Status, Triggerable

from instruments.soft import Component, Device, Setting, SoftStatus


class EmptyCell(Device):
    """Takes the `seq` of a decision, measures what the cell transmits as it is, and keeps that to be read."""

    value = Component(Setting, value=0.0, kind="hinted")
    sigma = Component(Setting, value=0.0, kind="normal")
    seq = Component(Setting, value=0, kind="normal")

    def __init__(self, *, name: str, diode: Readable[Any]) -> None:
        """Take what measures transmission.

        Parameters
        ----------
        name
            Name in the documents.
        diode
            Transmitted over incident flux, in the key named as it is or the one it hints at; its own sigma in
            a second key that ends in ``_sigma``. It is triggered first, if it can be.
        """
        super().__init__(name=name)
        self._diode = diode

    def set(self, seq: int, **_: Any) -> Status:
        """Measure for that decision."""
        status = SoftStatus(self)
        if not isinstance(self._diode, Triggerable):
            self._keep(seq, status, None)
            return status
        self._diode.trigger().add_callback(lambda done: self._keep(seq, status, done))
        return status

    def is_measured_for(self, seq: int) -> bool:
        """True when it was measured for that decision."""
        return int(self.seq.number()) == seq

    def _keep(self, seq: int, status: Any, triggered: Status | None) -> None:
        error = None if triggered is None else triggered.exception()
        if error is not None:
            status.set_exception(error)
            return
        try:
            value, sigma = self._reading()
        except Exception as found:  # a device's code is not ours: whatever it raises is its fault
            status.set_exception(found)
            return
        self.value.put(value)
        self.sigma.put(sigma)
        self.seq.put(seq)
        status.set_finished()

    def _reading(self) -> tuple[float, float]:
        """What the diode reads, and its sigma; 0 where it tells none."""
        told: dict[str, Any] = dict(self._diode.read())  # type: ignore[call-overload]
        hinted = getattr(self._diode, "hints", {}).get("fields", [])
        names = [self._diode.name, *hinted, *told]
        value = next(float(told[name]["value"]) for name in names if name in told)
        sigma = next((float(told[name]["value"]) for name in told if name.endswith("_sigma")), 0.0)
        return value, sigma
