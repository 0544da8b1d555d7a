"""Hyperparameters of a kernel of one's own, found by BoTorch from its likelihood and its priors."""

import math
from typing import Any

import numpy as np
import torch
from botorch.fit import fit_gpytorch_mll
from botorch.models import SingleTaskGP
from gpytorch.constraints import GreaterThan
from gpytorch.likelihoods import FixedNoiseGaussianLikelihood
from gpytorch.means import ZeroMean
from gpytorch.mlls import ExactMarginalLogLikelihood
from gpytorch.priors import LogNormalPrior

from models.domain.errors import FitFailed
from models.gp.hyperparameters import NOISE_MEDIAN, NOISE_SPREAD, NOISES, Standardised
from models.gp.library.kernels import make_kernel, parameters_of, with_parameters
from models.gp.library.member import LibraryMember
from models.gp.library.own_kernel import OwnKernel, about_unknown_mean, said
from models.gp.library.settings import exactly
from models.gp.library.state import LibraryMemberState, LibraryState
from models.gp.scale import Scale
from models.gp.state import MOST_FITTED
from models.gp.training import Training

MOST_STEPS = 100
"""Steps of one fit."""


def fit_library_state(
    training: Training, kernel: str, columns: tuple[str, ...], earlier: LibraryState | None = None
) -> LibraryState:
    """Find the hyperparameters of largest posterior density.

    The priors and constraints are those that the kernel brings; the variance that is learned beside the known
    one has the prior of `models.gp.hyperparameters`.

    Parameters
    ----------
    training
        What was measured.
    kernel
        Function that makes the kernel, ``module:function``.
    columns
        Names of the scaled columns.
    earlier
        State of an earlier belief, whose hyperparameters the search starts from.

    Raises
    ------
    FitFailed
        When nothing can be learned from these observations, or the kernel raises, or gives no covariance.
    """
    scale = Scale(float(training.values.mean()) if training.values.size else 0.0, training.spread())
    known = scale.standardise(training).thinned(MOST_FITTED)
    own, noise = make_kernel(kernel, columns), NOISE_MEDIAN
    if earlier is not None:
        own, noise = with_parameters(own, earlier.members[0].parameters), earlier.members[0].noise
    noise = _fit(own, noise, known)
    inflation = LibraryMember(own, noise, known).left_out(known).inflation
    member = LibraryMemberState(parameters=parameters_of(own), noise=noise, inflation=inflation)
    return LibraryState(
        kernel=kernel, columns=columns, fitted_to=len(training.values), mean=scale.mean,
        spread=scale.spread, members=(member,),
    )  # fmt: skip


def _fit(own: OwnKernel, noise: float, known: Standardised) -> float:
    """Set the kernel to the parameters that fit best; the learned noise variance."""
    try:
        with exactly():
            density = log_density(own, noise, known)
            fit_gpytorch_mll(density, optimizer_kwargs={"options": {"maxiter": MOST_STEPS}})
            found = float(density.likelihood.second_noise.detach())
    except Exception as error:  # one's own code may raise anything, and the night goes on
        raise FitFailed(f"the kernel {own.name} cannot be fitted: {said(error)}") from error
    own.kernel.eval()
    values = [found, *(value for one in parameters_of(own) for value in one.values)]
    if not np.isfinite(values).all():
        raise FitFailed(f"the kernel {own.name} has parameters that are not finite after a fit")
    return found


def log_density(own: OwnKernel, noise: float, known: Standardised) -> Any:
    """Likelihood times priors, of the kernel and of the learned noise, as the library counts it."""
    variances = torch.from_numpy(known.variances)
    above: Any = GreaterThan  # its types know one transform only
    likelihood: Any = FixedNoiseGaussianLikelihood(
        variances, learn_additional_noise=True,
        noise_prior=LogNormalPrior(math.log(NOISE_MEDIAN), NOISE_SPREAD),
        noise_constraint=above(NOISES[0], transform=torch.exp, inv_transform=torch.log),
    )  # fmt: skip
    likelihood.second_noise = torch.tensor(max(noise, 2.0 * NOISES[0]))
    model = SingleTaskGP(
        torch.from_numpy(known.points), torch.from_numpy(known.values).unsqueeze(-1), variances.unsqueeze(-1),
        likelihood=likelihood, covar_module=about_unknown_mean(own.kernel), mean_module=ZeroMean(),
        outcome_transform=None,
    )  # fmt: skip
    return ExactMarginalLogLikelihood(model.likelihood, model)
