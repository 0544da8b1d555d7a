"""Bring the sample back into the beam, and the beam back to its strength, by looks along a device."""

from agent.setup.adjustment import Adjustment, adjusted, afresh, left_s, told
from agent.setup.case import Case
from agent.setup.seeking import Look, Sought, seek_middle, seek_peak
from models.domain.action import Exposure
from models.domain.decision import Decision, Reason
from models.domain.setup import Setup, Sweep

LOOK_SHARE = 0.1
"""A look takes this share of a first exposure: monitor and diode need no long one."""
LEAST_ABSORBED = 0.02
"""A sample that absorbs less than this share cannot be told from none by what it transmits."""
LEAST_LIGHT = 0.01
"""A beam with less than this share of its best rate is lost, not badly steered."""
LEAST_GAIN = 0.02
"""A place for the beam is only gone to where it is expected to be stronger by this share."""
MISSED = "bubble"
"""The check that a sample fails which the beam misses: more is transmitted than can be."""
CENTRE, STEER = "centre", "steer"
"""Codes of the reasons for going to a place that was found; each once a sample."""


def recentre(case: Case) -> Adjustment | None:
    """More is transmitted than by any sample: look for it across the beam, and go to its middle."""
    sweep, verdict = case.spec.centring, case.failed(MISSED)
    if sweep is None or verdict is None or _was_done(case, CENTRE):
        return None
    absorbed = _absorbed_by_sample(case)
    if absorbed is None or absorbed < LEAST_ABSORBED:
        return None
    looks = [
        Look(_offset_mm(one), _absorbed(case.history.exposure(one.seq))) for one in _looked(case, "sample")
    ]
    sought = seek_middle(looks, sweep, absorbed)
    if sought.next_place is not None:
        lead = f"{told(verdict)}: the beam may miss the sample"
        said = f"{lead}; a look at it shifted by {sought.next_place:.4g} mm."
        return _look(case, afresh(case, offset_mm=sought.next_place, looks_for="sample"), said)
    if sought.best_place is None or _is_here(sought, _offset_mm(case.last), sweep):
        return None
    said = (
        f"{told(verdict)}: by {len(looks)} looks the sample's middle is at {sought.best_place:.3g} mm, "
        f"where {max(look.height or 0.0 for look in looks):.2g} of the beam is absorbed."
    )
    return adjusted(case, afresh(case, offset_mm=sought.best_place), case.first.exposure_s, CENTRE, said)


def resteer(case: Case) -> Adjustment | None:
    """The beam has become weak: look along the steering device for where it is strongest, and go there."""
    sweep = case.spec.steering
    rate_hz = _rate_hz(case.history.exposure(case.last.seq))
    if sweep is None or rate_hz is None or _was_done(case, STEER):
        return None
    best_hz = _best_rate_hz(case)
    share = 1.0 if best_hz is None else rate_hz / best_hz
    if not LEAST_LIGHT <= share < case.spec.steer_below:
        return None
    looks = [
        Look(_steering(one, sweep), _rate_hz(case.history.exposure(one.seq))) for one in _looked(case, "beam")
    ]
    sought = seek_peak(looks, sweep)
    lead = f"The beam has {share:.2g} of the rate that it had"
    if sought.next_place is not None:
        said = f"{lead}: a look with the steering at {sought.next_place:.4g}."
        return _look(case, afresh(case, steering=sought.next_place, looks_for="beam"), said)
    gain = max(look.height or 0.0 for look in looks) / rate_hz - 1.0
    if sought.best_place is None or gain < LEAST_GAIN:
        return None
    where = f"strongest at {sought.best_place:.4g}, {1 + gain:.2f} times as strong"
    said = f"{lead}: by {len(looks)} looks it is {where}."
    return adjusted(case, afresh(case, steering=sought.best_place), case.last.exposure_s, STEER, said)


def is_missed_again(case: Case) -> bool:
    """True when two spots in a row transmit too much and the sample can be looked for."""
    before = None if len(case.tries) < 2 else case.history.observation(case.tries[-2].seq)
    verdicts = () if before is None else before.verdicts
    return case.spec.centring is not None and any(v.check == MISSED and v.is_refusal for v in verdicts)


def _was_done(case: Case, code: str) -> bool:
    return any(one.reason.code == code for one in case.tries)


def _looked(case: Case, what: str) -> list[Decision]:
    """The exposure that gave rise to a search, and its looks."""
    looks = [one for one in case.looks if one.setup is not None and one.setup.looks_for == what]
    return [case.last, *looks]


def _look(case: Case, setup: Setup, said: str) -> Adjustment | None:
    """A short exposure at another place; none where the spot cannot take it."""
    exposure_s = max(LOOK_SHARE * case.first.exposure_s, case.spec.shortest_s)
    if left_s(case, setup.spot) < exposure_s * setup.attenuation:
        return None
    alone = setup.model_copy(update={"adds_to": ()})
    return Adjustment(alone, exposure_s, Reason(code="look", sentence=said))


def _offset_mm(decision: Decision) -> float:
    return (decision.setup or Setup()).offset_mm


def _steering(decision: Decision, sweep: Sweep) -> float:
    steering = (decision.setup or Setup()).steering
    return sweep.start if steering is None else steering


def _is_here(sought: Sought, place: float, sweep: Sweep) -> bool:
    """True when the search ended where it began: then it is no matter of the place."""
    assert sought.best_place is not None
    return abs(sought.best_place - place) < LOOK_SHARE * sweep.step


def _absorbed(exposure: Exposure | None) -> float | None:
    if exposure is None or exposure.transmission is None:
        return None
    return 1.0 - exposure.transmission


def _absorbed_by_sample(case: Case) -> float | None:
    """What the blank absorbs, which fills the same cell; else the most that an accepted sample did."""
    observation = case.observation
    if observation is not None and observation.blank_seq is not None:
        return _absorbed(case.history.exposure(observation.blank_seq))
    known = [_absorbed(case.history.exposure(seen.seq)) for _, seen in case.history.accepted()]
    return max((one for one in known if one is not None), default=None)


def _rate_hz(exposure: Exposure | None) -> float | None:
    """Monitor counts per second of the full beam."""
    if exposure is None or exposure.monitor is None or exposure.exposure_s <= 0:
        return None
    return exposure.monitor / (exposure.exposure_s * exposure.attenuation)


def _best_rate_hz(case: Case) -> float | None:
    """The highest rate of an accepted frame since the beam was last looked for, before the latest."""
    last_search = max(
        (one.seq for one in case.history.decisions if one.setup is not None and one.setup.looks_for == "beam"
         and one.seq < case.last.seq),
        default=0,
    )  # fmt: skip
    rates = [
        _rate_hz(case.history.exposure(seen.seq))
        for seen in case.history.observations
        if seen.is_accepted and last_search < seen.seq < case.last.seq
    ]
    return max((rate for rate in rates if rate is not None), default=None)
