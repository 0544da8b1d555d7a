"""The pipes of a flow cell: what flows where, what a sensor sees, and what can go wrong."""

from collections import deque
from dataclasses import dataclass, field

POSITIONS = ("closed", "sample", "rinse", "blank", "air")
"""Positions of the selector valve."""
FAULTS = ("none", "clog", "bubble", "run_out", "stuck_valve")
"""What can go wrong: nothing flows and the pressure rises; air sits in the cell once the flow stops; the
source is empty; the valve stays where it is."""
LINE_UL = 150.0
"""Volume from the valve to the sensor, uL."""
CELL_UL = 50.0
"""Volume behind the sensor, uL."""
REST_KPA, FLOW_KPA, CLOG_KPA_S, MOST_KPA = 101.0, 20.0, 100.0, 500.0
"""Pressure at rest; what flow adds; how it rises in a clogged line, kPa/s; where the pump stalls."""
SEEN = {"air": 0.02, "bubble": 0.15, "liquid": 0.97}
"""What the sensor shows, as a share of what liquid lets through."""


@dataclass
class Plumbing:
    """State of the pipes; `step` lets time pass."""

    valve: str = "closed"
    fault: str = "none"
    rate_ul_s: float = 20.0
    is_running: bool = False
    limit_ul: float = 1000.0
    pumped_ul: float = 0.0
    pressure_kpa: float = REST_KPA
    flow_ul_s: float = 0.0
    rinse_ml: float = 100.0
    waste_room_ml: float = 200.0
    line: deque[tuple[str, float]] = field(default_factory=lambda: deque([("air", LINE_UL + CELL_UL)]))

    def allow(self, volume_ul: float) -> None:
        """Let the pump stop by itself after a volume, counted from now."""
        self.limit_ul, self.pumped_ul = volume_ul, 0.0

    def turn(self, position: str) -> None:
        """Turn the valve, unless it is stuck."""
        if self.fault != "stuck_valve":
            self.valve = position

    def step(self, dt_s: float) -> None:
        """Let time pass."""
        self.flow_ul_s = 0.0
        if not self.is_running:
            self.pressure_kpa = REST_KPA
            return
        if self.fault == "clog" or self.valve == "closed":
            self.pressure_kpa = min(self.pressure_kpa + CLOG_KPA_S * dt_s, MOST_KPA)
            return
        volume_ul = min(self.rate_ul_s * dt_s, self.limit_ul - self.pumped_ul)
        self.flow_ul_s, self.pressure_kpa = self.rate_ul_s, REST_KPA + FLOW_KPA
        self._push(self._kind(volume_ul), volume_ul)
        self.pumped_ul += volume_ul
        if self.pumped_ul >= self.limit_ul:
            self.is_running = False

    @property
    def sensor(self) -> float:
        """What the sensor shows now."""
        kind, passed_ul = "air", 0.0
        for at_inlet, volume_ul in self.line:
            kind, passed_ul = at_inlet, passed_ul + volume_ul
            if passed_ul > LINE_UL:
                break
        if kind != "air" and self.fault == "bubble" and not self.is_running:
            return SEEN["bubble"]
        return SEEN["air" if kind == "air" else "liquid"]

    def _kind(self, volume_ul: float) -> str:
        """What the pump draws."""
        if self.fault == "run_out":
            self.rinse_ml = 0.0
            return "air"
        if self.valve != "rinse":
            return self.valve
        kind = "rinse" if self.rinse_ml > 0 else "air"
        self.rinse_ml = max(self.rinse_ml - volume_ul / 1000, 0.0)
        return kind

    def _push(self, kind: str, volume_ul: float) -> None:
        """Push in at the valve; what leaves the cell goes to the waste."""
        if self.line and self.line[0][0] == kind:
            self.line[0] = (kind, self.line[0][1] + volume_ul)
        else:
            self.line.appendleft((kind, volume_ul))
        left_ul = sum(volume for _, volume in self.line) - (LINE_UL + CELL_UL)
        while left_ul > 0:
            last, volume = self.line.pop()
            taken_ul = min(volume, left_ul)
            if volume > taken_ul:
                self.line.append((last, volume - taken_ul))
            if last != "air":
                self.waste_room_ml = max(self.waste_room_ml - taken_ul / 1000, 0.0)
            left_ul -= taken_ul
