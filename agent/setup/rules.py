"""What is readjusted after which finding: small rules, of which the first that answers counts."""

from collections.abc import Callable
from dataclasses import dataclass

from agent.setup.case import Case, full_beam_s
from agent.setup.counting import GROWTH, Wanted, count_on
from models.domain.decision import Decision, Reason
from models.domain.scattering import Verdict
from models.domain.setup import Setup
from models.domain.wording import in_unit

MARGIN = 0.9
"""Share of a limit that is aimed at, where one is not to be met again."""
SHORTEST_S = 1e-3
"""Shortest exposure that is asked for, s."""
LEAST_SHARE = 0.05
"""A spot that can take less than this share of what is to be counted is left for a fresh one."""
DAMAGE_SHARE = 0.5
"""After damage, a fresh spot takes at most this share of what damaged the last one."""
N_BEFORE_MOVING = 2
"""Where a feature is missing, counting for longer is tried once before the detector is moved."""
BLANK_FACTOR = 4.0
"""A blank that limits is counted so many times as long as the sample was."""
BLANK_TRIAL = 0.25
"""With such a blank, this share of what was counted is counted on, to see."""
LONGER_BLANK = "longer_blank"
"""Code of the reason for it."""
NEW_SPOT = ("bubble", "precipitate")
"""Checks after which another spot of the sample may do."""
NEW_BLANK = ("flux", "carry_over", "error_model")
"""Checks after which a fresh blank may do; one a sample."""


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


Rule = Callable[[Case], Adjustment | None]


def attenuate(case: Case) -> Adjustment | None:
    """Saturated: let less of the beam through, or expose for less long where nothing attenuates."""
    verdict = case.failed("saturation")
    if verdict is None:
        return None
    share = MARGIN * verdict.limit / verdict.value
    here = case.setup
    lower = [a for a in case.spec.attenuations if a <= here.attenuation * share]
    if lower:
        setup = _afresh(case, attenuation=lower[0])
        return _adjusted(
            case, setup, case.last.exposure_s, "attenuate",
            f"{_told(verdict)}: {lower[0]:g} of the beam is let through instead of {here.attenuation:g}.",
        )  # fmt: skip
    exposure_s = case.last.exposure_s * share
    if exposure_s < SHORTEST_S:
        return None
    said = f"{_told(verdict)}: exposed for {exposure_s:.3g} s instead of {case.last.exposure_s:.3g} s."
    return _adjusted(case, _afresh(case), exposure_s, "shorten", said)


def leave_damage(case: Case) -> Adjustment | None:
    """Damaged: on to a fresh spot, for less long than what damaged the last one."""
    verdict = case.failed("radiation_damage")
    if verdict is None:
        return None
    taken_s = case.taken_s(case.setup.spot)
    setup = _on_fresh_spot(case)
    if setup is None:
        return None
    exposure_s = min(case.last.exposure_s, DAMAGE_SHARE * taken_s / setup.attenuation)
    said = f"{_told(verdict)} after {taken_s:.3g} s of the full beam: on to spot {setup.spot}."
    return _adjusted(case, setup, exposure_s, "fresh_spot", said)


def leave_spot(case: Case) -> Adjustment | None:
    """A bubble or a grain in the beam: on to another spot."""
    verdict = case.failed(*NEW_SPOT)
    setup = None if verdict is None else _on_fresh_spot(case)
    if verdict is None or setup is None:
        return None
    said = f"{_told(verdict)}: on to spot {setup.spot}."
    return _adjusted(case, setup, case.last.exposure_s, "fresh_spot", said)


def renew_blank(case: Case) -> Adjustment | None:
    """The blank does not go with the sample any more: take a fresh one, then the sample again."""
    verdict = case.failed(*NEW_BLANK)
    if verdict is None:
        return None
    newest = case.history.decisions[-1]
    if newest.kind == "blank":
        said = f"With the blank of decision {newest.seq}, the sample once more."
        return _adjusted(case, _afresh(case), case.last.exposure_s, "fresh_blank", said)
    if any(_is_after(case, decision) for decision in case.history.decisions):
        return None
    said = f"{_told(verdict)}: a fresh blank is taken first."
    return Adjustment(case.setup, case.last.exposure_s, Reason(code="fresh_blank", sentence=said), True)


