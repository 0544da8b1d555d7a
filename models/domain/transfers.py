"""What a liquid handler is told to make: how much of which stock goes into which well."""

from collections.abc import Mapping

from pydantic import Field, field_validator

from models.domain.frozen import Frozen


class Transfer(Frozen):
    """One stock, pipetted into the sample's well with one fresh tip."""

    stock: str = Field(min_length=1)
    """Name of the stock."""
    volume_ul: float = Field(gt=0)
    """How much of it, uL."""
    steps: int | None = Field(default=None, ge=1)
    """In how many equal steps; as few as the pipette can when left out."""


class Transfers(Frozen):
    """All that one sample is made of; set as JSON text on a device."""

    sample: str = Field(min_length=1)
    """Name of the sample."""
    well: str = Field(min_length=1)
    """Where it is made: ``plate/A1``."""
    transfers: tuple[Transfer, ...] = Field(min_length=1)
    """In the order in which they are pipetted."""

    @field_validator("transfers")
    @classmethod
    def _each_stock_once(cls, transfers: tuple[Transfer, ...]) -> tuple[Transfer, ...]:
        names = [transfer.stock for transfer in transfers]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"stock {name!r} is transferred twice; add both volumes up")
        return transfers

    @property
    def volume_ul(self) -> float:
        """Volume of the sample, uL."""
        return sum(transfer.volume_ul for transfer in self.transfers)

    @property
    def volumes_ul(self) -> Mapping[str, float]:
        """Volume by stock, uL."""
        return {transfer.stock: transfer.volume_ul for transfer in self.transfers}

    @property
    def fractions(self) -> dict[str, float]:
        """Share of each stock in the volume."""
        return {transfer.stock: transfer.volume_ul / self.volume_ul for transfer in self.transfers}
