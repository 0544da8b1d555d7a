"""What is known: observations, failures, quarantines, and all of a campaign so far."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Self

from pydantic import Field

from models.domain.action import ActionKind, Asset, Exposure
from models.domain.decision import MEASURING_KINDS, Decision
from models.domain.frozen import Frozen
from models.domain.recipe import Debit
from models.domain.scattering import Absence, CurveProfile, Feature, Verdict
from models.domain.veto import Veto

CALLED_OFF = frozenset({"vetoed", "withdrawn"})
"""Codes of failures by which a person called a decision off before its first command: nothing was done."""
NEVER_BEGUN = CALLED_OFF | {"quarantined"}
"""Codes of failures of decisions of which no command was given."""


class Observation(Frozen):
    """What an exposure said."""

    seq: int
    """`seq` of the decision."""
    is_accepted: bool
    """False when a check failed: it is kept, and never trained on."""
    features: tuple[Feature, ...] = ()
    """Features with uncertainties."""
    absences: tuple[Absence, ...] = ()
    """Features that the curve does not have, and why."""
    verdicts: tuple[Verdict, ...] = ()
    """What the checks said."""
    curve: Asset | None = None
    """File of the reduced curve."""
    blank_seq: int | None = None
    """`seq` of the blank that was subtracted."""
    profile: CurveProfile | None = None
    """The curve in the few bins that the campaign learns whole curves from; None where none are asked for."""

    def feature(self, name: str) -> Feature | None:
        """The feature of that name; None when the curve does not have it."""
        return next((feature for feature in self.features if feature.name == name), None)

    def objections(self) -> str:
        """The checks for which it was not accepted, in one line."""
        return "; ".join(verdict.text() for verdict in self.verdicts if verdict.is_refusal)

    def warnings(self) -> str:
        """The failed checks in spite of which it may be accepted, in one line."""
        return "; ".join(v.text() for v in self.verdicts if not v.is_ok and v.is_warning)


class Failure(Frozen):
    """A decision that brought no observation, and why."""

    seq: int
    """`seq` of the decision."""
    code: str
    """Short and stable, for filters: ``BeamlineFault``."""
    sentence: str
    """One plain sentence, with value, unit and limit."""


class Quarantine(Frozen):
    """A sample that nobody may use any more, since what is in its vessel is not known."""

    seq: int
    """`seq` of the decision that made it."""
    sample: str
    """Name of the sample."""
    sentence: str
    """Why, in one plain sentence."""


class Duration(Frozen):
    """How long a command took that succeeded and was watched to its end."""

    seq: int
    """`seq` of the decision."""
    kind: ActionKind
    """What was done."""
    seconds: float = Field(ge=0)
    """By the instrument's clock, s."""


