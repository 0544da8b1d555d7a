"""The recipe within given limits that comes nearest to what is wanted.

Volumes of stocks are taken to add up to that of the sample, and what each stock brings to stay as it is.
"""

from collections.abc import Mapping

import numpy as np

from models.domain.errors import BadInput
from models.domain.recipe import Recipe
from models.domain.scattering import Floats
from models.formulation.deck import Deck
from models.formulation.fewest import fewest_shares
from models.formulation.limits import Limits
from models.formulation.nearest import nearest_shares
from models.formulation.writing import write_recipe

NOTHING = 1e-8
"""A share of a sample below is rounding."""


def recipe_within(deck: Deck, wanted: Floats, limits: Limits) -> Recipe | None:
    """The recipe within given limits that comes nearest to what is wanted, of the fewest transfers.

    Parameters
    ----------
    deck
        The deck.
    wanted
        Value on each axis, shape (n_axes,).
    limits
        Limits of each stock.

    Returns
    -------
    Recipe or None
        None when the limits leave no sample at all.
    """
    shares = fewest_shares(deck, wanted, limits)
    if shares is None:
        nearest = nearest_shares(deck, wanted, limits)
        if nearest is None:
            return None
        shares = fewest_shares(deck, deck.made(nearest), limits)
        shares = nearest if shares is None else shares
    shares = np.where(shares > NOTHING, shares, 0.0)
    return write_recipe(deck, shares * deck.pipetting.sample_ul, wanted)


def asked(deck: Deck, wanted: Mapping[str, float]) -> Floats:
    """What is wanted on the deck's axes, shape (n_axes,).

    Raises
    ------
    BadInput
        When an axis is missing, or its value is no content.
    """
    for name, unit in zip(deck.axes, deck.units, strict=True):
        value = wanted.get(name)
        if value is None:
            raise BadInput(f"wanted {name}", "is missing", f"Give it in {unit}")
        if not (np.isfinite(value) and value >= 0.0):
            raise BadInput(f"wanted {name}", f"is {value:g} {unit}, must be at least 0", "Correct it")
    return np.array([float(wanted[name]) for name in deck.axes])
