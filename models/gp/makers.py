"""Which Gaussian process a belief is made of: our own, or one with a kernel written for GPyTorch.

Whoever holds a state, or a belief, need not know which it is. torch is loaded only for the latter.
"""

from typing import Protocol

from models.gp.library.state import LibraryState
from models.gp.state import BeliefState, fit_state
from models.gp.states import AnyState
from models.gp.training import Training


class BeliefMaker(Protocol):
    """Finds states of one sort."""

    def is_maker_of(self, state: AnyState) -> bool:
        """True when a state is of this sort."""
        ...

    def fit(self, training: Training, earlier: AnyState | None = None) -> AnyState:
        """Find hyperparameters, starting from those of an earlier state of this sort.

        Raises
        ------
        FitFailed
            When nothing can be learned from these observations.
        """
        ...


class OurMaker:
    """Our own kernel, in compiled routines of our own."""

    def __init__(self, may_take_logs: bool = False) -> None:
        """Say whether logarithms may be believed in place of the values, where they are likelier."""
        self._may_take_logs = may_take_logs

    def is_maker_of(self, state: AnyState) -> bool:
        """True for a state of our own."""
        return isinstance(state, BeliefState)

    def fit(self, training: Training, earlier: AnyState | None = None) -> AnyState:
        """Find hyperparameters."""
        known = earlier if isinstance(earlier, BeliefState) else None
        return fit_state(training, known, self._may_take_logs)


class LibraryMaker:
    """A kernel of one's own, in the routines of GPyTorch and BoTorch."""

    def __init__(self, kernel: str, columns: tuple[str, ...]) -> None:
        """Take the name of the kernel.

        Parameters
        ----------
        kernel
            Function that makes it, ``module:function``.
        columns
            Names of the scaled columns.
        """
        self._kernel, self._columns = kernel, columns

    def is_maker_of(self, state: AnyState) -> bool:
        """True for a state of this kernel on these columns."""
        return (
            isinstance(state, LibraryState)
            and state.kernel == self._kernel
            and state.columns == self._columns
        )

    def fit(self, training: Training, earlier: AnyState | None = None) -> AnyState:
        """Find hyperparameters."""
        from models.gp.library.fit import fit_library_state

        known = earlier if isinstance(earlier, LibraryState) and self.is_maker_of(earlier) else None
        return fit_library_state(training, self._kernel, self._columns, known)
