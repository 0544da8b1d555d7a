"""The same model built with GPyTorch and BoTorch, which the fast one is held against."""

import numpy as np
import torch
from botorch.models import SingleTaskGP
from gpytorch.kernels import AdditiveKernel, ConstantKernel, MaternKernel, ScaleKernel
from gpytorch.likelihoods import FixedNoiseGaussianLikelihood
from gpytorch.means import ZeroMean
from gpytorch.mlls import ExactMarginalLogLikelihood
from gpytorch.priors import GammaPrior, LogNormalPrior

from models.gp.hyperparameters import Standardised
from models.gp.kernel import MEAN_VARIANCE


def library_model(logs: np.ndarray, known: Standardised) -> SingleTaskGP:
    """A SingleTaskGP with these hyperparameters, about a constant mean that nobody knows."""
    n_axes = known.n_axes
    likelihood = FixedNoiseGaussianLikelihood(
        noise=torch.from_numpy(known.variances), learn_additional_noise=True
    )
    likelihood.second_noise_covar.register_prior("noise_prior", LogNormalPrior(-8.0, 1.5), "noise")
    kernel = ScaleKernel(
        MaternKernel(
            nu=2.5, ard_num_dims=n_axes,
            lengthscale_prior=LogNormalPrior(float(np.log(0.2 * np.sqrt(n_axes))), 1.0),
        ),
        outputscale_prior=GammaPrior(2.0, 1.0),
    )  # fmt: skip
    x, y = torch.from_numpy(known.points), torch.from_numpy(known.values).unsqueeze(-1)
    noise = torch.from_numpy(known.variances).unsqueeze(-1)
    mean = ConstantKernel()
    mean.constant = torch.tensor(MEAN_VARIANCE, dtype=torch.float64)
    mean.raw_constant.requires_grad_(False)
    model = SingleTaskGP(
        x, y, noise, likelihood=likelihood, covar_module=AdditiveKernel(kernel, mean), mean_module=ZeroMean(),
        outcome_transform=None,
    )  # fmt: skip
    scales = torch.from_numpy(np.exp(logs))
    kernel.base_kernel.lengthscale = scales[:-2]
    kernel.outputscale = scales[-2]
    likelihood.second_noise_covar.noise = scales[-1]
    return model


def library_log_density(model: SingleTaskGP, known: Standardised) -> torch.Tensor:
    """Logarithm of likelihood times prior, as GPyTorch counts it, made a density of the logarithms."""
    model.train()
    found = ExactMarginalLogLikelihood(model.likelihood, model)
    density = found(model(*model.train_inputs), model.train_targets) * len(known.values)
    kernel = matern_of(model)
    scales = (kernel.base_kernel.lengthscale, kernel.outputscale, model.likelihood.second_noise_covar.noise)
    return density + sum(torch.log(one).sum() for one in scales)


def matern_of(model: SingleTaskGP) -> ScaleKernel:
    """The part of its covariance that depends on where one is."""
    return model.covar_module.kernels[0]
