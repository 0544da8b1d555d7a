"""One's own kernel, written for GPyTorch: a trend along every axis, and what is rougher on top of it."""

from gpytorch.kernels import Kernel, LinearKernel, MaternKernel, ScaleKernel
from gpytorch.priors import GammaPrior, LogNormalPrior


def make_kernel(columns: tuple[str, ...]) -> Kernel:
    """A Matern-5/2 and a linear kernel, added; each parameter with its prior.

    Every column runs from 0 to 1, and values have standard deviation 1.
    """
    rough = MaternKernel(nu=2.5, ard_num_dims=len(columns), lengthscale_prior=LogNormalPrior(-1.0, 0.7))
    trend = LinearKernel(variance_prior=GammaPrior(2.0, 4.0))
    return ScaleKernel(rough, outputscale_prior=GammaPrior(2.0, 1.0)) + trend
