"""What the Gaussian process believes at many points at once."""

import json
from dataclasses import dataclass

import numpy as np

from models.domain.errors import BadInput, FitFailed
from models.domain.scattering import Floats
from models.gp.recommend import fit_surrogate
from models.gp.surrogate import Surrogate, Training


@dataclass(frozen=True, eq=False)
class Believed:
    """Posterior at points that were asked for."""

    mean: Floats
    """Posterior mean of the noise-free feature, shape (n,), in the feature's unit."""
    sigma: Floats
    """Posterior standard deviation of it, shape (n,), in the feature's unit."""
    hyperparameters: dict[str, tuple[float, ...]]
    """The model's hyperparameters, as in its state."""
    is_fitted: bool
    """True when the hyperparameters were fitted for this, False when they were taken from a state."""


def believe_at(training: Training, unit_points: Floats, state_json: str | None = None) -> Believed:
    """Ask the model what it believes.

    Parameters
    ----------
    training
        What it learned from.
    unit_points
        Scaled coordinates, shape (n, n_axes).
    state_json
        State whose hyperparameters are taken; None, or a state of another model, fits them anew.

    Raises
    ------
    FitFailed
        When no model can be had from these observations.
    """
    surrogate, is_fitted = _model_of(training, state_json)
    try:
        mean, sigma = surrogate.predict(unit_points)
    except RuntimeError as error:  # a matrix that cannot be factored
        raise FitFailed(f"the model cannot be evaluated: {error}") from error
    if not (np.isfinite(mean).all() and np.isfinite(sigma).all()):
        raise FitFailed("the model's answer is not finite")
    state = json.loads(surrogate.state_json())
    hyperparameters = {name: tuple(values) for name, values in state["hyperparameters"].items()}
    return Believed(mean, sigma, hyperparameters, is_fitted)


def _model_of(training: Training, state_json: str | None) -> tuple[Surrogate, bool]:
    """The model, and whether it had to be fitted."""
    if state_json is not None:
        try:
            return fit_surrogate(training, state_json), False
        except BadInput:
            pass  # one's own strategy may keep the state of a model that is not this one
    return fit_surrogate(training), True
