"""How much of each component may be used up, and what can still be made of the rest."""

from collections.abc import Mapping

from models.domain.constraints import LinearConstraint
from models.domain.frozen import Frozen
from models.domain.history import NEVER_BEGUN, History
from models.domain.space import SearchSpace


class Stock(Frozen):
    """What there is of the components, each an axis of the space.

    A sample uses the axis' value times the sample's amount. Blanks use it, too, and so do measurements that
    failed, since nobody knows how far they came; those that were refused before anything moved do not.
    """

    amounts: dict[str, float]
    """How much may be used up, by axis name, in the axis' unit times that of `sample_amount`."""
    sample_amount: float
    """How much of a sample is made for one measurement."""
    sample_unit: str
    """Its unit."""

    def left(self, history: History) -> dict[str, float]:
        """What is left of each component after, and under, all that was decided."""
        left = dict(self.amounts)
        for decision in history.decisions:
            failure = history.failure(decision.seq)
            if decision.point is None or (failure is not None and failure.code in NEVER_BEGUN):
                continue
            for name in left:
                left[name] -= self.sample_amount * float(decision.point.coordinates[name])
        return left

    def narrowed(self, space: SearchSpace, history: History) -> SearchSpace:
        """The part of a space that can be made of what is left; the space itself while that is all of it."""
        limits = {name: left / self.sample_amount for name, left in self.left(history).items()}
        rows = tuple(
            LinearConstraint(coefficients={name: 1.0}, high=high)
            for name, high in limits.items()
            if high < space.axis(name).high
        )
        # not validated: that nothing is left to be made is no mistake in the campaign file
        return space.model_copy(update={"linear": (*space.linear, *rows)}) if rows else space

    def text(self, left: Mapping[str, float], space: SearchSpace) -> str:
        """What is left, for people: ``surfactant 0.3 of 20 mL``."""
        return ", ".join(
            f"{name} {max(left[name], 0.0):.3g} of {amount:g} {self.unit(name, space)}"
            for name, amount in self.amounts.items()
        )

    def unit(self, name: str, space: SearchSpace) -> str:
        """Unit of a component's amount."""
        unit = space.axis(name).unit
        above, _, below = unit.partition("/")
        return self.sample_unit if unit == "1" or above == below else f"{unit} {self.sample_unit}"
