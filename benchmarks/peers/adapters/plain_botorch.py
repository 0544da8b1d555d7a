# pyright: reportMissingImports=false
"""Plain BoTorch: SingleTaskGP with the noise given, refitted from scratch, and optimize_acqf.

Default: log expected improvement for a best point, posterior standard deviation for a map, 10 restarts and
512 raw samples as in its closed-loop tutorial. Best: integrated posterior variance for a map (its own
active-learning acquisition) and qLogNEI for a best point, as its documentation recommends for noisy values.
"""

import warnings
from typing import Any

import torch
from botorch.acquisition import PosteriorStandardDeviation, qNegIntegratedPosteriorVariance
from botorch.acquisition.analytic import LogExpectedImprovement
from botorch.acquisition.logei import qLogExpectedImprovement, qLogNoisyExpectedImprovement
from botorch.fit import fit_gpytorch_mll
from botorch.models import SingleTaskGP
from botorch.optim import optimize_acqf, optimize_acqf_discrete
from gpytorch.mlls import ExactMarginalLogLikelihood
from memory import Memory
from region import Floats
from wire import Rows, serve

N_RESTARTS, N_RAW = 10, 512
"""Restarts and raw samples, as BoTorch's closed-loop tutorial sets them."""
N_INTEGRATION = 256
"""Points over which posterior variance is integrated."""
LEAST_SIGMA = 1e-6


class PlainBotorch(Memory):
    """Fits and searches anew at every question."""

    def __init__(self, begin: dict[str, Any]) -> None:
        """Fix the random numbers."""
        super().__init__(begin)
        torch.manual_seed(self.seed)
        self._model: SingleTaskGP | None = None
        if self.goal in ("level", "phases"):
            self.says = "BoTorch has no such acquisition; it maps the value instead"

    def ask(self, n: int) -> Rows:
        """The points of largest acquisition."""
        self._model = None
        model = self._fit()
        acquisition = self._acquisition(model, n)
        if self.region.candidates is not None:
            left = self.region.left(self.points)
            chosen, _ = optimize_acqf_discrete(acquisition, q=n, choices=self._unit(left))
            return self.region.nearest_left(self._points(chosen), self.points).tolist()
        chosen, _ = optimize_acqf(
            acquisition, bounds=self._bounds(), q=n, num_restarts=N_RESTARTS, raw_samples=N_RAW,
            equality_constraints=self._equalities(), sequential=n > 1 and not self.is_at_best,
        )  # fmt: skip
        return self._points(chosen).tolist()

    def predict(self, points: Rows) -> tuple[list[float], list[float]]:
        """Posterior of the model fitted to all that was told."""
        self._model = None
        model = self._fit()
        with torch.no_grad():
            posterior = model.posterior(self._unit(points).unsqueeze(-2))
        mean = self.turned_back(posterior.mean.flatten().numpy())
        return mean.tolist(), posterior.variance.sqrt().flatten().tolist()

    def _fit(self) -> SingleTaskGP:
        if self._model is None:
            y = torch.tensor(self._told(), dtype=torch.float64).unsqueeze(-1)
            variance = (
                torch.tensor(self.sigmas, dtype=torch.float64).clamp_min(LEAST_SIGMA).square().unsqueeze(-1)
            )
            self._model = SingleTaskGP(self._unit(self.points), y, variance)
            fit_gpytorch_mll(ExactMarginalLogLikelihood(self._model.likelihood, self._model))
        return self._model

    def _told(self) -> Floats:
        return self.goodness()

    def _acquisition(self, model: SingleTaskGP, n: int) -> Any:
        x, best = self._unit(self.points), torch.tensor(self._told()).max()
        if self.goal in ("maximise", "minimise", "target"):
            if self.is_at_best:
                return qLogNoisyExpectedImprovement(model, X_baseline=x, prune_baseline=True)
            return (
                LogExpectedImprovement(model, best_f=best) if n == 1 else qLogExpectedImprovement(model, best)
            )
        if n == 1 and not self.is_at_best:
            return PosteriorStandardDeviation(model)
        around = self._unit(self.region.draw(N_INTEGRATION, self.seed))
        return qNegIntegratedPosteriorVariance(model, mc_points=around)

    def _unit(self, points: Any) -> torch.Tensor:
        return torch.tensor(self.region.to_unit(points), dtype=torch.float64)

    def _points(self, unit: torch.Tensor) -> Floats:
        return self.region.low + unit.detach().numpy() * self.region.span

    def _bounds(self) -> torch.Tensor:
        n_axes = len(self.region.names)
        return torch.stack([torch.zeros(n_axes), torch.ones(n_axes)]).double()

    def _equalities(self) -> list[tuple[torch.Tensor, torch.Tensor, float]] | None:
        spans, low = self.region.span, self.region.low
        rows = [
            (torch.tensor(columns), torch.tensor(spans[columns]), total - float(low[columns].sum()))
            for columns, total in self.region.sums
        ]
        return rows or None


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    serve(PlainBotorch)
