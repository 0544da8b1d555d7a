"""The same model built with GPyTorch and BoTorch, which the fast one is held against."""

import numpy as np
import torch
from botorch.models import SingleTaskGP
from gpytorch.kernels import MaternKernel, ScaleKernel
from gpytorch.likelihoods import FixedNoiseGaussianLikelihood
from gpytorch.mlls import ExactMarginalLogLikelihood
from gpytorch.priors import GammaPrior, LogNormalPrior

from models.gp.hyperparameters import Standardised
from models.gp.member import Member


def library_model(logs: np.ndarray, known: Standardised) -> SingleTaskGP:
    """A SingleTaskGP with these hyperparameters, at the constant mean of largest likelihood."""
    n_axes = known.n_axes
    likelihood = FixedNoiseGaussianLikelihood(
        noise=torch.from_numpy(known.variances), learn_additional_noise=True
    )
    likelihood.second_noise_covar.register_prior("noise_prior", LogNormalPrior(-6.0, 1.5), "noise")
    kernel = ScaleKernel(
        MaternKernel(
            nu=2.5, ard_num_dims=n_axes,
            lengthscale_prior=LogNormalPrior(-0.5 + 0.5 * float(np.log(n_axes)), 1.0),
        ),
        outputscale_prior=GammaPrior(2.0, 1.0),
    )  # fmt: skip
    x, y = torch.from_numpy(known.points), torch.from_numpy(known.values).unsqueeze(-1)
    noise = torch.from_numpy(known.variances).unsqueeze(-1)
    model = SingleTaskGP(x, y, noise, likelihood=likelihood, covar_module=kernel, outcome_transform=None)
    scales = torch.from_numpy(np.exp(logs))
    model.covar_module.base_kernel.lengthscale = scales[:-2]
    model.covar_module.outputscale = scales[-2]
    likelihood.second_noise_covar.noise = scales[-1]
    model.mean_module.constant.data = torch.tensor(Member(logs, known).mean, dtype=torch.float64)
    return model


def library_log_density(model: SingleTaskGP, known: Standardised) -> torch.Tensor:
    """Logarithm of likelihood times prior, as GPyTorch counts it."""
    model.train()
    found = ExactMarginalLogLikelihood(model.likelihood, model)
    return found(model(*model.train_inputs), model.train_targets) * len(known.values)
