"""What all acquisitions have in common: a worth, in logarithm, with or without gradients."""

from typing import Protocol

from models.domain.scattering import Floats


class Worth(Protocol):
    """What a measurement would be worth, as a natural logarithm: what is added multiplies."""

    name: str
    """Stable name, for the log."""
    n_starts: int
    """Points from which its gradient is worth following."""
    n_steps: int
    """Steps of a climb that are worth their time."""

    def watched(self) -> Floats:
        """At the points that the belief watches, shape (m,)."""
        ...

    def at(self, points: Floats) -> Floats:
        """At any points, shape (m, d) -> (m,)."""
        ...

    def slope(self, point: Floats) -> tuple[float, Floats]:
        """At one point, shape (d,), with its gradient, shape (d,)."""
        ...


class Together:
    """Several worths multiplied: a gain, the chance to have it, the time that it takes."""

    def __init__(self, first: Worth, *others: Worth) -> None:
        """Combine; the first gives the name."""
        self.name, self.n_starts, self.n_steps = first.name, first.n_starts, first.n_steps
        self._parts = (first, *others)

    def watched(self) -> Floats:
        """At the points that the belief watches, shape (m,)."""
        return sum((part.watched() for part in self._parts[1:]), start=self._parts[0].watched())

    def at(self, points: Floats) -> Floats:
        """At any points, shape (m, d) -> (m,)."""
        return sum((part.at(points) for part in self._parts[1:]), start=self._parts[0].at(points))

    def slope(self, point: Floats) -> tuple[float, Floats]:
        """At one point, with its gradient."""
        found = [part.slope(point) for part in self._parts]
        gradient = found[0][1].copy()
        for _, more in found[1:]:
            gradient += more
        return sum(value for value, _ in found), gradient