def move_detector(case: Case) -> Adjustment | None:
    """The feature cannot be read where the detector stands: try the other places, each once."""
    observation = case.observation
    if observation is None or not observation.is_accepted or not case.problem.configurations:
        return None
    if observation.feature(case.feature) is not None:
        return None
    tried = {(one.setup or Setup()).configuration for one in case.tries}
    left = [name for name in case.problem.configurations if name not in tried]
    if not left or len(case.counted()) < N_BEFORE_MOVING:
        return None
    low, high = case.problem.configurations[left[0]]
    why = next((a.why for a in observation.absences if a.name == case.feature), "it cannot be read")
    said = (
        f"No {case.feature} here ({why.rstrip('.')}): the detector goes to {left[0]!r}, "
        f"q {low:.2g} to {high:.2g} 1/nm."
    )
    setup = case.setup.model_copy(update={"configuration": left[0], "adds_to": ()})
    return _adjusted(case, setup, case.last.exposure_s, "move_detector", said)


def count_longer(case: Case) -> Adjustment | None:
    """Not known well enough: count on, within what the spot, the counter and patience allow."""
    spec, observation = case.spec, case.observation
    is_aimed = spec.sigma is not None or spec.relative_sigma is not None
    too_few = case.failed("counts")
    if observation is None or not (is_aimed or too_few) or not (observation.is_accepted or too_few):
        return None
    counted_s = case.counted()[-1].seconds if case.counted() else full_beam_s(case.history, case.last.seq)
    if not case.counted():
        wanted = Wanted(GROWTH * counted_s, "extend")
        said = f"{_told(too_few)}: " if too_few is not None else ""
    else:
        read = observation.feature(case.feature)
        aim = None if read is None else spec.aim(read.value)
        wanted = count_on(case.counted(), aim)
        said = _known(case, aim)
    if wanted.code == "floor" and (blank := _longer_blank(case, said)) is not None:
        return blank
    is_trial = wanted.code == "floor" and _has_longer_blank(case)
    if wanted.more_s <= 0 and not is_trial:
        return None
    more_s = max(wanted.more_s, BLANK_TRIAL * counted_s if is_trial else 0.0)
    found = _spot_for(case, more_s)
    if found is None:
        return None
    setup, room_s = found
    exposure_s = min(min(more_s, room_s) / setup.attenuation, spec.longest_s, _unsaturated_s(case))
    if exposure_s < SHORTEST_S:
        return None
    said += f"{exposure_s:.3g} s more are counted{_where(case, setup)}."
    return _adjusted(case, setup, exposure_s, "extend", said)


def _longer_blank(case: Case, said: str) -> Adjustment | None:
    """Counting the sample does not help, and the blank was counted for less long: it may be what is noisy."""
    observation = case.observation
    seq = None if observation is None else observation.blank_seq
    if seq is None or any(_is_after(case, decision) for decision in case.history.decisions):
        return None
    blank_s, sample_s = full_beam_s(case.history, seq), case.counted()[-1].seconds
    exposure_s = min(BLANK_FACTOR * sample_s, case.spec.longest_s)
    if exposure_s < 2.0 * blank_s:
        return None
    said += f"the blank was counted for {blank_s:.3g} s only, {exposure_s:.3g} s are taken first."
    return Adjustment(case.setup, exposure_s, Reason(code=LONGER_BLANK, sentence=said), True)


def _is_after(case: Case, decision: Decision) -> bool:
    return decision.kind == "blank" and decision.seq > case.first.seq


