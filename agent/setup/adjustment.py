"""What a rule asks for: a set-up, how long to expose, and why; within what a spot may take."""

from collections.abc import Callable
from dataclasses import dataclass

from agent.setup.case import Case
from models.domain.decision import Reason
from models.domain.scattering import Verdict
from models.domain.setup import Setup
from models.domain.wording import in_unit

MARGIN = 0.9
"""Share of a limit that is aimed at, where one is not to be met again."""
LEAST_SHARE = 0.05
"""A spot that can take less than this share of what is to be counted is left for a fresh one."""


@dataclass(frozen=True)
class Adjustment:
    """What to change, and why."""

    setup: Setup
    """How everything is to stand."""
    exposure_s: float
    """How long to expose, s."""
    reason: Reason
    """Why."""
    is_blank: bool = False
    """True when a blank is to be taken, and not the sample."""
    is_made_again: bool = False
    """True when the sample is to be made anew."""


Rule = Callable[[Case], Adjustment | None]


def adjusted(case: Case, setup: Setup, exposure_s: float, code: str, said: str) -> Adjustment | None:
    """An adjustment, if the dose allows it: on this spot, on a fresh one, or for what is left."""
    full_s = exposure_s * setup.attenuation
    room_s = left_s(case, setup.spot)
    if room_s < LEAST_SHARE * full_s:
        fresh = on_fresh_spot(case)
        if fresh is None:
            return None
        setup, room_s = setup.model_copy(update={"spot": fresh.spot}), left_s(case, fresh.spot)
    exposure_s = min(exposure_s, room_s / setup.attenuation, case.spec.longest_s)
    return Adjustment(setup, exposure_s, Reason(code=code, sentence=said))


def afresh(case: Case, **changes: float | str) -> Setup:
    """The set-up with changes; what was accepted before is added to what comes."""
    plain: dict[str, object] = {"adds_to": case.kept, "rinses": 0, "rinse_ul": 0.0}
    return case.setup.model_copy(update=plain | changes)


def left_s(case: Case, spot: int) -> float:
    """What a spot may still take, in seconds of the full beam."""
    limit_s = case.spec.spot_dose_s
    return float("inf") if limit_s is None else limit_s - case.taken_s(spot)


def on_fresh_spot(case: Case) -> Setup | None:
    """The set-up on the next spot that took nothing yet; None when there is none."""
    for spot in range(case.setup.spot + 1, case.spec.spots):
        if case.taken_s(spot) == 0:
            return afresh(case, spot=spot)
    return None


def told(verdict: Verdict) -> str:
    """``Bubble 0.99 against 0.77``: what was found, and its limit."""
    unit, name = in_unit(verdict.unit), verdict.check.replace("_", " ").capitalize()
    return f"{name} {verdict.value:.3g}{unit} against {verdict.limit:.3g}{unit}"