class History(Frozen):
    """All that is known of a campaign so far, in the order of `seq`."""

    decisions: tuple[Decision, ...] = ()
    """Every decision."""
    exposures: tuple[Exposure, ...] = ()
    """Every exposure that was finished."""
    observations: tuple[Observation, ...] = ()
    """Every observation."""
    failures: tuple[Failure, ...] = ()
    """Every failure."""
    quarantines: tuple[Quarantine, ...] = ()
    """Every sample that may not be used any more."""
    durations: tuple[Duration, ...] = ()
    """How long commands took, in the order in which they ended; those found out after a crash have none."""
    debits: tuple[Debit, ...] = ()
    """What was taken off the deck, in the order in which it was."""
    vetoes: tuple[Veto, ...] = ()
    """What people forbid to measure, or forbade, in the order in which it was asked."""

    @cached_property
    def _observations_by_seq(self) -> dict[int, Observation]:
        return {observation.seq: observation for observation in self.observations}

    @cached_property
    def _exposures_by_seq(self) -> dict[int, Exposure]:
        return {exposure.seq: exposure for exposure in self.exposures}

    @cached_property
    def _failures_by_seq(self) -> dict[int, Failure]:
        return {failure.seq: failure for failure in self.failures}

    @cached_property
    def _readjustments(self) -> dict[int, tuple[Decision, ...]]:
        found: dict[int, tuple[Decision, ...]] = {}
        for decision in self.decisions:
            if decision.kind == "setup" and decision.repeats is not None:
                found[decision.repeats] = (*found.get(decision.repeats, ()), decision)
        return found

    @property
    def next_seq(self) -> int:
        """`seq` of the decision to come."""
        return len(self.decisions) + 1

    @property
    def watermark(self) -> int:
        """`seq` of the last decision whose outcome is known."""
        outcomes = [o.seq for o in self.observations] + [f.seq for f in self.failures]
        return max(outcomes, default=0)

    @property
    def commanded_s(self) -> float:
        """How long the commands on record took, by the instrument's clock: a simulated night's hours, s."""
        return sum(duration.seconds for duration in self.durations)

    @property
    def n_measured(self) -> int:
        """Count of decisions that spent the budget of measurements."""
        return sum(1 for _ in self.asked())

    @property
    def standing_vetoes(self) -> tuple[Veto, ...]:
        """The vetoes that the decision to come has to obey."""
        return tuple(veto for veto in self.vetoes if veto.is_in_force(self.next_seq))

    def asked(self) -> Iterator[Decision]:
        """Measurements that were decided and not called off by a person."""
        return (d for d in self.decisions if d.kind in MEASURING_KINDS and not self.is_called_off(d.seq))

    def is_called_off(self, seq: int) -> bool:
        """True when a person called that decision off before its first command."""
        failure = self.failure(seq)
        return failure is not None and failure.code in CALLED_OFF

    def decision(self, seq: int) -> Decision:
        """The decision at that place."""
        return self.decisions[seq - 1]

    def observation(self, seq: int) -> Observation | None:
        """The observation of that decision; None when there is none."""
        return self._observations_by_seq.get(seq)

    def exposure(self, seq: int) -> Exposure | None:
        """The exposure of that decision; None when there is none."""
        return self._exposures_by_seq.get(seq)

    def readjustments(self, seq: int) -> tuple[Decision, ...]:
        """The decisions that took a measurement again under another set-up, in order."""
        return self._readjustments.get(seq, ())

    def settled(self, decision: Decision) -> Observation | None:
        """What was read of a measurement in the end: of its last readjustment that was accepted, if any."""
        for again in reversed(self.readjustments(decision.seq)):
            observation = None if again.is_look else self.observation(again.seq)
            if observation is not None and observation.is_accepted:
                return observation
        return self.observation(decision.seq)

    def exposed_s(self, seq: int) -> float:
        """How long was counted for the observation of that decision, with all that was added to it, s."""
        own = self.exposure(seq)
        added_s = sum(exposure.exposure_s for exposure in self.added_to(seq))
        return added_s + (0.0 if own is None else own.exposure_s)

    def added_to(self, seq: int) -> tuple[Exposure, ...]:
        """The exposures whose frames are added to that decision's before it is read."""
        setup = None if seq > len(self.decisions) else self.decision(seq).setup
        added = () if setup is None else setup.adds_to
        return tuple(exposure for one in added if (exposure := self.exposure(one)) is not None)

    def failure(self, seq: int) -> Failure | None:
        """The failure of that decision; None when there is none."""
        return self._failures_by_seq.get(seq)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with some fields changed; what was looked up by `seq` is looked up anew."""
        copied = super().model_copy(update=update, deep=deep)
        for name in ("_observations_by_seq", "_exposures_by_seq", "_failures_by_seq", "_readjustments"):
            vars(copied).pop(name, None)
        return copied

    def plus(
        self, record: "Decision | Exposure | Observation | Failure | Quarantine | Duration | Debit | Veto"
    ) -> "History":
        """The history with one thing more."""
        match record:
            case Decision():
                return self.model_copy(update={"decisions": (*self.decisions, record)})
            case Exposure():
                return self.model_copy(update={"exposures": (*self.exposures, record)})
            case Observation():
                return self.model_copy(update={"observations": (*self.observations, record)})
            case Failure():
                return self.model_copy(update={"failures": (*self.failures, record)})
            case Quarantine():
                return self.model_copy(update={"quarantines": (*self.quarantines, record)})
            case Duration():
                return self.model_copy(update={"durations": (*self.durations, record)})
            case Debit():
                return self.model_copy(update={"debits": (*self.debits, record)})
            case Veto():
                others = tuple(veto for veto in self.vetoes if veto.request != record.request)
                vetoes = tuple(sorted((*others, record), key=lambda veto: veto.request))
                return self.model_copy(update={"vetoes": vetoes})

    def up_to(self, watermark: int) -> "History":
        """All decisions, and of what came of them only what came of the first ones, up to that `seq`.

        That a person called a decision off is known at once.
        """
        known = tuple(
            f for f in self.failures if f.seq <= watermark or (f.code in CALLED_OFF and f.seq < self.next_seq)
        )
        return History(
            decisions=self.decisions,
            exposures=tuple(exposure for exposure in self.exposures if exposure.seq <= watermark),
            observations=tuple(o for o in self.observations if o.seq <= watermark),
            failures=known,
            quarantines=tuple(quarantine for quarantine in self.quarantines if quarantine.seq <= watermark),
            durations=tuple(duration for duration in self.durations if duration.seq <= watermark),
            debits=tuple(debit for debit in self.debits if debit.seq <= watermark),
            vetoes=self.vetoes,
        )

    def pending(self) -> tuple[Decision, ...]:
        """Measurements that were decided, and whose outcome is not known yet; blanks are not among them."""
        return tuple(
            decision
            for decision in self.decisions
            if decision.kind in MEASURING_KINDS and not self.has_outcome(decision)
        )

    def has_outcome(self, decision: Decision) -> bool:
        """True when it is known what came of a decision."""
        return self.observation(decision.seq) is not None or self.failure(decision.seq) is not None

    def accepted(self) -> Iterator[tuple[Decision, Observation]]:
        """Measurements that may train a model, each with what was read of it in the end; no blanks."""
        for decision in self.decisions:
            if decision.kind in MEASURING_KINDS:
                observation = self.settled(decision)
                if observation is not None and observation.is_accepted:
                    yield decision, observation
