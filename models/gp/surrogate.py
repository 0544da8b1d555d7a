"""The Gaussian process: what is believed of one feature between the measurements."""

import json
from dataclasses import dataclass
from warnings import catch_warnings, simplefilter

import numpy as np
import torch
from botorch.exceptions.errors import ModelFittingError
from botorch.exceptions.warnings import OptimizationWarning
from botorch.fit import fit_gpytorch_mll
from botorch.models import SingleTaskGP
from botorch.utils.sampling import manual_seed
from gpytorch.constraints import GreaterThan
from gpytorch.kernels import MaternKernel, ScaleKernel
from gpytorch.likelihoods import FixedNoiseGaussianLikelihood
from gpytorch.mlls import ExactMarginalLogLikelihood
from gpytorch.priors import GammaPrior, LogNormalPrior
from pydantic import TypeAdapter
from threadpoolctl import threadpool_limits

from models.domain.canonical import canonical_json
from models.domain.errors import BadInput, FitFailed
from models.domain.scattering import Floats

RELATIVE_NOISE_FLOOR = 1e-6
"""Smallest variance of an observation, relative to the spread of the values: keeps matrices regular."""
RESTART_SEED = 0
"""Seed of the hyperparameters from which a fit that stalled starts again."""
ROUNDING = 1e-13
"""Values that differ by less, relative to the largest, are equal: rounding is nothing to learn from."""

HYPERPARAMETERS = TypeAdapter(dict[str, list[float]])
"""How a state holds them: by the name that torch gives them, flattened, unconstrained."""


@dataclass(frozen=True, eq=False)
class Training:
    """What a model learns from."""

    unit_points: Floats
    """Scaled coordinates, shape (n, n_axes)."""
    values: Floats
    """Values of the feature, shape (n,), in the feature's unit."""
    sigmas: Floats
    """One standard deviation of each value, shape (n,), in the feature's unit."""

    def __post_init__(self) -> None:
        """Check the shapes once, at birth."""
        n = self.values.size
        if self.values.shape != (n,) or self.sigmas.shape != (n,) or self.unit_points.shape[:1] != (n,):
            raise ValueError(
                f"training set has points {self.unit_points.shape}, values {self.values.shape} "
                f"and sigmas {self.sigmas.shape}; need (n, d), (n,) and (n,)"
            )


