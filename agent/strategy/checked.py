"""A guard around a strategy: what it proposes is allowed, or nothing of it goes on record."""

from agent.ports import Strategy
from models.domain.decision import Decision
from models.domain.errors import NightbeamError, StrategyFailed
from models.domain.history import History
from models.domain.space import SearchSpace

ALLOWED_KINDS = frozenset({"initial_design", "suggest", "fallback", "repeat", "stop"})
"""What a strategy may propose; blanks are not its business."""


class Checked:
    """Asks a strategy, and looks at the answer before anybody acts on it."""

    def __init__(self, strategy: Strategy, name: str, space: SearchSpace) -> None:
        """Wrap a strategy; `name` is what the campaign file calls it."""
        self._strategy, self._name, self._space = strategy, name, space
        self._listed = frozenset(point.listed_as for point in space.candidates)

    def propose(self, history: History) -> Decision:
        """What the strategy proposes.

        Raises
        ------
        StrategyFailed
            When it raises, or proposes a point or a kind that the campaign does not allow.
        """
        try:
            decision = self._strategy.propose(history)
        except NightbeamError:
            raise
        except Exception as error:
            raise self._failed(f"raised {type(error).__name__}: {' '.join(str(error).split())}") from error
        if not isinstance(decision, Decision):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise self._failed(f"returned a {type(decision).__name__}, and no Decision")
        objections = self._objections(decision, history)
        if objections:
            raise self._failed(f"proposed what cannot be: {'; '.join(objections)}")
        return decision

    def _objections(self, decision: Decision, history: History) -> list[str]:
        if decision.kind not in ALLOWED_KINDS:
            return [f"a decision of kind {decision.kind!r}, not one of {', '.join(sorted(ALLOWED_KINDS))}"]
        if decision.seq != history.next_seq:
            return [f"decision {decision.seq}, where {history.next_seq} is next"]
        if decision.kind == "stop":
            return []
        if decision.point is None:
            return ["a measurement without a point"]
        if self._listed and decision.point.listed_as not in self._listed:
            named = decision.point.sample
            what = f"the sample {named!r}" if named else f"the point {decision.point.text()}"
            return [f"{what}, which does not exist"]
        strangers = set(decision.point.coordinates) - set(self._space.names)
        if strangers:
            return [f"a value for {', '.join(sorted(strangers))}, which is no axis"]
        return self._space.objections(decision.point)

    def _failed(self, problem: str) -> StrategyFailed:
        return StrategyFailed(
            f"the strategy {self._name} {problem}. Mend it, and run the same command again to go on."
        )
