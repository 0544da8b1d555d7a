"""What each step of a flow cell may take, and what it is held against."""

from pydantic import Field

from models.domain.frozen import Frozen


class FlowCellLimits(Frozen):
    """What each step of a flow cell may take, and what it is held against."""

    rate_ul_s: float = Field(default=20.0, gt=0)
    """How fast samples are pumped, uL/s."""
    rinse_rate_ul_s: float = Field(default=40.0, gt=0)
    """How fast it is rinsed and blown dry, uL/s."""
    load_ul: float = Field(default=600.0, gt=0)
    """The most that is pumped until the sensor trips, uL."""
    load_s: float = Field(default=60.0, gt=0)
    """How long that may take, s."""
    push_ul: float = Field(default=30.0, ge=0)
    """What is pumped on after the sensor has tripped, to fill the cell, uL."""
    sensor_min: float = Field(default=0.5, gt=0, lt=1)
    """The sensor shows at least this of a liquid, and less of air."""
    pressure_max_kpa: float = Field(default=200.0, gt=0)
    """Above it the line is clogged, kPa."""
    rinse_ul: float = Field(default=400.0, gt=0)
    """What one rinse takes, uL; as much air is blown behind it."""
    rinse_s: float = Field(default=22.0, gt=0)
    """How long pumping the one or the other may take, s."""
    n_rinses: int = Field(default=1, ge=1)
    """How often the cell is rinsed before a sample."""
    rinse_left_min_ml: float = Field(default=1.0, ge=0)
    """With less to rinse with, no rinse is begun, mL."""
    waste_room_min_ml: float = Field(default=2.0, ge=0)
    """With less room in the waste, nothing is pumped, mL."""
    settle_s: float = Field(default=0.5, ge=0)
    """Wait before a loaded cell is looked at, s."""
    move_s: float = Field(default=5.0, gt=0)
    """How long the valve may take to turn, and the pump to stop, s."""
