"""A recipe: what is dispensed for one sample, what that makes, and what it takes off the deck."""

from typing import Literal

from pydantic import Field

from models.domain.frozen import Frozen
from models.domain.transfers import Transfer, Transfers

COUNTED = ("tips", "well")
"""What is counted; all else is measured in uL."""

ROUNDING = 1e-9
"""What a miss may exceed 1 by and is still accepted."""


class Recipe(Frozen):
    """What is dispensed for one sample, and what that makes."""

    volumes_ul: dict[str, float]
    """Volume by stock, uL; 0 for stocks that are left out."""
    steps: dict[str, int]
    """In how many equal steps each of them is transferred, by stock; only those that are used."""
    wanted: dict[str, float]
    """What was asked for by axis, in the axis' unit."""
    made: dict[str, float]
    """What comes of it by axis, in the axis' unit."""
    sigma: dict[str, float]
    """One standard deviation of what comes of it by axis, from pipetting, in the axis' unit."""
    miss: float
    """Errors over their tolerances, added in squares: accepted up to 1."""
    rinse_ul: float
    """What rinsing afterwards takes, uL."""
    well: str = ""
    """Where it is made; empty until that is chosen."""

    @property
    def errors(self) -> dict[str, float]:
        """Made minus wanted by axis, in the axis' unit."""
        return {name: self.made[name] - wanted for name, wanted in self.wanted.items()}

    @property
    def is_accepted(self) -> bool:
        """True when it makes what was asked for, within the tolerance."""
        return self.miss <= 1.0 + ROUNDING

    @property
    def volume_ul(self) -> float:
        """Volume of the sample, uL."""
        return sum(self.volumes_ul.values())

    @property
    def waste_ul(self) -> float:
        """What goes to waste in the end, uL: the sample, and what rinsed after it."""
        return self.volume_ul + self.rinse_ul

    @property
    def n_tips(self) -> int:
        """Fresh tips: one for each stock that is used."""
        return len(self.steps)

    def takes(self) -> dict[str, float]:
        """What making it takes off the deck, by what it is taken of: uL, and counts of tips and wells."""
        stocks = {f"stock {name}": self.volumes_ul[name] for name in self.steps}
        counts = {"tips": float(self.n_tips), f"well {self.well}": 1.0}
        taken = stocks | counts | {"rinse": self.rinse_ul, "waste": self.waste_ul}
        return {name: amount for name, amount in taken.items() if amount > 0.0}

    def debits(self, seq: int, action_id: str) -> "tuple[Debit, ...]":
        """The same as entries of the ledger, for the command that made it."""
        return tuple(
            Debit(
                seq=seq, action_id=action_id, name=name, amount=amount,
                unit="1" if name.startswith(COUNTED) else "uL",
            )
            for name, amount in self.takes().items()
        )  # fmt: skip

    def transfers(self, sample: str) -> Transfers:
        """What a dispenser is told, to make a sample of that name."""
        return Transfers(
            sample=sample,
            well=self.well,
            transfers=tuple(
                Transfer(stock=name, volume_ul=self.volumes_ul[name], steps=n)
                for name, n in self.steps.items()
            ),
        )

    def text(self) -> str:
        """For people: ``0.3 mL of soap, 0.7 mL of water``."""
        return ", ".join(f"{volume_text(self.volumes_ul[name])} of {name}" for name in self.steps)


class Debit(Frozen):
    """What one command took of one thing on the deck."""

    seq: int
    """`seq` of the decision."""
    action_id: str
    """The command."""
    name: str
    """Of what: ``stock soap``, ``tips``, ``well A3``, ``rinse``, ``waste``."""
    amount: float = Field(gt=0)
    """How much, in `unit`; of the waste's room, for waste."""
    unit: Literal["uL", "1"]
    """Unit of the amount."""


def volume_text(volume_ul: float) -> str:
    """A volume for people: ``7.3 uL``, ``0.41 mL``."""
    return f"{volume_ul / 1e3:.3g} mL" if volume_ul >= 100.0 else f"{volume_ul:.3g} uL"
