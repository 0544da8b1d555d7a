"""One sample ahead: while one is exposed the next is made, chosen without what the one in the beam shows."""

from collections.abc import Iterator

from agent.ports import Strategy, equipped, is_unfinished
from agent.strategy.problem import Problem
from agent.strategy.shelf import on_shelf
from models.domain.decision import MEASURING_KINDS, Decision, Planned
from models.domain.history import History
from models.domain.sample_names import ahead_name
from models.domain.veto import veto_of

PLANNED_KINDS = frozenset({"initial_design", "suggest", "fallback", "blank"})
"""What a sample is made ahead for; a second try is made when it is known that it is needed."""


class Plans:
    """Says which sample to make while a decision's own is exposed, and says it again when it is its turn."""

    def __init__(self, strategy: Strategy, problem: Problem) -> None:
        """Take what chooses, with all that is done for it, and the task."""
        self._strategy, self._problem = strategy, problem
        self._thought: tuple[History, Decision] | None = None

    def standing(self, history: History) -> Iterator[tuple[Decision, Planned]]:
        """Samples that were made ahead and may be measured now: nobody vetoed them since."""
        axes, vetoes = self._problem.space.axes, history.standing_vetoes
        for maker, planned in on_shelf(history):
            if planned.kind == "blank" or veto_of(planned.point, vetoes, axes) is None:
                yield maker, planned

    def planned(self, history: History, decision: Decision) -> Planned | None:
        """What to make while a decision's sample is exposed; None where nothing is to be.

        One at a time: nothing where one is there that was made before. Nothing for a look, which is short.
        """
        after, n_planned = history.plus(decision), self._problem.n_planned
        is_last = n_planned is not None and after.n_measured >= n_planned
        if decision.point is None or decision.is_look or is_last or any(self.standing(after)):
            return None
        found = self._chosen(known_when_planned(after, decision))
        if found.kind not in PLANNED_KINDS or found.point is None or found.recipe is None:
            return None
        return Planned(
            sample=ahead_name(decision.seq), kind=found.kind, point=found.point, recipe=found.recipe,
            reason=found.reason, exposure_s=found.exposure_s,
        )  # fmt: skip

    def taken(self, history: History, maker: Decision, planned: Planned) -> Decision:
        """The decision to measure a sample that was made ahead.

        Its point is the one on record; candidates and model are computed again from what was known then.
        """
        found = self._chosen(known_when_planned(history, maker))
        if found.kind != planned.kind:  # as another version of the program may choose
            found = self._problem.measure(history, planned.kind, planned.point, planned.reason)
        said = f"{planned.reason.sentence} {planned.sample} was made while decision {maker.seq} was exposed."
        return found.model_copy(
            update={
                "seq": history.next_seq, "watermark": history.watermark, "point": planned.point,
                "reason": planned.reason.model_copy(update={"sentence": said}), "setup": None,
                "exposure_s": planned.exposure_s, "recipe": None, "prepared": planned.sample,
            }
        )  # fmt: skip

    def _chosen(self, known: History) -> Decision:
        """What is chosen from so much; not computed twice in a row."""
        if self._thought is None or self._thought[0] != known:
            self._thought = known, self._strategy.propose(known)
        return self._thought[1]


class TakesPrepared:
    """Measures the sample that was made ahead, where one is there, in place of asking for another."""

    def __init__(self, strategy: Strategy, plans: Plans) -> None:
        """Wrap what chooses: all that is done for a strategy is done for this one too."""
        self._strategy, self._plans = strategy, plans

    def propose(self, history: History) -> Decision:
        """The decision to measure that sample, else what the strategy proposes."""
        for maker, planned in self._plans.standing(history):
            if planned.kind in MEASURING_KINDS:
                return self._plans.taken(history, maker, planned)
        return self._strategy.propose(history)


class Overlaps:
    """Adds to each decision the sample that is made while its own is exposed.

    Each decision is made with all that is known. Only which sample it makes ahead is chosen without its own
    outcome, and that sample is measured when nothing else comes first: a blank that is due, a readjustment,
    a second try, a person's point, an end.
    """

    def __init__(self, strategy: Strategy, plans: Plans) -> None:
        """Wrap the whole of a strategy, within which what was made ahead is taken."""
        self._strategy, self._plans = strategy, plans

    def propose(self, history: History) -> Decision:
        """What the strategy proposes, with a sample to be made meanwhile."""
        decision = self._with_blank(self._strategy.propose(history), history)
        ahead = self._plans.planned(history, decision)
        return decision if ahead is None else decision.model_copy(update={"ahead": ahead})

    def equip(self, decision: Decision, history: History) -> Decision:
        """A person's decision with the recipe for its sample."""
        return equipped(self._strategy, decision, history)

    def is_unfinished(self, history: History) -> bool:
        """True when the strategy wants the last sample once more."""
        return is_unfinished(self._strategy, history)

    def _with_blank(self, decision: Decision, history: History) -> Decision:
        """A blank that was made ahead in place of one that would have to be made now."""
        if decision.kind != "blank":
            return decision
        for _, planned in self._plans.standing(history):
            if planned.kind == "blank" and planned.point == decision.point:
                return decision.model_copy(update={"prepared": planned.sample, "recipe": None})
        return decision


def known_when_planned(history: History, maker: Decision) -> History:
    """What was known when a decision's sample ahead was chosen: all but what came of it, and after.

    Where a sample is taken once more, what came of it before is left aside too: that is not settled yet.

    Parameters
    ----------
    history
        The record, of that time or of any later one.
    maker
        The decision.
    """
    bare = maker.model_copy(update={"ahead": None})
    vetoes = tuple(
        veto if veto.until is None or veto.until <= maker.seq else veto.model_copy(update={"until": None})
        for veto in history.vetoes
        if veto.since <= maker.seq
    )
    decisions = (*history.decisions[: maker.seq - 1], bare)
    then = history.model_copy(update={"decisions": decisions, "vetoes": vetoes})
    if maker.kind == "setup" and maker.repeats is not None:
        return then.up_to(min(maker.watermark, maker.repeats - 1))
    return then.up_to(maker.watermark)
