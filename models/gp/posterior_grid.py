"""What the Gaussian processes believe at many points at once."""

from dataclasses import dataclass

import numpy as np

from models.domain.errors import BadInput, FitFailed
from models.domain.scattering import Floats
from models.gp.belief import Belief
from models.gp.mind import read_state
from models.gp.state import fit_state
from models.gp.threads import use_one_thread
from models.gp.training import Training


@dataclass(frozen=True, eq=False)
class Believed:
    """Posterior at points that were asked for."""

    mean: Floats
    """Posterior mean of the noise-free feature, shape (n,), in the feature's unit."""
    sigma: Floats
    """Posterior standard deviation of it, shape (n,), in the feature's unit."""
    hyperparameters: dict[str, tuple[float, ...]]
    """Those of the member of largest density, as in the model's state."""
    is_fitted: bool
    """True when the hyperparameters were found for this, False when they were taken from a state."""


def believe_at(
    training: Training, unit_points: Floats, state_json: str | None = None, name: str = ""
) -> Believed:
    """Ask what is believed.

    Parameters
    ----------
    training
        What was learned from.
    unit_points
        Scaled coordinates, shape (n, n_axes).
    state_json
        State whose hyperparameters are taken; None, or a state of another model, finds them anew.
    name
        Which of the state's beliefs.

    Raises
    ------
    FitFailed
        When no model can be had from these observations.
    """
    use_one_thread()
    training.spread()  # says why nothing can be learned
    belief, is_fitted = _belief_of(training, state_json, name)
    mean, sigma = belief.predict(unit_points)
    if not (np.isfinite(mean).all() and np.isfinite(sigma).all()):
        raise FitFailed("the model's answer is not finite")
    return Believed(mean, sigma, belief.state.hyperparameters, is_fitted)


def _belief_of(training: Training, state_json: str | None, name: str) -> tuple[Belief, bool]:
    """The belief, and whether its hyperparameters had to be found."""
    if state_json is not None:
        try:
            states = read_state(state_json).beliefs
            if name in states:
                return Belief(training, states[name]), False
        except BadInput:
            pass  # one's own strategy may keep the state of a model that is not this one
    return Belief(training, fit_state(training)), True
