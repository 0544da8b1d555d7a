"""A flow cell as EPICS records, without hardware: ``python -m instruments.soft_ioc.flow_cell``."""

import argparse
import asyncio
import os
from typing import Any

from caproto import ChannelType
from caproto.server import PVGroup, pvproperty
from caproto.server import run as serve

from instruments.soft_ioc.plumbing import FAULTS, POSITIONS, Plumbing

ENUM: Any = ChannelType.ENUM
STRING: Any = ChannelType.STRING
TICK_S = 0.01
"""Time between two steps, s of the wall clock."""


def _read(name: str, value: Any, **how: Any) -> Any:
    return pvproperty(name=name, value=value, read_only=True, **how)


class FlowCellIoc(PVGroup):
    """Pump, selector valve, needle, pressure, sensor and levels; ``FAULT`` makes one of them fail."""

    run_told: Any = pvproperty(name="PUMP:RUN", value=0)
    rate: Any = pvproperty(name="PUMP:RATE", value=20.0, units="uL/s")
    limit: Any = pvproperty(name="PUMP:LIMIT", value=1000.0, units="uL")
    running: Any = _read("PUMP:RUN_RBV", 0)
    pumped: Any = _read("PUMP:VOLUME_RBV", 0.0, units="uL")
    valve_told: Any = pvproperty(name="VALVE", value="closed", enum_strings=POSITIONS, dtype=ENUM)
    valve: Any = _read("VALVE_RBV", "closed", enum_strings=POSITIONS, dtype=ENUM)
    well: Any = pvproperty(name="WELL", value="", dtype=STRING)
    pressure: Any = _read("PRESSURE_RBV", 101.0, units="kPa")
    flow: Any = _read("FLOW_RBV", 0.0, units="uL/s")
    sensor: Any = _read("SENSOR_RBV", 0.0)
    rinse: Any = _read("RINSE_RBV", 100.0, units="mL")
    waste: Any = _read("WASTE_ROOM_RBV", 200.0, units="mL")
    fault: Any = pvproperty(name="FAULT", value="none", enum_strings=FAULTS, dtype=ENUM)
    set_rinse: Any = pvproperty(name="SIM:RINSE", value=100.0, units="mL")
    set_waste: Any = pvproperty(name="SIM:WASTE_ROOM", value=200.0, units="mL")

    reset: Any = pvproperty(name="SIM:RESET", value=0)

    def __init__(self, prefix: str, speed: float) -> None:
        """Lay the pipes; `speed` is seconds of the pipes per second of the clock."""
        super().__init__(prefix=prefix)
        self._pipes, self._speed = Plumbing(), speed

    @run_told.putter
    async def run_told(self, instance: Any, value: int) -> None:
        """Start the pump, or stop it."""
        self._pipes.is_running = bool(value)

    @valve_told.putter
    async def valve_told(self, instance: Any, value: str) -> None:
        """Turn the valve."""
        self._pipes.turn(value)

    @rate.putter
    async def rate(self, instance: Any, value: float) -> None:
        """Set how fast it pumps."""
        self._pipes.rate_ul_s = value

    @limit.putter
    async def limit(self, instance: Any, value: float) -> None:
        """Set after what volume the pump stops by itself, and count from 0."""
        self._pipes.allow(value)

    @fault.putter
    async def fault(self, instance: Any, value: str) -> None:
        """Let something fail, or nothing."""
        self._pipes.fault = value

    @set_rinse.putter
    async def set_rinse(self, instance: Any, value: float) -> None:
        """Fill the rinse up."""
        self._pipes.rinse_ml = value

    @set_waste.putter
    async def set_waste(self, instance: Any, value: float) -> None:
        """Empty the waste."""
        self._pipes.waste_room_ml = value

    @reset.putter
    async def reset(self, instance: Any, value: int) -> None:
        """Dry, full of everything, and well."""
        self._pipes = Plumbing()

    @sensor.startup
    async def sensor(self, instance: Any, async_lib: Any) -> None:
        """Let time pass, and tell what has changed."""
        while True:
            pipes = self._pipes
            pipes.step(TICK_S * self._speed)
            told = (
                (self.running, int(pipes.is_running)), (self.pumped, pipes.pumped_ul),
                (self.valve, pipes.valve), (self.pressure, pipes.pressure_kpa),
                (self.flow, pipes.flow_ul_s), (self.sensor, pipes.sensor),
                (self.rinse, pipes.rinse_ml), (self.waste, pipes.waste_room_ml),
            )  # fmt: skip
            for record, value in told:
                if record.value != value:
                    await record.write(value)
            await asyncio.sleep(TICK_S)


def main() -> None:
    """Serve the records until interrupted."""
    parser = argparse.ArgumentParser(description="A flow cell as EPICS records, without hardware.")
    parser.add_argument("--prefix", default="FC:", help="what the names of all records begin with")
    parser.add_argument("--speed", type=float, default=1.0, help="seconds of the pipes per second")
    parser.add_argument("--interface", default="127.0.0.1", help="address to listen at")
    told = parser.parse_args()
    # beacons tell clients elsewhere that a server has come up: on loopback nobody listens
    os.environ.setdefault("EPICS_CAS_AUTO_BEACON_ADDR_LIST", "NO")
    os.environ.setdefault("EPICS_CAS_BEACON_ADDR_LIST", "")
    records: Any = FlowCellIoc(told.prefix, told.speed).pvdb
    serve(records, interfaces=[told.interface])


if __name__ == "__main__":
    main()
