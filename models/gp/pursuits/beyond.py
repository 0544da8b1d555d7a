"""What cannot be had: a target or a level that nothing in the space is expected to reach."""

import numpy as np

from models.domain.wording import in_unit
from models.gp.belief import Belief

SURE_SIGMA = 3.0
"""So many standard deviations of what is believed lie on one side of it, everywhere."""


def out_of_reach(belief: Belief, sought: float, unit: str) -> str:
    """A sentence when a value is believed to lie beyond all that can be measured; empty while it may be had.

    Parameters
    ----------
    belief
        What is believed of the feature; it watches the places that may be chosen.
    sought
        The value, in the feature's unit.
    unit
        That unit.
    """
    means, sigmas = belief.mixed(belief.watched())
    for word, highest in (("most", means + SURE_SIGMA * sigmas), ("least", SURE_SIGMA * sigmas - means)):
        row = int(np.argmax(highest))
        if highest[row] < (sought if word == "most" else -sought):
            return (
                f" Beware: nothing is expected to reach {sought:g}{in_unit(unit)}, at {word} "
                f"{means[row]:.3g} ± {sigmas[row]:.2g}{in_unit(unit)}."
            )
    return ""
