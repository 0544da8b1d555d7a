"""The deck of the virtual beamline: what comes of a recipe when a real pipette carries it out."""

import numpy as np

from models.domain.axis import Axis
from models.domain.deck import DeckSpec
from models.domain.errors import BadInput, UnreachablePoint
from models.domain.seeds import derive_seed
from models.domain.transfers import Transfers
from models.formulation.deck import read_deck


class VirtualDeck:
    """Stocks as the campaign file describes them, and a pipette with the errors that it states."""

    def __init__(self, spec: DeckSpec, components: tuple[str, ...], seed: int) -> None:
        """Read the deck.

        Parameters
        ----------
        spec
            What the campaign file says.
        components
            What the world can measure: mass fractions of these.
        seed
            The errors of pipetting follow from it.

        Raises
        ------
        BadInput
            When the deck holds anything else.
        """
        strangers = [one.name for one in spec.components if one.name not in components]
        if strangers:
            raise BadInput(
                "deck.components",
                f"name {strangers[0]!r}, which the virtual beamline does not know",
                f"Its components are {', '.join(components)}",
            )
        known = tuple(Axis(name=one.name, low=0.0, high=1.0, unit="g/g") for one in spec.components)
        self._deck, self.components, self._seed = read_deck(spec, known), components, seed

    def carry_out(self, told: Transfers, action_id: str) -> dict[str, float]:
        """Mass fraction of each component of what a pipette makes of transfers; the same for one action.

        Raises
        ------
        UnreachablePoint
            When it names a stock that is not on the deck.
        """
        deck, pipetting = self._deck, self._deck.pipetting
        for name in told.volumes_ul:
            if name not in deck.stocks:
                raise UnreachablePoint(f"there is no stock {name!r} on the deck; put it there.")
        volumes = np.array([told.volumes_ul.get(name, 0.0) for name in deck.stocks])
        told_steps = {one.stock: one.steps for one in told.transfers}
        steps = np.array(
            [
                told_steps.get(name) or pipetting.n_steps(volume)
                for name, volume in zip(deck.stocks, volumes.tolist(), strict=True)
            ]
        )
        rng = np.random.default_rng(derive_seed(self._seed, "pipetting", action_id))
        relative, each = rng.standard_normal((2, len(volumes)))
        volumes = volumes * (1.0 + pipetting.relative_sigma * relative)
        volumes += np.sqrt(steps) * pipetting.sigma_ul * each
        made = dict(zip(deck.axes, deck.made(np.maximum(volumes, 0.0)).tolist(), strict=True))
        return {name: made.get(name, 0.0) for name in self.components}
