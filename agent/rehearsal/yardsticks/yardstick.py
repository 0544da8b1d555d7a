"""What every yardstick can do: read the truth, lay a standard from it, score a campaign by that."""

from typing import Protocol

from agent.rehearsal.yardsticks.standard import Run, Standard, Truth
from models.domain.history import Observation
from models.domain.scattering import Floats
from models.domain.space import SearchSpace


class Yardstick(Protocol):
    """Says how near a campaign came to one goal."""

    name: str
    """What a score is called: ``regret``, ``rmse``, ``share wrong``."""
    is_share: bool
    """True where a score is a share, told in per cent."""
    of: str
    """What 100 % is: ``the range``."""
    meaning: str
    """What a score is, in a sentence or two for people."""

    def read(self, observation: Observation) -> Floats:
        """What is needed of the truth at one point, shape (n_read,); NaN for what it does not have."""
        ...

    def lay(self, truth: Truth) -> Standard:
        """The standard that follows from a truth.

        Raises
        ------
        BadInput
            When the truth has nothing to seek.
        """
        ...

    def among(self, standard: Standard, space: SearchSpace) -> Standard:
        """The standard for a night that may choose among some of the samples only.

        Its best is the best of these. Maps are held against all samples, also those that it could not choose.
        """
        ...

    def scores(self, standard: Standard, run: Run) -> list[float | None]:
        """Score after each measurement; None where nothing is learned yet, or where nobody looked."""
        ...

    def ideal(self, standard: Standard, n: int) -> tuple[float | None, ...]:
        """For a map: score after each of n measurements without noise, evenly spread; else nothing."""
        ...

    def explain(self, true: Floats, foretold: Floats) -> tuple[float, str]:
        """How well curves were foretold, by what is read of them, each shape (n, n_read).

        Returns
        -------
        tuple
            Share of the variance that was foretold, below 0 where a constant does better; and the error, in
            words such as ``peak_d to 0.2 nm rms``.
        """
        ...
