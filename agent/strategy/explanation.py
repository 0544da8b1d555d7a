"""What is said of a choice: what it should gain and cost, what held it, what was second and why it lost."""

import math
from typing import TYPE_CHECKING

from models.domain.decision import Candidate, Reason
from models.domain.wording import in_unit

if TYPE_CHECKING:
    from models.gp.recommend import Choice, Recommendation

SURE = 0.995
"""A chance above is as good as certain, and not worth a word."""
ALIKE = 0.02
"""Relative difference of two numbers below which they are not told apart."""


def why_it_lost(other: "Choice", found: "Recommendation") -> str:
    """Why a runner-up was not taken: ``Worth 43 % of the first: gains 0.02 nm, the first 0.05 nm.``."""
    first, unit = found.choices[0], in_unit(found.gain_unit)
    share = math.exp(min(other.value - first.value, 0.0))
    reasons: list[str] = []
    if not found.is_idle and _differ(other.gain, first.gain):
        reasons.append(f"gains {other.gain:.2g}{unit}, the first {first.gain:.2g}{unit}")
    if _differ(other.chance, first.chance):
        reasons.append(f"is had with {100 * other.chance:.0f} %, the first with {100 * first.chance:.0f} %")
    if other.cost_s is not None and first.cost_s is not None and _differ(other.cost_s, first.cost_s):
        reasons.append(f"takes {other.cost_s:.3g} s, the first {first.cost_s:.3g} s")
    return f"Worth {100 * share:.0f} % of the first{': ' if reasons else ''}{'; '.join(reasons)}."


def told_in_full(found: "Recommendation", candidates: tuple[Candidate, ...]) -> Reason:
    """The reason, with what the first candidate should gain and cost, what held it, and what was second.

    Parameters
    ----------
    found
        Why the first was chosen, as its goal says it.
    candidates
        The chosen one and its runners-up.
    """
    first, reason = candidates[0], found.reason
    said = [reason.sentence]
    if not found.is_idle and first.expected_gain is not None and first.expected_gain > 0:
        said.append(f"It should gain {first.expected_gain:.2g}{in_unit(first.gain_unit or '1')}.")
    if first.chance is not None and first.chance < SURE:
        said.append(f"The feature is had there with {100 * first.chance:.0f} %.")
    if first.cost_s is not None:
        said.append(f"It takes about {first.cost_s:.3g} s.")
    if first.bound_by:
        said.append(f"Held by {' and '.join(first.bound_by)}.")
    if len(candidates) > 1 and candidates[1].why is not None:
        second = candidates[1]
        said.append(f"Second was {second.point.text()}: {_lowered(second.why or '')}")
    return reason.model_copy(update={"sentence": " ".join(said)})


def _differ(one: float, other: float) -> bool:
    return abs(one - other) > ALIKE * max(abs(one), abs(other))


def _lowered(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
