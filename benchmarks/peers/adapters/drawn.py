"""Points that were drawn beforehand: random or Sobol, blind to all that is measured."""

import sys
from typing import Any

from memory import Memory
from wire import Rows, serve

N_DRAWN = 4096
"""Points drawn beforehand: more than any campaign measures."""


class Drawn(Memory):
    """Goes through a sequence."""

    def __init__(self, begin: dict[str, Any], *, is_even: bool) -> None:
        """Draw the sequence; it is none of those that initial designs are drawn from."""
        super().__init__(begin)
        self._sequence = self.region.draw(N_DRAWN, 1_000_003 + self.seed, is_even=is_even)
        self._n_given = 0

    def ask(self, n: int) -> Rows:
        """The next of the sequence; from a list, those not measured yet."""
        if self.region.candidates is not None:
            return self.region.without(self._sequence, self.points)[:n].tolist()
        first = self._n_given
        self._n_given += n
        return self._sequence[first : first + n].tolist()


if __name__ == "__main__":
    is_sobol = sys.argv[1] == "sobol"
    serve(lambda begin: Drawn(begin, is_even=is_sobol))
