"""The signal by which a dispenser is told what the next sample is made of."""

from typing import Any

from bluesky.protocols import Status
from pydantic import ValidationError

from instruments.soft import Setting
from models.domain.errors import UnreachablePoint
from models.domain.transfers import Transfers


class TransfersSignal(Setting):
    """Takes the transfers of the next mix as JSON text; empty once they were used."""

    def __init__(self, *, name: str) -> None:
        """Start with none."""
        super().__init__(name=name, value="")

    def set(self, value: str, **_: Any) -> Status:
        """Choose what the next mix makes.

        Raises
        ------
        UnreachablePoint
            When the text does not say it.
        """
        try:
            Transfers.model_validate_json(value)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the text"
            raise UnreachablePoint(f"{self.name}: {where}: {first['msg']}; correct the transfers.") from None
        return super().set(value)
