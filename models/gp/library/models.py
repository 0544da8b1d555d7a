"""What is believed as models of BoTorch, which an acquisition written for it can be given."""

import numpy as np
import torch
from botorch.models import SingleTaskGP
from gpytorch.kernels import ScaleKernel
from gpytorch.likelihoods import FixedNoiseGaussianLikelihood
from gpytorch.means import ZeroMean

from models.domain.scattering import Floats
from models.gp.hyperparameters import Standardised
from models.gp.library.kernels import make_kernel, with_parameters
from models.gp.library.matern import kernel_with
from models.gp.library.own_kernel import OwnKernel, about_unknown_mean
from models.gp.library.settings import exactly
from models.gp.library.state import LibraryState
from models.gp.state import BeliefState
from models.gp.training import Training


def library_models(training: Training, state: BeliefState | LibraryState) -> list[SingleTaskGP]:
    """One model for each member of a belief.

    Each tells what its member tells: of the noise-free feature, standardised, over the scaled columns, with
    the inflation of the variances in it. The noise of the observations is known to it and fixed.

    Parameters
    ----------
    training
        What was measured.
    state
        Hyperparameters, and how values are standardised.

    Raises
    ------
    BadInput
        When the kernel that the state names cannot be had.
    """
    known = state.scale.standardise(training)
    if isinstance(state, LibraryState):
        members = [
            (with_parameters(make_kernel(state.kernel, state.columns), one.parameters), one.noise)
            for one in state.members
        ]
    else:
        members = [
            (OwnKernel(state.model, kernel_with(np.array(one.logs))), float(np.exp(one.logs[-1])))
            for one in state.members
        ]
    return [
        _model(kernel, known, noise, one.inflation)
        for (kernel, noise), one in zip(members, state.members, strict=True)
    ]


def _model(own: OwnKernel, known: Standardised, noise: float, inflation: float) -> SingleTaskGP:
    with exactly():
        kernel = ScaleKernel(about_unknown_mean(own.kernel)).double()
        kernel.outputscale = inflation
        noises = _column((known.variances + noise) * inflation)
        model = SingleTaskGP(
            torch.from_numpy(known.points), _column(known.values), noises,
            likelihood=FixedNoiseGaussianLikelihood(noises[:, 0]), covar_module=kernel,
            mean_module=ZeroMean(), outcome_transform=None,
        )  # fmt: skip
        return model.requires_grad_(False).eval()


def _column(values: Floats) -> torch.Tensor:
    return torch.from_numpy(values).unsqueeze(-1)
