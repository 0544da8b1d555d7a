"""What every strategy needs done for it: fresh blanks, and a second try at a point that failed."""

from collections.abc import Callable

from agent.ports import Strategy
from agent.strategy.problem import Problem
from models.domain.action import Exposure
from models.domain.campaign import BlankSpec
from models.domain.decision import MEASURING_KINDS, Decision, Reason
from models.domain.history import History
from models.domain.space import Point
from models.domain.veto import veto_of


class WithBlanks:
    """Measures the blank first, and again after every so many measurements."""

    def __init__(
        self, strategy: Strategy, blank: BlankSpec, problem: Problem, configuration: str | None = None
    ) -> None:
        """Wrap a strategy; `configuration` is where the detector stands for a sample's first exposure."""
        self._strategy, self._blank, self._problem = strategy, blank, problem
        self._configuration = configuration

    def propose(self, history: History) -> Decision:
        """A blank when one is due, else what the strategy proposes."""
        last = blank_under_way(history) or last_blank(history, self._configuration)
        n_since = sum(d.kind in MEASURING_KINDS for d in history.decisions[last if last is not None else 0 :])
        if last is None:
            sentence = "A blank is needed before any sample can be read."
        elif self._blank.n_between is not None and n_since >= self._blank.n_between:
            sentence = f"{n_since} measurements since the last blank (decision {last}): time for a fresh one."
        else:
            return self._strategy.propose(history)
        point = Point(coordinates=self._blank.point)
        return self._problem.measure(history, "blank", point, Reason(code="blank_due", sentence=sentence))


class WithRepeats:
    """Tries a point again when its frame was rejected or a device failed.

    What was decided before that was known comes first, and is not undone.
    """

    def __init__(
        self,
        strategy: Strategy,
        attempts: int,
        problem: Problem,
        is_left: Callable[[History, Decision], bool] = lambda history, decision: False,
    ) -> None:
        """Wrap a strategy; `attempts` counts the first try, `is_left` says what is not tried again."""
        self._strategy, self._attempts, self._problem = strategy, attempts, problem
        self._is_left = is_left

    def propose(self, history: History) -> Decision:
        """A point once more that was found to have failed, else what the strategy proposes."""
        tries = self._failed_tries(history)
        last = tries[-1] if tries else None
        if last is None or last.point is None:
            return self._strategy.propose(history)
        reason = Reason(
            code="repeat",
            sentence=f"Try {len(tries) + 1} of {self._attempts} at this point, since "
            f"{what_went_wrong(history, last)}.",
        )
        repeated = self._problem.measure(history, "repeat", last.point, reason)
        return repeated.model_copy(update={"repeats": last.seq, "exposure_s": last.exposure_s})

    def _failed_tries(self, history: History) -> list[Decision]:
        """All tries at the earliest point that failed and may be tried again; none where there is none.

        Looked at are the last measurement, and those before it of whose outcome none after them knew.
        """
        found: list[Decision] = []
        known = 0
        axes, vetoes = self._problem.space.axes, history.standing_vetoes
        for decision in reversed(list(history.asked())):
            if decision.seq <= known:
                break
            is_free = veto_of(decision.point, vetoes, axes) is None
            if is_free and decision.point is not None and what_went_wrong(history, decision) is not None:
                tries = _tries_at(history, decision.point)
                is_due = 0 < len(tries) < self._attempts and history.has_outcome(tries[-1])
                if is_due and not self._is_left(history, tries[-1]):
                    found = tries
            if decision.kind != "repeat":  # a second try does not settle what else had failed
                known = max(known, decision.watermark)
        return found


def _tries_at(history: History, point: Point) -> list[Decision]:
    """Measurements at a point since one there succeeded."""
    tries: list[Decision] = []
    for decision in history.asked():
        if decision.point == point:
            observation = history.settled(decision)
            is_success = observation is not None and observation.is_accepted
            tries = [] if is_success else [*tries, decision]
    return tries


def blank_under_way(history: History) -> int | None:
    """`seq` of a blank that is still being measured; None when there is none."""
    decisions = reversed(history.decisions)
    return next((d.seq for d in decisions if d.kind == "blank" and not history.has_outcome(d)), None)


def last_blank(history: History, configuration: str | None = None) -> int | None:
    """`seq` of the last blank that was accepted where the detector stands so; None when there is none."""
    for decision in reversed(history.decisions):
        if decision.kind == "blank" and configuration_of(decision) == configuration:
            observation = history.observation(decision.seq)
            if observation is not None and observation.is_accepted:
                return decision.seq
    return None


def blank_of(history: History, decision: Decision) -> Exposure | None:
    """The blank that is subtracted from a decision's frame; None where there is none."""
    seq = None if decision.kind == "blank" else last_blank(history, configuration_of(decision))
    return None if seq is None else history.exposure(seq)


def configuration_of(decision: Decision) -> str | None:
    """Where the detector stands for a decision, by name; None where there is one place only."""
    return None if decision.setup is None else decision.setup.configuration


def what_went_wrong(history: History, decision: Decision) -> str | None:
    """Why a decision brought nothing to learn from, as half a sentence; None when it did."""
    observation = history.settled(decision)
    if observation is not None and observation.is_accepted:
        return None
    failure = history.failure(decision.seq)
    if failure is not None:
        return f"decision {decision.seq} failed ({failure.sentence.rstrip('.')})"
    if observation is not None:
        return f"the frame of decision {decision.seq} was rejected ({observation.objections().rstrip('.')})"
    return None
