"""What is done about a load: look again, rinse, make the sample again, or go on without it."""

from collections.abc import Callable

from agent.setup.adjustment import Adjustment, adjusted, afresh, left_s
from agent.setup.aligning import LOOK_SHARE
from agent.setup.case import Case, LoadTerms, plain_spec
from agent.strategy.problem import Problem
from models.domain.decision import Decision, Reason
from models.domain.history import History
from models.domain.setup import Setup, SetupSpec
from models.saxs.judged_loads import CHECK, load_of
from models.saxs.loads import Load, LoadVerdict, Tries, judge_load

RINSE, MADE_AGAIN, CLEARED = "rinse", "re-dispense", "fine"
"""Codes of the reasons for three of the cures."""
LOAD_FAILED = "LoadFailed"
"""Code of the failure of a sample that did not arrive in the cell."""
OF_TRANSMISSION = ("transmission", "bubble", CHECK)
"""Checks for which a frame is refused that a second look may clear."""
MOST_CLEARED = 1
"""So often a sample is measured once more since a look cleared it: a frame that contradicts its looks even
then is believed."""


def judge(case: Case) -> LoadVerdict | None:
    """What is to be done about the load in the cell; None where nothing can be said of it."""
    if case.load is None:
        return None
    limits, load = case.load.limits, _load(case)
    if load is None:
        return None
    if case.load.is_rinse_short(case.history):
        limits = limits.model_copy(update={"n_rinsed": 0})
    return judge_load(load, limits)


def reload(case: Case) -> Adjustment | None:
    """A load that is not fit to be exposed: measured again, rinsed out, or made again."""
    judged = judge(case)
    if judged is None:
        return None
    newest = case.history.decisions[-1]
    if newest.kind == "blank" and judged.trouble == "empty" and newest.seq > case.last.seq:
        said = f"With the blank of decision {newest.seq}, the sample once more."
        return adjusted(case, _reloaded(case, 0), case.first.exposure_s, "fresh_blank", said)
    match judged.verdict:
        case "fine":
            return _after_a_look(case)
        case "remeasure":
            return _look(case, judged)
        case "rinse":
            return adjusted(case, _reloaded(case, 1), case.first.exposure_s, RINSE, judged.sentence)
        case "re-dispense":
            reason = Reason(code=MADE_AGAIN, sentence=judged.sentence)
            return Adjustment(case.setup, case.first.exposure_s, reason, is_made_again=True)
        case "skip":
            return _renewed_blank(case, judged)


def why_skipped(case: Case) -> str | None:
    """Why a sample is left whose load could not be mended; None where it is fine."""
    judged = judge(case)
    return judged.sentence.rstrip(".") if judged is not None and judged.verdict == "skip" else None


def leaves(
    problem: Problem, spec: SetupSpec | None, load: LoadTerms | None
) -> Callable[[History, Decision], bool]:
    """What says whether a measurement is not to be tried again, since nothing mended its load."""
    setup = spec or plain_spec(problem)

    def is_left(history: History, decision: Decision) -> bool:
        return load is not None and why_skipped(Case(problem, setup, history, decision, load)) is not None

    return is_left


def why_rinsed_for(history: History) -> str | None:
    """Why the blank that comes next is taken in a cell that is rinsed once more; None where it is not.

    The blank before it carried something over, or did not arrive.
    """
    last = history.decisions[-1] if history.decisions else None
    if last is None or last.kind != "blank":
        return None
    observation, failure = history.observation(last.seq), history.failure(last.seq)
    if failure is not None and failure.code == LOAD_FAILED:
        return judge_load(Load(fault=failure.sentence)).sentence
    verdicts = () if observation is None else observation.verdicts
    carried = next((one for one in verdicts if one.check == "carry_over"), None)
    judged = judge_load(Load(carry_over=carried))
    return None if judged.verdict == "fine" else judged.sentence


def _load(case: Case) -> Load | None:
    """What the record says of the load in the cell."""
    assert case.load is not None
    tries, failure = _tries(case), case.history.failure(case.last.seq)
    if failure is not None and failure.code == LOAD_FAILED:
        return Load(fault=failure.sentence, tries=tries)
    exposures = [case.history.exposure(one.seq) for one in (case.last, *_looks(case))]
    known = [one for one in exposures if one is not None]
    observation = case.observation
    if not known or observation is None:
        return None
    blank = None if observation.blank_seq is None else case.history.exposure(observation.blank_seq)
    return load_of(known, blank, case.load.limits, tries)


def _tries(case: Case) -> Tries:
    """What was tried for this sample so far."""
    n_made, one = 0, case.first
    while one.kind == "repeat" and one.reason.code == MADE_AGAIN and one.repeats is not None:
        n_made, one = n_made + 1, case.history.decision(one.repeats)
    n_rinsed = sum(one.reason.code == RINSE for one in case.tries)
    return Tries(n_remeasured=len(_looks(case)), n_rinsed=n_rinsed, n_dispensed=n_made)


def _looks(case: Case) -> tuple[Decision, ...]:
    return tuple(one for one in case.looks if one.setup is not None and one.setup.looks_for == "load")


def _reloaded(case: Case, n_rinses: int) -> Setup:
    """The same set-up with the sample loaded once more; that rinses once, and so many times more."""
    assert case.load is not None
    return afresh(case, rinses=n_rinses, rinse_ul=(1 + n_rinses) * case.load.rinse_ul)


def _after_a_look(case: Case) -> Adjustment | None:
    """The sample once more, where a second look clears what its frame was refused for."""
    n_cleared = sum(one.reason.code == CLEARED for one in case.tries)
    if not _looks(case) or case.failed(*OF_TRANSMISSION) is None or n_cleared >= MOST_CLEARED:
        return None
    said = "By a second look the load is fine: the sample once more."
    return adjusted(case, afresh(case), case.first.exposure_s, CLEARED, said)


def _look(case: Case, judged: LoadVerdict) -> Adjustment | None:
    """A short exposure of which only the diode counts; none where the spot cannot take it."""
    setup = case.setup.model_copy(update={"adds_to": (), "rinses": 0, "rinse_ul": 0.0, "looks_for": "load"})
    exposure_s = max(LOOK_SHARE * case.first.exposure_s, case.spec.shortest_s)
    if left_s(case, setup.spot) < exposure_s * setup.attenuation:
        return None
    return Adjustment(setup, exposure_s, Reason(code="look", sentence=judged.sentence))


def _renewed_blank(case: Case, judged: LoadVerdict) -> Adjustment | None:
    """A fresh blank where rinsing does not bring the empty cell back: both then have the same in the beam."""
    is_taken = any(one.kind == "blank" and one.seq > case.first.seq for one in case.history.decisions)
    if judged.trouble != "empty" or is_taken:
        return None
    said = f"{judged.sentence.partition(': ')[0]}: rinsing does not help, a fresh blank is taken."
    return Adjustment(case.setup, case.first.exposure_s, Reason(code="fresh_blank", sentence=said), True)
