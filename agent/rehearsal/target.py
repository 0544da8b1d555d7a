"""A target of a plan: ``rmse<0.05``, ``regret<2%``."""

import re
from dataclasses import dataclass

from models.domain.errors import BadInput

PATTERN = re.compile(r"^\s*(regret|rmse|share wrong|share)\s*<\s*([0-9.]+(?:[eE][+-]?\d+)?)\s*(%?)\s*$")
EXAMPLE = 'Write it like "regret<2%" or "rmse<0.05"'


@dataclass(frozen=True)
class Target:
    """A score that is to be come to."""

    score: str
    """``regret``, ``rmse`` or ``share wrong``."""
    value: float
    """How small it is to be."""
    is_percent: bool
    """True when `value` is a percentage of the range of what is sought, or of the region."""

    def level(self, scale: float) -> float:
        """The score itself, where 100 % is `scale`."""
        return self.value / 100.0 * scale if self.is_percent else self.value

    def text(self, scale: float, unit: str) -> str:
        """For people."""
        shown = "" if unit in ("1", "share") else f" {unit}"
        if not self.is_percent:
            return f"{self.score} < {self.value:g}{shown}"
        if unit == "share":
            return f"{self.score} < {self.value:g} %"
        return f"{self.score} < {self.level(scale):.3g}{shown} ({self.value:g} % of the range)"


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
    if match is None or float(match[2]) <= 0:
        raise BadInput(where, "is no target", EXAMPLE)
    name = "share wrong" if match[1] == "share" else match[1]
    if name != score:
        raise BadInput(
            where,
            f"is about {name}, but the campaign's goal is scored by {score}",
            f'Write it like "{score}<{match[2]}{match[3]}"',
        )
    return Target(name, float(match[2]), bool(match[3]))