class Surrogate:
    """A Gaussian process over the scaled coordinates.

    Matern-5/2 kernel with one length scale an axis, constant mean, the known variance of each
    observation, and one further variance that is learned: what counting statistics does not know of
    (pipetting, positioning). Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006, ch. 2.
    """

    def __init__(self, training: Training) -> None:
        """Build the model on standardised values; nothing is fitted yet."""
        if training.values.size < 2:
            raise FitFailed(f"a Gaussian process needs 2 observations, there are {training.values.size}")
        if not np.isfinite(training.values).all() or not np.isfinite(training.sigmas).all():
            raise FitFailed("an observation is not finite")
        spread = float(training.values.std())
        if spread <= ROUNDING * float(np.abs(training.values).max()):
            raise FitFailed(f"all {training.values.size} observations are equal")
        self.mean_value, self.spread = float(training.values.mean()), spread
        self._x = torch.from_numpy(training.unit_points.astype(np.float64))
        y = torch.from_numpy((training.values - self.mean_value) / spread).unsqueeze(-1)
        variance = np.maximum((training.sigmas / spread) ** 2, RELATIVE_NOISE_FLOOR)
        noise = torch.from_numpy(variance).unsqueeze(-1)
        n_axes = self._x.shape[-1]
        likelihood = FixedNoiseGaussianLikelihood(noise=noise.squeeze(-1), learn_additional_noise=True)
        likelihood.second_noise_covar.register_prior(  # pyright: ignore[reportOptionalMemberAccess]
            "noise_prior", LogNormalPrior(-6.0, 1.5), "noise"
        )
        kernel = ScaleKernel(
            MaternKernel(
                nu=2.5,
                ard_num_dims=n_axes,
                lengthscale_prior=LogNormalPrior(-0.5 + 0.5 * float(np.log(n_axes)), 1.0),
                lengthscale_constraint=GreaterThan(0.02),
            ),
            outputscale_prior=GammaPrior(2.0, 1.0),
        )
        self.model = SingleTaskGP(
            self._x, y, noise, likelihood=likelihood, covar_module=kernel, outcome_transform=None
        )

    def fit(self) -> None:
        """Find the hyperparameters of largest posterior density.

        Raises
        ------
        FitFailed
            When the optimiser finds none.
        """
        likelihood = ExactMarginalLogLikelihood(self.model.likelihood, self.model)
        try:
            # A fit that stalls starts again from hyperparameters drawn from their priors: these draws must
            # not depend on what was drawn before, and the stall is nothing that a person need see.
            with manual_seed(RESTART_SEED), catch_warnings():
                simplefilter("ignore", OptimizationWarning)
                fit_gpytorch_mll(likelihood)
        except (ModelFittingError, RuntimeError, ValueError) as error:
            raise FitFailed(f"no hyperparameters were found: {error}") from error

    def load_hyperparameters(self, state: str) -> None:
        """Take hyperparameters from `state_json` instead of fitting.

        Raises
        ------
        BadInput
            When the state is not one of this model.
        """
        sizes = {name: parameter.numel() for name, parameter in self.model.named_parameters()}
        try:
            values = HYPERPARAMETERS.validate_python(json.loads(state)["hyperparameters"])
        except (ValueError, TypeError, KeyError):
            values = {}
        found = {name: len(numbers) for name, numbers in values.items()}
        if found != sizes:
            raise BadInput(
                "model state",
                f"has hyperparameters {found}, this model has {sizes}",
                "Use the release of Nightbeam that wrote it",
            )
        own = self.model.state_dict()
        for name, numbers in values.items():
            own[name] = torch.tensor(numbers, dtype=torch.float64).reshape(own[name].shape)
        self.model.load_state_dict(own)

    def state_json(self) -> str:
        """Hyperparameters and transform as canonical JSON."""
        hyperparameters = {
            name: parameter.detach().reshape(-1).tolist() for name, parameter in self.model.named_parameters()
        }
        return canonical_json(
            {
                "model": "SingleTaskGP",
                "kernel": "scale * matern-5/2 ard",
                "hyperparameters": hyperparameters,
                "standardise": {"mean": self.mean_value, "spread": self.spread},
                "dtype": "float64",
            }
        )

    def standardised(self, unit_points: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Posterior mean and standard deviation in standardised units, each shape (n,), with gradients."""
        self.model.eval()
        # Each point is a batch of its own: nobody asks how two points vary together, and all pairs of a pool
        # would cost fifty times as much.
        posterior = self.model.posterior(unit_points.unsqueeze(-2))
        variance = posterior.variance[..., 0, 0].clamp_min(1e-16)
        return posterior.mean[..., 0, 0], variance.sqrt()

    def predict(self, unit_points: Floats) -> tuple[Floats, Floats]:
        """Posterior of the noise-free feature.

        Parameters
        ----------
        unit_points
            Scaled coordinates, shape (n, n_axes).

        Returns
        -------
        tuple of Floats
            Mean and standard deviation, each shape (n,), in the feature's unit.
        """
        with torch.no_grad():
            mean, sigma = self.standardised(torch.from_numpy(unit_points))
        return mean.numpy() * self.spread + self.mean_value, sigma.numpy() * self.spread


def use_one_thread() -> None:
    """Keep torch, and the BLAS behind numpy and scipy, on one thread from here on.

    Two threads change a fit in the tenth digit, and the end of a climb as well: OpenBLAS takes other
    routines when it may use more than one, even for matrices of three rows. Numbers below the smallest
    normal one are kept too: a library that was built for speed switches them off for its whole thread when
    it is loaded, and what is loaded beside the model must not change a decision.
    """
    torch.set_num_threads(1)
    torch.set_flush_denormal(False)
    threadpool_limits(limits=1, user_api="blas")