def _has_longer_blank(case: Case) -> bool:
    """True when a longer blank was taken for this sample, and the sample not exposed since."""
    newest = case.history.decisions[-1]
    return _is_after(case, newest) and newest.seq > case.last.seq and newest.reason.code == LONGER_BLANK


RULES: tuple[Rule, ...] = (
    attenuate, leave_damage, leave_spot, renew_blank, move_detector, count_longer,
)  # fmt: skip
"""Asked in this order: what spoils a frame comes before what it lacks."""


def _adjusted(case: Case, setup: Setup, exposure_s: float, code: str, said: str) -> Adjustment | None:
    """An adjustment, if the dose allows it: on this spot, on a fresh one, or for what is left."""
    full_s = exposure_s * setup.attenuation
    room_s = _room_s(case, setup.spot)
    if room_s < LEAST_SHARE * full_s:
        fresh = _on_fresh_spot(case)
        if fresh is None:
            return None
        setup, room_s = setup.model_copy(update={"spot": fresh.spot}), _room_s(case, fresh.spot)
    exposure_s = min(exposure_s, room_s / setup.attenuation, case.spec.longest_s)
    return Adjustment(setup, exposure_s, Reason(code=code, sentence=said))


def _afresh(case: Case, **changes: float) -> Setup:
    """The set-up with changes; what was accepted before is added to what comes."""
    return case.setup.model_copy(update={"adds_to": case.kept, **changes})


def _room_s(case: Case, spot: int) -> float:
    """What a spot may still take, in seconds of the full beam."""
    limit_s = case.spec.spot_dose_s
    return float("inf") if limit_s is None else limit_s - case.taken_s(spot)


def _on_fresh_spot(case: Case) -> Setup | None:
    """The set-up on the next spot that took nothing yet; None when there is none."""
    for spot in range(case.setup.spot + 1, case.spec.spots):
        if case.taken_s(spot) == 0:
            return _afresh(case, spot=spot)
    return None


def _spot_for(case: Case, more_s: float) -> tuple[Setup, float] | None:
    """The set-up on a spot that can take enough of what is to be counted, and what it can take."""
    here_s = _room_s(case, case.setup.spot)
    if here_s >= LEAST_SHARE * more_s:
        return _afresh(case), here_s
    fresh = _on_fresh_spot(case)
    return None if fresh is None else (fresh, _room_s(case, fresh.spot))


def _unsaturated_s(case: Case) -> float:
    """Longest exposure at this attenuation that is not likely to saturate a pixel, s."""
    observation = case.observation
    verdicts = () if observation is None else observation.verdicts
    found = next((v for v in verdicts if v.check == "saturation" and v.value > 0), None)
    return float("inf") if found is None else MARGIN * case.last.exposure_s * found.limit / found.value


def _told(verdict: Verdict) -> str:
    unit, name = in_unit(verdict.unit), verdict.check.replace("_", " ").capitalize()
    return f"{name} {verdict.value:.3g}{unit} against {verdict.limit:.3g}{unit}"


def _known(case: Case, aim: float | None) -> str:
    """``After 1 s, peak_d is 8.1 ± 0.3 nm (± 0.08 nm is asked for): ``."""
    last = case.counted()[-1]
    if last.value is None or last.sigma is None or aim is None:
        return f"After {last.seconds:.3g} s there is no {case.feature}: "
    unit = in_unit(case.problem.units.get(case.feature, "1"))
    return (
        f"After {last.seconds:.3g} s, {case.feature} is {last.value:.4g} ± {last.sigma:.2g}{unit} "
        f"(± {aim:.2g}{unit} is asked for): "
    )


def _where(case: Case, setup: Setup) -> str:
    return f" on spot {setup.spot}" if setup.spot != case.setup.spot else ""


def first_of(rules: tuple[Rule, ...], case: Case) -> Adjustment | None:
    """What the first rule that has an answer asks for; None when none has, or patience is at its end."""
    if case.n_readjusted >= case.spec.attempts:
        return None
    for rule in rules:
        found = rule(case)
        if found is not None:
            return found
    return None
