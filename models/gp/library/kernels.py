"""A kernel of one's own: found by its name, looked at before the night, its parameters as plain numbers."""

from typing import Any

import numpy as np
import torch
from gpytorch.kernels import Kernel
from torch import Tensor

from models.domain.errors import BadInput, FitFailed
from models.domain.own_parts import import_attribute
from models.domain.scattering import Floats
from models.gp.library.own_kernel import OwnKernel, as_tensor, said
from models.gp.library.settings import exactly
from models.gp.library.state import Parameter

WHERE = "strategy.kernel"
N_TRIED = 12
"""Points at which a kernel is tried before the night."""
TRIED_SEED = 0
ROUNDING = 1e-8
"""How far a covariance may be from symmetric, or below zero, relative to its largest value."""


def make_kernel(name: str, columns: tuple[str, ...]) -> OwnKernel:
    """Make a kernel, in 64 bits.

    Parameters
    ----------
    name
        Function that makes it, ``module:function``.
    columns
        Names of the scaled columns, which it is given.

    Raises
    ------
    BadInput
        When there is no such function, or it makes something else.
    FitFailed
        When it raises.
    """
    make = import_attribute(name, WHERE)
    if not callable(make):
        raise BadInput(WHERE, f"is {name!r}, which cannot be called with the columns", "Name a function")
    try:
        with exactly():
            kernel: Any = make(columns)
    except Exception as error:  # one's own code may raise anything, in the night too
        raise FitFailed(f"the kernel {name} raised {said(error)}") from error
    if not isinstance(kernel, Kernel):
        problem = f"is {name!r}, which returned a {type(kernel).__name__} and no gpytorch.kernels.Kernel"
        raise BadInput(WHERE, problem, "Return the kernel")
    if kernel.batch_shape != torch.Size([]):
        problem = f"is {name!r}, which made a batch of kernels, of shape {tuple(kernel.batch_shape)}"
        raise BadInput(WHERE, problem, "Make one kernel, without batch_shape")
    return OwnKernel(name, kernel.double().eval())


def check_kernel(name: str, columns: tuple[str, ...]) -> None:
    """Try a kernel at a few points, before anything moves.

    Parameters
    ----------
    name
        Function that makes it, ``module:function``.
    columns
        Names of the scaled columns.

    Raises
    ------
    BadInput
        When it cannot be had, or its covariances are none.
    """
    try:
        own = make_kernel(name, columns)
    except FitFailed as error:
        raise BadInput(WHERE, str(error), "Correct it; it is called with the columns' names") from error
    points = np.random.default_rng(TRIED_SEED).random((N_TRIED, len(columns)))
    try:
        with exactly(), torch.no_grad():
            matrix = own.kernel(as_tensor(points), as_tensor(points)).to_dense().numpy()
    except Exception as error:  # one's own code may raise anything
        raise BadInput(
            WHERE,
            f"is {name!r}, which fails on {len(columns)} columns ({', '.join(columns)}): {said(error)}",
            "Make it for the columns that it is called with, as ard_num_dims=len(columns)",
        ) from error
    problem = _objection(matrix)
    if problem is not None:
        raise BadInput(WHERE, f"is {name!r}, {problem}", "Correct it, or start it from other parameters")
    try:
        own.near(points, points[0]).slope(np.ones(N_TRIED), 1.0)
    except FitFailed as error:
        problem = f"is {name!r}, whose gradients cannot be followed: {error}"
        raise BadInput(WHERE, problem, "Compute it with torch throughout, without detach") from error


def _objection(matrix: Floats) -> str | None:
    """What is wrong with covariances among points; None when nothing is."""
    if matrix.shape != (N_TRIED, N_TRIED):
        return f"whose covariances among {N_TRIED} points have the shape {matrix.shape}"
    if not np.isfinite(matrix).all():
        return (
            f"whose covariances are not finite at {int((~np.isfinite(matrix)).sum())} of {matrix.size} pairs"
        )
    largest = float(np.abs(matrix).max())
    if largest == 0.0:
        return "whose covariances are all zero"
    if np.abs(matrix - matrix.T).max() > ROUNDING * largest:
        return "whose covariances are not symmetric"
    least = float(np.linalg.eigvalsh(matrix)[0])
    if least < -ROUNDING * largest * len(matrix):
        return (
            f"whose covariances are not positive: an eigenvalue is {least:.3g} where {largest:.3g} is largest"
        )
    return None


def parameters_of(own: OwnKernel) -> tuple[Parameter, ...]:
    """All parameters of a kernel as plain numbers, in the order of the module."""
    return tuple(
        Parameter(
            name=name,
            shape=tuple(values.shape),
            values=tuple(map(float, values.detach().double().numpy().ravel())),
        )
        for name, values in own.kernel.named_parameters()
    )


def with_parameters(own: OwnKernel, parameters: tuple[Parameter, ...]) -> OwnKernel:
    """The same kernel, set to parameters that were kept.

    Parameters
    ----------
    own
        Fresh from its function.
    parameters
        Those of `parameters_of`.

    Raises
    ------
    BadInput
        When the kernel has other parameters than those.
    """
    there: dict[str, Tensor] = dict(own.kernel.named_parameters())
    shapes = {name: tuple(values.shape) for name, values in there.items()}
    kept = {one.name: one.shape for one in parameters}
    if kept != shapes:
        raise BadInput(
            "model state",
            f"holds {_listed(kept)}, but the kernel {own.name} has {_listed(shapes)}",
            "Use it with the kernel that it was found for",
        )
    with torch.no_grad():
        for one in parameters:
            values = torch.tensor(one.values, dtype=torch.float64)
            there[one.name].copy_(values.reshape(one.shape))
    return own


def _listed(shapes: dict[str, tuple[int, ...]]) -> str:
    return ", ".join(f"{name} {shape}" for name, shape in shapes.items()) or "no parameters"
