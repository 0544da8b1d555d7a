"""The signal by which a dispenser is told what the next sample is made of."""

from typing import Any

from bluesky.protocols import Status
from pydantic import ValidationError

from instruments.soft import Setting
from models.domain.errors import UnreachablePoint
from models.domain.transfers import Transfers


class TransfersSignal(Setting):
    """Takes what one sample is made of, as JSON text: it holds for that sample alone."""

    def __init__(self, *, name: str) -> None:
        """Start with none."""
        super().__init__(name=name, value="")

    def set(self, value: str, **_: Any) -> Status:
        """Choose what a sample is made of.

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

    def chosen_for(self, *samples: str) -> Transfers | None:
        """What one of these samples is made of; None where none was chosen: none is made of another's."""
        told = str(self.get())
        chosen = Transfers.model_validate_json(told) if told else None
        return chosen if chosen is not None and chosen.sample in samples else None
