"""What a belief asks of each of its members, whichever kernel is behind it."""

from typing import Protocol, Self

from models.domain.scattering import Floats
from models.gp.hyperparameters import Standardised
from models.gp.left_out import LeftOut
from models.gp.pairs import ChooseRows


class Conditioned(Protocol):
    """One set of hyperparameters, and what the observations say under it; all values are standardised.

    `models.gp.member.Member` and `models.gp.library.member.LibraryMember` say what each answer is.
    """

    noise: float
    """Variance of an observation beyond its known one."""

    @property
    def n(self) -> int:
        """Count of observations."""
        ...

    def fork(self) -> Self:
        """A member that goes on from here for a while."""
        ...

    def append(self, point: Floats, value: float, variance: float) -> None:
        """Take in one more observation."""
        ...

    def watch(self, points: Floats, references: ChooseRows | None = None) -> None:
        """Keep what is needed to tell the posterior at these points at once."""
        ...

    def watched(self) -> tuple[Floats, Floats]:
        """Posterior mean and variance at the watched points."""
        ...

    def watched_covariance(self) -> Floats:
        """Posterior covariance of the watched points with the references."""
        ...

    def covariance_with_references(self, points: Floats) -> Floats:
        """Posterior covariance of points with the references."""
        ...

    def weigh_fall(self, place: Floats, shares: Floats) -> tuple[float, float, Floats, Floats]:
        """Weighed sum of the squared covariances of one place with the references, and the variance there."""
        ...

    def correlation(self, points: Floats, others: Floats) -> Floats:
        """Prior correlation about the mean between two sets of points."""
        ...

    def correlation_gradient(self, points: Floats, place: Floats) -> Floats:
        """Derivative of the correlations between points and one place by that place."""
        ...

    def covariance_between(self, points: Floats, others: Floats) -> Floats:
        """Posterior covariance of points with others."""
        ...

    def predict(self, points: Floats) -> tuple[Floats, Floats]:
        """Posterior mean and variance."""
        ...

    def expect(self, place: Floats) -> tuple[float, float, Floats, Floats]:
        """Posterior mean and variance at one place, and the gradients of both."""
        ...

    def bond(self, row: int, variance: float) -> Floats:
        """Weights of the observations in the covariance with the function where one of them was made."""
        ...

    def watched_sum(self, weights: Floats) -> Floats:
        """Covariances of the watched points with the observations, times weights."""
        ...

    def sum_at(self, points: Floats, weights: Floats) -> Floats:
        """The same of any points."""
        ...

    def sum_slope(self, place: Floats, weights: Floats) -> tuple[float, Floats]:
        """The same at one place, with its gradient."""
        ...

    def means_at_observations(self, known: Standardised) -> Floats:
        """Posterior mean at each measured point."""
        ...

    def left_out(self, known: Standardised) -> LeftOut:
        """What each of the first observations is to the others among them."""
        ...
