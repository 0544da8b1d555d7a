"""What is believed of one feature between the measurements: Gaussian processes that may all be true."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from models.domain.errors import BadInput
from models.domain.scattering import Floats
from models.gp.doubts import Doubts
from models.gp.expectation import Expectation, Posterior
from models.gp.hyperparameters import Standardised
from models.gp.pairs import Rows
from models.gp.state import fit_state
from models.gp.states import AnyState
from models.gp.thinning import thin_out
from models.gp.threads import use_one_thread
from models.gp.training import Training

REFIT_SHARE = 8
"""Hyperparameters are found anew when the observations have grown by one in so many."""
SURPRISE = 4.0
"""An observation this many standard deviations off has them found anew at once."""
FEWEST_REFERENCES, MOST_REFERENCES, MOST_PAIRS = 32, 256, 2**19
"""Points that stand for all watched ones where covariances are asked for: so many at most, and not so many
that they make more pairs than that with long lists of candidates."""
SAME_VARIANCE = 1e-9
"""Known variances whose logarithms differ by less are one."""
ANYWHERE = 1e-6
"""What an observation counts for places with which it is not correlated at all."""


@dataclass(frozen=True, eq=False)
class Watch:
    """Points at which a belief will be asked again and again."""

    points: Floats
    """Scaled coordinates, shape (m, d)."""
    is_pairwise: bool = False
    """True when covariances with some of them, the references, will be asked for."""
    n_most: int = MOST_REFERENCES
    """References, at most."""

    @cached_property
    def references(self) -> Rows | None:
        """Rows of the points that stand for all of them; None where no covariances are asked for."""
        n_most = min(self.n_most, max(FEWEST_REFERENCES, MOST_PAIRS // len(self.points)))
        return thin_out(self.points, n_most) if self.is_pairwise else None


class Belief:
    """A mixture of Gaussian processes over the scaled coordinates, which takes in observations one by one.

    Each member has hyperparameters of its own, and a weight.
    """

    def __init__(self, training: Training, state: AnyState, watch: Watch | None = None) -> None:
        """Condition on observations, with hyperparameters that are given.

        Those that the hyperparameters were found from are taken in at once, the others one by one: a belief
        that grew and one that is built anew have the same bits.

        Parameters
        ----------
        training
            What was measured.
        state
            Hyperparameters, and how values are standardised.
        watch
            Points at which it will be asked again and again.

        Raises
        ------
        BadInput
            When the state is not one of these observations, or of a kernel that is not there.
        FitFailed
            When a covariance cannot be factored.
        """
        n, n_axes = training.unit_points.shape
        if state.sizes != {n_axes} or state.fitted_to > n:
            raise BadInput(
                "model state",
                f"is for {max(state.sizes)} axes and {state.fitted_to} observations; there are {n_axes} "
                f"and {n}",
                "Use it with the record that it stands in",
            )
        self.state = state
        self.watch = watch
        """Points at which it is asked again and again."""
        self.weights = np.array([one.weight for one in state.members])
        """Probability of each member, shape (n_members,)."""
        self.inflations = np.array([one.inflation for one in state.members])
        """Factor on the variances of the function under each member, shape (n_members,)."""
        self.known = state.scale.standardise(training)
        """The observations, standardised."""
        first = self.known.first(state.fitted_to)
        self.members = state.condition(first)
        if watch is not None:
            for member in self.members:
                member.watch(watch.points, self._choose if watch.is_pairwise else None)
        self.training = training
        """What was learned from."""
        self.supposed: list[Standardised] = []
        """What each member took in that is only supposed; empty where nothing is."""
        self.is_surprised = False
        """True when an observation since the fit was far from what was expected."""
        self.squares: list[float] = []
        """Squared distance of each observation since the fit from what was expected, in units of that."""
        self._doubts = Doubts()
        self._take_in()

    @property
    def is_fit_due(self) -> bool:
        """True when the hyperparameters should be found anew."""
        n_new = len(self.training.values) - self.state.fitted_to
        return self.is_surprised or n_new * REFIT_SHARE >= self.state.fitted_to

    def is_of(self, training: Training, watch: Watch) -> bool:
        """True when it may go on with these observations, the first being its own, at these points."""
        is_watching = self.watch is not None and np.array_equal(self.watch.points, watch.points)
        return is_watching and training.begins_with(self.training)

    def learn(self, training: Training) -> None:
        """Take in the observations that came after those known so far, O(n^2) each."""
        self.training = training
        self.known = self.state.scale.standardise(training)
        self._take_in()

    def watched(self) -> Posterior:
        """What is expected at the watched points."""
        return self._posterior([member.watched() for member in self.members])

    def watched_covariances(self) -> list[Floats]:
        """Covariance of the watched points with the references, (m, k) for each member, before inflation."""
        return [member.watched_covariance() for member in self.members]

    def covariances_with_references(self, points: Floats) -> list[Floats]:
        """Covariance of points, shape (j, d), with the references: (j, k) a member, before inflation."""
        return [member.covariance_with_references(points) for member in self.members]

    @property
    def references(self) -> Rows:
        """Rows of the watched points that stand for all of them."""
        return self._choose()

    def forget_doubts(self) -> None:
        """After a change of members: doubts are counted anew."""
        self._doubts = Doubts()

    def _choose(self) -> Rows:
        if self.watch is None or self.watch.references is None:
            raise ValueError("this belief watches no pairs")
        return self.watch.references

    def doubts(self) -> Floats:
        """Factor on each member's variance at the references, (n_members, k): 1 where nothing surprised.

        The mean squared residual of the observations, in units of its expectation, each counted as it is
        correlated with the place; that it is 1 counts as much as `PRIOR_DOUBT` observations there.
        """
        return self._doubts.of(self)

    def weigh_falls(self, point: Floats, shares: Floats) -> list[tuple[float, float, Floats, Floats]]:
        """For each member `Member.weigh_fall` at one point; shares have the shape (n_members, k)."""
        return [member.weigh_fall(point, own) for member, own in zip(self.members, shares, strict=True)]

    def log_known_variances(self, points: Floats) -> Floats:
        """Logarithm of the known variance that a further observation is likely to have there, standardised.

        The mean of those of the observations, each counted as it is correlated under the first member.

        Parameters
        ----------
        points
            Scaled coordinates, shape (m, d).

        Returns
        -------
        Floats
            Shape (m,).
        """
        logs = np.log(self.known.variances)
        if np.ptp(logs) < SAME_VARIANCE:
            return np.full(len(points), logs.mean())
        shares = self.members[0].correlation(self.known.points, points) + ANYWHERE
        return logs @ shares / shares.sum(axis=0)

    def log_known_variance_slope(self, point: Floats) -> Floats:
        """Gradient of the same at one point, shape (d,)."""
        logs = np.log(self.known.variances)
        if np.ptp(logs) < SAME_VARIANCE:
            return np.zeros(len(point))
        first, known = self.members[0], self.known
        shares = first.correlation(known.points, point[np.newaxis])[:, 0] + ANYWHERE
        here = logs @ shares / shares.sum()
        return (logs - here) @ first.correlation_gradient(known.points, point) / shares.sum()

    def covariances_between(self, points: Floats, others: Floats) -> list[Floats]:
        """Posterior covariance of points, shape (j, d), with others, shape (k, d): (j, k) for each member."""
        return [
            inflation * member.covariance_between(points, others)
            for inflation, member in zip(self.inflations, self.members, strict=True)
        ]

    def at(self, points: Floats) -> Posterior:
        """What is expected at any points, shape (m, d)."""
        return self._posterior([member.predict(points) for member in self.members])

    def expect(self, point: Floats) -> Expectation:
        """What is expected at one point, shape (d,), with gradients."""
        found = [member.expect(point) for member in self.members]
        sigmas = np.sqrt(self.inflations * [one[1] for one in found])
        slopes = np.array([one[3] for one in found])
        return Expectation(
            means=np.array([one[0] for one in found]),
            sigmas=sigmas,
            mean_gradients=np.array([one[2] for one in found]),
            sigma_gradients=slopes * (0.5 * self.inflations / sigmas)[:, np.newaxis],
        )

    def means_at_observations(self) -> Floats:
        """What each member believes of the noise-free feature where it was measured, shape (n_members, n).

        Points of which something is supposed come last.
        """
        known = [self.known.plus(more) for more in self.supposed] or [self.known] * len(self.members)
        pairs = zip(self.members, known, strict=True)
        return np.array([member.means_at_observations(of_it) for member, of_it in pairs])

    def noise_variances(self) -> Floats:
        """Variance of a further observation beyond its known one, standardised, shape (n_members,)."""
        return np.array([member.noise for member in self.members])

    def predict(self, points: Floats) -> tuple[Floats, Floats]:
        """Mean and standard deviation of the noise-free feature.

        Parameters
        ----------
        points
            Scaled coordinates, shape (m, d).

        Returns
        -------
        tuple of Floats
            Each shape (m,), in the feature's unit.
        """
        return self.mixed(self.at(points))

    def mixed(self, posterior: Posterior) -> tuple[Floats, Floats]:
        """Mean and standard deviation of the mixture, each shape (m,), in the feature's unit."""
        mean = self.weights @ posterior.means
        square = self.weights @ (posterior.sigmas**2 + (posterior.means - mean) ** 2)
        return self.state.scale.told(mean, np.sqrt(square))

    def _posterior(self, found: list[tuple[Floats, Floats]]) -> Posterior:
        variances = self.inflations[:, np.newaxis] * [one[1] for one in found]
        return Posterior(np.array([one[0] for one in found]), np.sqrt(variances))

    def _take_in(self) -> None:
        known = self.known
        for row in range(self.members[0].n, len(known.values)):
            surprise = self._surprise(row)
            self.is_surprised = self.is_surprised or bool(surprise > SURPRISE)
            self.squares.append(surprise**2)
            for member in self.members:
                member.append(known.points[row], known.values[row], known.variances[row])

    def _surprise(self, row: int) -> float:
        """How far an observation is from what was expected, in standard deviations of its expectation."""
        value, variance = self.known.values[row], self.known.variances[row]
        expected = self.expect(self.known.points[row])
        mean = self.weights @ expected.means
        own = expected.sigmas**2 + self.noise_variances() + variance
        total = self.weights @ (own + (expected.means - mean) ** 2)
        return abs(value - mean) / float(np.sqrt(total))


def form_belief(training: Training) -> Belief:
    """What these observations alone make one believe; `FitFailed` says why nothing can be."""
    use_one_thread()
    return Belief(training, fit_state(training))
