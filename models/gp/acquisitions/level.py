"""What a measurement is worth where a boundary is sought: how much it lessens the variance near the level."""

import numpy as np

from models.gp.acquisitions.integrated import IntegratedVariance
from models.gp.belief import Belief

TINY = 1e-300


class LevelVariance(IntegratedVariance):
    """The fall of the variance, weighed with the density that the feature has at the level there.

    The targeted mean squared error of Picheny et al., J. Mech. Des. 132 (2010) 071008.
    """

    name = "log_level_variance_fall"

    def __init__(self, belief: Belief, level: float) -> None:
        """Weigh each reference by how likely the boundary at `level`, in the feature's unit, is there."""
        standardised = (level - belief.state.mean) / belief.state.spread
        here = belief.watched()
        means, sigmas = (array[:, belief.references] for array in (here.means, here.sigmas))
        densities = np.exp(-0.5 * ((means - standardised) / sigmas) ** 2) / sigmas
        totals = densities.sum(axis=1, keepdims=True)
        even = np.full_like(densities, 1.0 / densities.shape[1])
        super().__init__(belief, np.where(totals > TINY, densities / np.maximum(totals, TINY), even))
