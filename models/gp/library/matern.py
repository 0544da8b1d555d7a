"""Our own kernel in the library's words: Matern-5/2, one length scale a column, our priors on it.

As `kernel = "models.gp.library.matern:make_kernel"` it shows that both ways agree; for an acquisition of
one's own it is the kernel of the model that the acquisition is given.
"""

import math
from typing import Any

import numpy as np
import torch
from gpytorch.constraints import Interval
from gpytorch.kernels import Kernel, MaternKernel, ScaleKernel
from gpytorch.priors import GammaPrior, LogNormalPrior

from models.domain.scattering import Floats
from models.gp.hyperparameters import FIRST_LENGTHS, LENGTH_MEDIAN, LENGTH_SPREAD, LENGTHS, VARIANCES


def make_kernel(columns: tuple[str, ...]) -> Kernel:
    """The kernel with the priors of `models.gp.hyperparameters`."""
    n_axes = len(columns)
    median = math.log(LENGTH_MEDIAN) + 0.5 * math.log(n_axes)
    base: Any = MaternKernel(
        nu=2.5,
        ard_num_dims=n_axes,
        lengthscale_prior=LogNormalPrior(median, LENGTH_SPREAD),
        lengthscale_constraint=Interval(*LENGTHS),
    )
    kernel = ScaleKernel(
        base, outputscale_prior=GammaPrior(2.0, 1.0), outputscale_constraint=Interval(*VARIANCES)
    )
    base.lengthscale = FIRST_LENGTHS[0]
    kernel.outputscale = 1.0
    return kernel


def kernel_with(logs: Floats) -> Kernel:
    """The kernel with given hyperparameters: logarithms of length scales, variance and noise, (d + 2,)."""
    kernel: Any = make_kernel(("",) * (len(logs) - 2)).double().eval()
    scales = torch.from_numpy(np.exp(logs))
    kernel.base_kernel.lengthscale = scales[:-2]
    kernel.outputscale = scales[-2]
    return kernel
