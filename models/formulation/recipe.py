"""A recipe: what is dispensed for one sample, and what that makes."""

import numpy as np

from models.domain.frozen import Frozen
from models.domain.scattering import Floats
from models.formulation.amounts import volume_text
from models.formulation.deck import Deck

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

    def text(self) -> str:
        """For people: ``0.3 mL of soap, 0.7 mL of water``."""
        return ", ".join(f"{volume_text(self.volumes_ul[name])} of {name}" for name in self.steps)


def write_recipe(deck: Deck, volumes_ul: Floats, wanted: Floats) -> Recipe:
    """The recipe of some volumes.

    Parameters
    ----------
    deck
        The deck.
    volumes_ul
        Volume of each stock, shape (n_stocks,), uL.
    wanted
        What was asked for on each axis, shape (n_axes,).
    """
    pipetting = deck.pipetting
    steps = [pipetting.n_steps(volume) for volume in volumes_ul]
    # what is wrong with a pipette is the same in each step; what chance does is not
    variance = (pipetting.relative_sigma * volumes_ul) ** 2 + np.array(steps) * pipetting.sigma_ul**2
    sigma = np.sqrt(deck.sensitivity(volumes_ul) ** 2 @ variance)
    return Recipe(
        volumes_ul=dict(zip(deck.stocks, volumes_ul.tolist(), strict=True)),
        steps={name: n for name, n in zip(deck.stocks, steps, strict=True) if n},
        wanted=dict(zip(deck.axes, wanted.tolist(), strict=True)),
        made=dict(zip(deck.axes, deck.made(volumes_ul).tolist(), strict=True)),
        sigma=dict(zip(deck.axes, sigma.tolist(), strict=True)),
        miss=float(deck.miss(volumes_ul, wanted)),
        rinse_ul=pipetting.rinse_ul,
    )
