"""Volumes as a recipe: what they make, and how well."""

import numpy as np

from models.domain.recipe import Recipe
from models.domain.scattering import Floats
from models.formulation.deck import Deck


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
