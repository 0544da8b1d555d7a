"""A target of a plan: ``rmse<0.05``, ``regret<2%``."""

import re
from dataclasses import dataclass

from models.domain.errors import BadInput

SCORES = ("regret", "rmse", "share wrong", "volume lost", "shortfall")
"""What campaigns are scored by."""
SHORT = {"share": "share wrong", "volume": "volume lost"}
"""Short forms of these."""
PATTERN = re.compile(rf"^\s*({'|'.join([*SCORES, *SHORT])})\s*<\s*([0-9.]+(?:[eE][+-]?\d+)?)\s*(%?)\s*$")
EXAMPLES = {"regret": "2%", "rmse": "0.05", "share wrong": "5%", "volume lost": "5%", "shortfall": "5%"}


@dataclass(frozen=True)
class Target:
    """A score that is to be come to."""

    score: str
    """One of `SCORES`."""
    value: float
    """How small it is to be."""
    is_percent: bool
    """True when `value` is a percentage of the range of what is sought, or of the region."""

    def level(self, scale: float) -> float:
        """The score itself, where 100 % is `scale`."""
        return self.value / 100.0 * scale if self.is_percent else self.value

    def text(self, scale: float, unit: str, of: str = "the range") -> str:
        """For people.

        Parameters
        ----------
        scale
            What 100 % is.
        unit
            Unit of the score; ``share`` for shares.
        of
            What 100 % is, in words.
        """
        shown = "" if unit in ("1", "share") else f" {unit}"
        if unit == "share":
            return f"{self.score} < {100.0 * self.level(scale):g} %"
        if not self.is_percent:
            return f"{self.score} < {self.value:g}{shown}"
        return f"{self.score} < {self.level(scale):.3g}{shown} ({self.value:g} % of {of})"


def read_target(text: str, score: str) -> Target:
    """Read a target.

    Parameters
    ----------
    text
        As it was written.
    score
        What the campaign's goal is scored by.

    Raises
    ------
    BadInput
        When it is none, or one of another goal.
    """
    match = PATTERN.match(text)
    where = f"--target {text!r}"
    if match is None or not _is_number(match[2]):
        raise BadInput(where, "is no target", f'Write it like "{score}<{EXAMPLES[score]}"')
    name = SHORT.get(match[1], match[1])
    if name != score:
        raise BadInput(
            where,
            f"is about {name}, but the campaign's goal is scored by {score}",
            f'Write it like "{score}<{match[2]}{match[3]}"',
        )
    return Target(name, float(match[2]), bool(match[3]))


def _is_number(text: str) -> bool:
    """True for a number above 0."""
    try:
        return float(text) > 0
    except ValueError:
        return False
