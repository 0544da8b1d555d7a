"""What is readjusted after which finding: small rules, of which the first that answers counts."""

from agent.setup.adjustment import (
    LEAST_SHARE,
    MARGIN,
    Adjustment,
    Rule,
    adjusted,
    afresh,
    left_s,
    on_fresh_spot,
    told,
)  # fmt: skip
from agent.setup.aligning import is_missed_again, recentre, resteer
from agent.setup.case import Case, full_beam_s
from agent.setup.counting import GROWTH, Wanted, count_on
from agent.setup.loading import reload, why_skipped
from models.domain.decision import Decision, Reason
from models.domain.setup import Setup
from models.domain.wording import in_unit

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


def attenuate(case: Case) -> Adjustment | None:
    """Saturated: let less of the beam through, or expose for less long where nothing attenuates."""
    verdict = case.failed("saturation")
    if verdict is None:
        return None
    share = MARGIN * verdict.limit / verdict.value
    here = case.setup
    lower = [a for a in case.spec.attenuations if a <= here.attenuation * share]
    if lower:
        setup = afresh(case, attenuation=lower[0])
        return adjusted(
            case, setup, case.last.exposure_s, "attenuate",
            f"{told(verdict)}: {lower[0]:g} of the beam is let through instead of {here.attenuation:g}.",
        )  # fmt: skip
    exposure_s = case.last.exposure_s * share
    if exposure_s < case.spec.shortest_s:
        return None
    said = f"{told(verdict)}: exposed for {exposure_s:.3g} s instead of {case.last.exposure_s:.3g} s."
    return adjusted(case, afresh(case), exposure_s, "shorten", said)


def leave_damage(case: Case) -> Adjustment | None:
    """Damaged: on to a fresh spot, for less long than what damaged the last one."""
    verdict = case.failed("radiation_damage")
    if verdict is None:
        return None
    taken_s = case.taken_s(case.setup.spot)
    setup = on_fresh_spot(case)
    if setup is None:
        return None
    exposure_s = min(case.last.exposure_s, DAMAGE_SHARE * taken_s / setup.attenuation)
    said = f"{told(verdict)} after {taken_s:.3g} s of the full beam: on to spot {setup.spot}."
    return adjusted(case, setup, exposure_s, "fresh_spot", said)


def leave_spot(case: Case) -> Adjustment | None:
    """A bubble or a grain in the beam: on to another spot."""
    verdict = case.failed(*NEW_SPOT)
    setup = None if verdict is None else on_fresh_spot(case)
    if verdict is None or setup is None or is_missed_again(case):
        return None
    said = f"{told(verdict)}: on to spot {setup.spot}."
    return adjusted(case, setup, case.last.exposure_s, "fresh_spot", said)


def renew_blank(case: Case) -> Adjustment | None:
    """The blank does not go with the sample any more: take a fresh one, then the sample again."""
    verdict = case.failed(*NEW_BLANK)
    if verdict is None:
        return None
    newest = case.history.decisions[-1]
    if newest.kind == "blank":
        said = f"With the blank of decision {newest.seq}, the sample once more."
        return adjusted(case, afresh(case), case.last.exposure_s, "fresh_blank", said)
    if any(_is_after(case, decision) for decision in case.history.decisions):
        return None
    said = f"{told(verdict)}: a fresh blank is taken first."
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
    return adjusted(case, setup, case.last.exposure_s, "move_detector", said)


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
        said = f"{told(too_few)}: " if too_few is not None else ""
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
    most_s = min(room_s / setup.attenuation, spec.longest_s, _unsaturated_s(case))
    exposure_s = min(max(more_s / setup.attenuation, spec.shortest_s), most_s)
    if exposure_s < spec.shortest_s:
        return None
    said += f"{exposure_s:.3g} s more are counted{_where(case, setup)}."
    return adjusted(case, setup, exposure_s, "extend", said)


def why_left(case: Case) -> str | None:
    """Why a sample is left that is not known as well as is asked; None where it is, or nothing is asked."""
    spec, skipped = case.spec, why_skipped(case)
    if skipped is not None:
        return f"{skipped[0].lower()}{skipped[1:]}"
    if (spec.sigma is None and spec.relative_sigma is None) or not case.counted():
        return None
    observation = case.observation
    read = None if observation is None else observation.feature(case.feature)
    wanted = count_on(case.counted(), None if read is None else spec.aim(read.value))
    counted_s = case.counted()[-1].seconds
    if wanted.code == "reached":
        return None
    if wanted.code == "absent":
        return f"there is no {case.feature} after {counted_s:.3g} s"
    if wanted.code == "floor":
        return f"counting for longer would not make its {case.feature} better known"
    if case.n_readjusted >= spec.attempts:
        return f"it was readjusted as often as it may be ({spec.attempts})"
    if spec.spot_dose_s is not None:
        return f"its spots can take no more (limit {spec.spot_dose_s:g} s of the full beam each)"
    return None


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
    attenuate, leave_spot, recentre, reload, leave_damage, renew_blank, resteer, move_detector, count_longer,
)  # fmt: skip
"""Asked in this order: what spoils a frame comes before what it lacks."""
LOAD_RULES: tuple[Rule, ...] = (reload,)
"""Where loads are judged and nothing else is readjusted."""


def _spot_for(case: Case, more_s: float) -> tuple[Setup, float] | None:
    """The set-up on a spot that can take enough of what is to be counted, and what it can take."""
    here_s = left_s(case, case.setup.spot)
    if here_s >= LEAST_SHARE * more_s:
        return afresh(case), here_s
    fresh = on_fresh_spot(case)
    return None if fresh is None else (fresh, left_s(case, fresh.spot))


def _unsaturated_s(case: Case) -> float:
    """Longest exposure at this attenuation that is not likely to saturate a pixel, s."""
    observation = case.observation
    verdicts = () if observation is None else observation.verdicts
    found = next((v for v in verdicts if v.check == "saturation" and v.value > 0), None)
    return float("inf") if found is None else MARGIN * case.last.exposure_s * found.limit / found.value


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
