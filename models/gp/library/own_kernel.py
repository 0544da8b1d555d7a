"""A kernel of one's own at work: covariances and their gradients; whatever goes wrong in it is said."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch
from gpytorch.kernels import ConstantKernel
from torch import Tensor

from models.domain.errors import FitFailed
from models.domain.scattering import Floats
from models.gp.kernel import MEAN_VARIANCE
from models.gp.library.settings import exactly

Answer = TypeVar("Answer")


@dataclass(frozen=True, eq=False)
class OwnKernel:
    """A kernel with its name: what goes wrong in it in the night is said, and survived."""

    name: str
    """Function that made it, ``module:function``."""
    kernel: Any
    """A `gpytorch.kernels.Kernel`, whose types are partial."""

    def covariance(self, points: Floats, others: Floats) -> Floats:
        """Covariance of the function between two sets of points, shapes (n, d) and (m, d) -> (n, m).

        Raises
        ------
        FitFailed
            When the kernel raises, or gives values that are not finite.
        """
        return self._values(lambda: self.kernel(as_tensor(points), as_tensor(others)).to_dense())

    def variances(self, points: Floats) -> Floats:
        """Variance of the function at points, shape (m, d) -> (m,); see `covariance`."""
        return self._values(lambda: self.kernel(as_tensor(points), diag=True))

    def near(self, points: Floats, place: Floats) -> "Near":
        """Covariances between points, shape (n, d), and one place, shape (d,), with their gradients."""

        def ask() -> tuple[Any, Any, Tensor]:
            here = as_tensor(place[np.newaxis]).requires_grad_(True)
            with torch.enable_grad():
                between = self.kernel(as_tensor(points), here).to_dense()[:, 0]
                return between, self.kernel(here, diag=True)[0], here

        between, prior, here = self._asked(ask)
        values = np.append(between.detach().numpy(), float(prior.detach()))
        return Near(self, self._finite(values), between, prior, here)

    def slopes(self, points: Floats, place: Floats) -> Floats:
        """Derivative of each covariance between points and one place by that place, shape (n, d)."""

        def ask() -> Floats:
            here = as_tensor(np.tile(place, (len(points), 1))).requires_grad_(True)
            with torch.enable_grad():
                total = self.kernel(as_tensor(points), here, diag=True).sum()
            return _gradient(total, here)

        return self._finite(self._asked(ask))

    def slope(self, near: "Near", weights: Floats, share: float) -> Floats:
        """Gradient at a place of a weighted sum of its covariances, and of a share of its own variance."""

        def ask() -> Floats:
            with torch.enable_grad():
                total = near.graph @ as_tensor(weights) + share * near.own_graph
            return _gradient(total, near.here)[0]

        return self._finite(self._asked(ask))

    def _values(self, ask: Callable[[], Tensor]) -> Floats:
        return self._finite(self._asked(lambda: ask().numpy()))

    def _asked(self, ask: Callable[[], Answer]) -> Answer:
        try:
            with exactly(), torch.no_grad():
                return ask()
        except Exception as error:  # one's own code may raise anything, and the night goes on
            raise FitFailed(f"the kernel {self.name} raised {said(error)}") from error

    def _finite(self, values: Floats) -> Floats:
        if not np.isfinite(values).all():
            raise FitFailed(f"the kernel {self.name} gives covariances that are not finite")
        return values


def about_unknown_mean(kernel: Any) -> Any:
    """The kernel, and on top of it that of a constant mean which nobody knows: see `models.gp.kernel`."""
    mean: Any = ConstantKernel().double()
    mean.constant = torch.tensor(MEAN_VARIANCE, dtype=torch.float64)
    return kernel + mean.requires_grad_(False)


@dataclass(frozen=True, eq=False)
class Near:
    """Covariances between points and one place, and what they are made of."""

    kernel: OwnKernel
    """Whose covariances."""
    values: Floats
    """With each point, then the variance at the place itself, shape (n + 1,)."""
    graph: Any
    """The same with each point, as the library can differentiate it, shape (n,)."""
    own_graph: Any
    """The same of the variance, a scalar."""
    here: Tensor
    """The place, shape (1, d)."""

    def slope(self, weights: Floats, share: float = 0.0) -> Floats:
        """Gradient at the place, shape (d,).

        Parameters
        ----------
        weights
            How much each covariance counts, shape (n,).
        share
            How much the variance at the place counts.
        """
        return self.kernel.slope(self, weights, share)


def as_tensor(values: Floats) -> Tensor:
    """The same numbers for torch."""
    return torch.from_numpy(np.ascontiguousarray(values))


def _gradient(total: Any, here: Tensor) -> Floats:
    """By the places, shape (m, d); zero where nothing depends on them."""
    if not total.requires_grad:
        return np.zeros(here.shape)
    found: Any = torch.autograd.grad(total, here, retain_graph=True, allow_unused=True)[0]
    return np.zeros(here.shape) if found is None else found.numpy()


def said(error: BaseException) -> str:
    """An error of one's own code on one line."""
    words = " ".join(str(error).split())
    return f"{type(error).__name__}: {words}" if words else type(error).__name__
