"""What is expected at points, by each of several Gaussian processes."""

from dataclasses import dataclass

from models.domain.scattering import Floats


@dataclass(frozen=True, eq=False)
class Posterior:
    """What each member expects at a set of points, in standardised units."""

    means: Floats
    """Shape (n_members, m)."""
    sigmas: Floats
    """Standard deviation of the noise-free feature, shape (n_members, m)."""


@dataclass(frozen=True, eq=False)
class Expectation:
    """What each member expects at one point, in standardised units, and how it changes with the point."""

    means: Floats
    """Shape (n_members,)."""
    sigmas: Floats
    """Shape (n_members,)."""
    mean_gradients: Floats
    """Shape (n_members, d)."""
    sigma_gradients: Floats
    """Shape (n_members, d)."""
