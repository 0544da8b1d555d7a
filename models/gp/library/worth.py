"""What an acquisition of one's own, written for BoTorch, says that a measurement is worth.

Every worth is a natural logarithm, so that a chance or a cost, added to it, multiplies. BoTorch marks an
acquisition that is a logarithm by ``_log = True`` (as `LogExpectedImprovement` is): it is taken as it is,
and so is one's own that bears this mark.

All others are counted from the smallest value that they have over the pool, and the logarithm is taken of
what is above it. A confidence bound, or the fall of a loss, may be negative: only its differences mean
anything. BoTorch does likewise where a constraint is to multiply what may be negative (`apply_constraints`,
`get_infeasible_cost`). The order of the points stays the same. Where a chance or a cost comes in, a point
that is worth no more than the worst of the pool is worth nothing, however likely or cheap it is. Whoever
wants another zero returns the logarithm of the gain, and marks it.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from botorch.acquisition import AcquisitionFunction
from botorch.models import SingleTaskGP
from torch import Tensor

from models.domain.errors import FitFailed
from models.domain.scattering import Floats
from models.gp.library.context import AcquisitionContext
from models.gp.library.own_kernel import said
from models.gp.library.settings import exactly

TINY = 1e-300
"""Smallest gain whose logarithm is taken."""
N_AT_ONCE = 256
"""Points that are asked about at once: an acquisition that draws samples needs memory for each."""

Make = Callable[[SingleTaskGP, AcquisitionContext], Any]
"""``make(model, context)``: one's own function, which returns a `botorch.acquisition.AcquisitionFunction`."""


class OwnWorth:
    """What an acquisition of one's own says, as a natural logarithm.

    It is averaged over the members of the belief: Snoek, Larochelle, Adams, NeurIPS 2012, section 3.2.
    """

    n_starts, n_steps = 2, 12

    def __init__(
        self, name: str, make: Make, given: list[tuple[SingleTaskGP, AcquisitionContext]], weights: Floats
    ) -> None:
        """Have one's own function make an acquisition for each member.

        Parameters
        ----------
        name
            What the campaign file calls it.
        make
            The function.
        given
            Model and context for each member.
        weights
            Probability of each member, shape (n_members,).

        Raises
        ------
        FitFailed
            When it raises, makes something else, or has a value over the pool that is no number.
        """
        self.name = name
        self._weights = torch.from_numpy(weights)
        self._seed = given[0][1].seed
        self._parts = [self._made(make, model, context) for model, context in given]
        self.is_log = all(getattr(part, "_log", False) for part in self._parts)
        """True when the acquisition is a logarithm by itself."""
        self._floor = 0.0
        raw = self._raw(given[0][1].pool.numpy())
        if not self.is_log:
            self._floor = float(raw.min())
        self._watched = self._log(raw)

    def watched(self) -> Floats:
        """At the points that the belief watches, shape (m,)."""
        return self._watched

    def at(self, points: Floats) -> Floats:
        """At any points, shape (m, d) -> (m,)."""
        return self._log(self._raw(points))

    def slope(self, point: Floats) -> tuple[float, Floats]:
        """At one point, shape (d,), with its gradient."""

        def ask() -> Floats:
            here = torch.from_numpy(point[np.newaxis].copy()).requires_grad_(True)
            value = self._mixed(here)[0]
            (gradient,) = torch.autograd.grad(value, here)
            return np.append(gradient[0].numpy(), float(value.detach()))

        *gradient, value = self._asked(ask)
        slopes = np.array(gradient)
        if self.is_log:
            return float(value), slopes
        gain = float(value) - self._floor
        return (math.log(gain), slopes / gain) if gain > TINY else (math.log(TINY), np.zeros_like(slopes))

    def _log(self, raw: Floats) -> Floats:
        return raw if self.is_log else np.log(np.maximum(raw - self._floor, TINY))

    def _raw(self, points: Floats) -> Floats:
        """As the acquisition itself counts, averaged over the members, shape (m,)."""

        def ask() -> Floats:
            rows = torch.from_numpy(np.ascontiguousarray(points))
            with torch.no_grad():
                return torch.cat([self._mixed(some) for some in rows.split(N_AT_ONCE)]).numpy()

        return self._asked(ask) if len(points) else np.zeros(0)

    def _mixed(self, rows: Tensor) -> Tensor:
        """Mean over the members, rows of shape (m, d) -> (m,); of logarithms, that of what they stand for."""
        values = torch.stack([part(rows.unsqueeze(-2)).reshape(len(rows)) for part in self._parts], dim=-1)
        if self.is_log:
            return torch.logsumexp(values + self._weights.log(), dim=-1)
        return values @ self._weights

    def _made(self, make: Make, model: SingleTaskGP, context: AcquisitionContext) -> AcquisitionFunction:
        try:
            with exactly(self._seed):
                found = make(model, context)
        except Exception as error:  # one's own code may raise anything, and the night goes on
            raise FitFailed(f"the acquisition {self.name} raised {said(error)}") from error
        if not isinstance(found, AcquisitionFunction):
            raise FitFailed(
                f"the acquisition {self.name} is a {type(found).__name__} and no "
                "botorch.acquisition.AcquisitionFunction"
            )
        return found

    def _asked(self, ask: Callable[[], Floats]) -> Floats:
        try:
            with exactly(self._seed):
                values = ask()
        except Exception as error:  # one's own code may raise anything, and the night goes on
            raise FitFailed(f"the acquisition {self.name} raised {said(error)}") from error
        n_wrong = int((np.isnan(values) | (values == np.inf)).sum())
        if n_wrong:
            raise FitFailed(
                f"the acquisition {self.name} gives values that are no numbers, {n_wrong} of {values.size}"
            )
        return values
