"""Each observation foretold from all others: what tells whether error bars are as wide as they should be."""

from dataclasses import dataclass

import numpy as np

from models.domain.scattering import Floats

CENTRE, SPREAD = 0.4, 0.7
"""Prior of the factor on a variance: mean and standard deviation of its logarithm. Few observations tell too
little of the hyperparameters, and bands are too narrow then; set by 72,000 held-out values of smooth
functions."""
REACH, N_FACTORS = 5.0, 41
"""Factors are tried so many of these standard deviations up and down, and so many of them."""


@dataclass(frozen=True, eq=False)
class LeftOut:
    """What the others foretell of each observation, standardised."""

    squares: Floats
    """Squared distance between what is foretold and what was observed, shape (n,)."""
    variances: Floats
    """Variance of the function there, as the others leave it, shape (n,)."""
    noises: Floats
    """Variance of the observation about the function, shape (n,)."""

    @classmethod
    def of(cls, weights: Floats, precisions: Floats, noises: Floats) -> "LeftOut":
        """From the inverse covariance of the observations (Rasmussen and Williams 2006, eq. 5.12).

        Parameters
        ----------
        weights
            That inverse times the values, shape (n,).
        precisions
            Its diagonal, shape (n,).
        noises
            Variance of each observation about the function, shape (n,).
        """
        totals = 1.0 / precisions
        return cls((weights * totals) ** 2, np.maximum(totals - noises, 0.0), noises)

    def ratios(self, inflation: float) -> Floats:
        """The squares in units of what they should be, were the function's variances larger by a factor."""
        return self.squares / (inflation * self.variances + self.noises)

    @property
    def inflation(self) -> float:
        """Factor by which the function's variances are too small.

        The mean of its distribution, from the likelihood of the squares (each observation being normal about
        what is foretold) and a log-normal prior, on a grid. The noise is known, from counts or as
        learned, and takes no part: where it hides how well the function is known, the prior stands.
        """
        steps = np.linspace(-REACH, REACH, N_FACTORS)
        logs = CENTRE + SPREAD * steps
        totals = np.outer(np.exp(logs), self.variances) + self.noises
        densities = -0.5 * (np.log(totals) + self.squares / totals).sum(axis=1) - 0.5 * steps**2
        shares = np.exp(densities - densities.max())
        return float(shares @ np.exp(logs) / shares.sum())
