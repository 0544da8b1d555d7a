"""A strategy that readjusts: before the next sample, the one in the beam is seen well enough."""

from agent.ports import Strategy
from agent.setup.adjustment import Adjustment
from agent.setup.case import Case, LoadTerms, case_at_hand, dose_s, plain_spec
from agent.setup.loading import why_rinsed_for
from agent.setup.rules import LOAD_RULES, RULES, first_of, why_left
from agent.strategy.problem import Problem
from agent.strategy.upkeep import last_blank
from models.domain.campaign import BlankSpec
from models.domain.decision import EXPOSING_KINDS, Decision, Reason
from models.domain.history import History
from models.domain.point import Point
from models.domain.setup import Setup, SetupSpec
from models.domain.veto import veto_of

DOSE_ROUNDING = 1e-9
"""Share of a dose limit by which sums of doses may miss it."""


class WithSetup:
    """Answers what was just seen with a changed set-up, and gives every other decision one to stand by."""

    def __init__(
        self,
        strategy: Strategy,
        spec: SetupSpec | None,
        problem: Problem,
        blank: BlankSpec | None = None,
        load: LoadTerms | None = None,
    ) -> None:
        """Wrap a strategy.

        Parameters
        ----------
        strategy
            What chooses the next sample.
        spec
            Limits and aims; without any, loads are judged and nothing else is readjusted.
        problem
            The task.
        blank
            The blank, where there is one.
        load
            What loads are held against, where they are judged.
        """
        self._strategy, self._problem, self._blank, self._load = strategy, problem, blank, load
        self._spec = spec or plain_spec(problem)
        self._rules = LOAD_RULES if spec is None else RULES

    def propose(self, history: History) -> Decision:
        """The last sample once more under another set-up, else what the strategy proposes."""
        case = self._case(history)
        found = None if case is None else first_of(self._rules, case)
        if case is None or found is None:
            decision = self._standing(self._strategy.propose(history), history)
            return decision if case is None else _told_of(case, decision)
        if found.is_made_again:
            return self._made_again(case, found, history)
        if self._needs_blank(found, history):
            return self._take_blank(found, history)
        return Decision(
            seq=history.next_seq,
            kind="setup",
            point=self._again(case.first),
            reason=found.reason,
            exposure_s=found.exposure_s,
            seed=self._problem.seed_for(history),
            watermark=history.watermark,
            repeats=case.first.seq,
            setup=found.setup,
        )

    def is_unfinished(self, history: History) -> bool:
        """True when the last sample is to be taken once more before anything else happens."""
        case = self._case(history)
        found = None if case is None else first_of(self._rules, case)
        return found is not None and not found.is_made_again  # which would be a measurement more

    def _case(self, history: History) -> Case | None:
        """What is known of the sample in the beam; None where it may not be measured again."""
        case = case_at_hand(self._problem, self._spec, history, self._load)
        if case is None or history.is_called_off(case.first.seq):
            return None
        vetoed = veto_of(case.first.point, history.standing_vetoes, self._problem.space.axes)
        return case if vetoed is None else None

    def _needs_blank(self, found: Adjustment, history: History) -> bool:
        """True when a blank is asked for, or there is none yet where the detector is to stand."""
        if self._blank is None:
            return False
        return found.is_blank or last_blank(history, found.setup.configuration) is None

    def _take_blank(self, found: Adjustment, history: History) -> Decision:
        assert self._blank is not None
        point = Point(coordinates=self._blank.point)
        where = found.setup.configuration
        said = f"{found.reason.sentence} First the blank{'' if where is None else f' at {where!r}'}."
        reason = found.reason if found.is_blank else Reason(code="blank_due", sentence=said)
        blank = self._problem.measure(history, "blank", point, reason)
        exposure_s = found.exposure_s if found.is_blank else _blank_s(history, blank.exposure_s)
        setup = Setup(configuration=where, offset_mm=found.setup.offset_mm, steering=found.setup.steering)
        return blank.model_copy(update={"setup": setup, "exposure_s": exposure_s})

    def _made_again(self, case: Case, found: Adjustment, history: History) -> Decision:
        """The same point once more, with a sample of its own."""
        assert case.first.point is not None
        again = self._problem.measure(history, "repeat", case.first.point, found.reason)
        again = again.model_copy(update={"repeats": case.first.seq, "exposure_s": found.exposure_s})
        return self._standing(again, history)

    def _again(self, first: Decision) -> Point:
        """The same sample: one that was made has the name of the decision that made it."""
        assert first.point is not None
        if not self._problem.is_made or first.point.sample is not None:
            return first.point
        return first.point.model_copy(update={"sample": first.sample})

    def _standing(self, decision: Decision, history: History) -> Decision:
        """A decision of the strategy with a set-up: the whole beam, on a spot that can take it."""
        if decision.point is None:
            return decision
        where = next(iter(self._problem.configurations), None)
        limit_s = self._spec.spot_dose_s
        setup = aligned(self._spec, history).model_copy(update={"configuration": where})
        plain = decision.model_copy(update={"setup": setup})
        if decision.kind == "blank":
            return self._rinsed(plain, history).model_copy(
                update={"exposure_s": _blank_s(history, decision.exposure_s)}
            )
        if limit_s is None or decision.kind not in EXPOSING_KINDS:
            return plain
        for spot in range(self._spec.spots):
            taken_s = dose_s(history, self._problem, decision, spot)
            if taken_s + decision.exposure_s <= limit_s * (1.0 + DOSE_ROUNDING):
                return plain.model_copy(update={"setup": setup.model_copy(update={"spot": spot})})
        said = (
            f"No spot of {decision.point.text()} can take {decision.exposure_s:g} s more "
            f"(limit {limit_s:g} s of the full beam a spot)."
        )
        return self._problem.end(history, Reason(code="dose", sentence=said))

    def _rinsed(self, blank: Decision, history: History) -> Decision:
        """A blank in a cell that is rinsed once more, where the one before it says that it is needed."""
        why = None if self._load is None else why_rinsed_for(history)
        if self._load is None or why is None or blank.setup is None:
            return blank
        setup = blank.setup.model_copy(update={"rinses": 1, "rinse_ul": self._load.rinse_ul})
        reason = blank.reason.model_copy(update={"sentence": f"{blank.reason.sentence} {why}"})
        return blank.model_copy(update={"setup": setup, "reason": reason})


def _told_of(case: Case, decision: Decision) -> Decision:
    """A decision that also says why the sample before it was left, where that is not known well enough."""
    why = why_left(case)
    if why is None or decision.kind == "stop":
        return decision
    said = f"{decision.reason.sentence} {case.first.sample} is left: {why}."
    return decision.model_copy(update={"reason": decision.reason.model_copy(update={"sentence": said})})


def aligned(spec: SetupSpec, history: History) -> Setup:
    """A fresh set-up where sample and beam were last found, or where they stand at the beginning."""
    settled = (one.setup for one in reversed(history.decisions) if one.setup is not None and not one.is_look)
    last = next(settled, None)
    if last is not None:
        return Setup(offset_mm=last.offset_mm, steering=last.steering)
    return Setup(
        offset_mm=0.0 if spec.centring is None else spec.centring.start,
        steering=None if spec.steering is None else spec.steering.start,
    )


def _blank_s(history: History, exposure_s: float) -> float:
    """How long a blank is exposed, s: as long as the longest before, which was found to be needed."""
    return max((exposure_s, *(one.exposure_s for one in history.decisions if one.kind == "blank")))
