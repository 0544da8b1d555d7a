"""What is known of the sample in the beam when loop C looks at it."""

from dataclasses import dataclass
from functools import cached_property

from agent.setup.counting import Counted
from agent.strategy.problem import Problem
from models.domain.decision import EXPOSING_KINDS, MEASURING_KINDS, Decision
from models.domain.history import History, Observation
from models.domain.load_limits import LoadLimits
from models.domain.scattering import Verdict
from models.domain.setup import Setup, SetupSpec
from models.formulation.deck import Deck
from models.formulation.standing import state_after

PASSED_OVER = frozenset({"setup", "blank", "stop", "pause"})
"""Kinds of decision after which the last sample is still in the beam."""


@dataclass(frozen=True)
class LoadTerms:
    """What loads are held against, and what a rinse takes."""

    limits: LoadLimits
    """The limits."""
    deck: Deck | None = None
    """What rinsing is counted on; None where nobody counts."""

    @property
    def rinse_ul(self) -> float:
        """What one rinse takes, uL."""
        return 0.0 if self.deck is None else self.deck.pipetting.rinse_ul

    def is_rinse_short(self, history: History) -> bool:
        """True when too little is left for loading a sample once more, with a rinse beyond what is usual."""
        if self.deck is None:
            return False
        left, needed_ul = state_after(self.deck, history), 2.0 * self.rinse_ul
        return any(one is not None and one < needed_ul for one in (left.rinse_ul, left.waste_ul))


@dataclass(frozen=True, eq=False)
class Case:
    """A measurement, and all that was done to take it again."""

    problem: Problem
    """The task."""
    spec: SetupSpec
    """Limits and aims."""
    history: History
    """All that is known."""
    first: Decision
    """The measurement."""
    load: LoadTerms | None = None
    """What loads are held against; None where nobody judges them."""

    @cached_property
    def tries(self) -> tuple[Decision, ...]:
        """The measurement and its readjustments, in order; no looks."""
        again = self.history.readjustments(self.first.seq)
        return (self.first, *(one for one in again if not one.is_look))

    @cached_property
    def looks(self) -> tuple[Decision, ...]:
        """Looks for the sample or the beam since the latest of them, in order."""
        again = self.history.readjustments(self.first.seq)
        return tuple(one for one in again if one.is_look and one.seq > self.last.seq)

    @property
    def last(self) -> Decision:
        """The latest of them."""
        return self.tries[-1]

    @property
    def observation(self) -> Observation | None:
        """What the latest said; None when it failed."""
        return self.history.observation(self.last.seq)

    @property
    def setup(self) -> Setup:
        """How everything stood for the latest."""
        return self.last.setup or Setup()

    @property
    def n_readjusted(self) -> int:
        """How often it was taken again."""
        return len(self.tries) - 1

    @property
    def feature(self) -> str:
        """Which feature must be known well enough."""
        return self.spec.feature or self.problem.objective.quantity

    def failed(self, *checks: str) -> Verdict | None:
        """The first of these checks for which the latest frame was refused; a warning refuses none."""
        verdicts = () if self.observation is None else self.observation.verdicts
        return next((v for v in verdicts if v.check in checks and v.is_refusal), None)

    @property
    def kept(self) -> tuple[int, ...]:
        """`seq` of the accepted tries where the detector stands as it does now: their frames add up."""
        return tuple(
            one.seq
            for one in self.tries
            if (seen := self.history.observation(one.seq)) is not None
            and seen.is_accepted
            and (one.setup or Setup()).configuration == self.setup.configuration
        )

    def counted(self) -> tuple[Counted, ...]:
        """The feature after each accepted try of this configuration, by what was counted until then.

        Only those that the same blank was subtracted from as from the latest can be compared.
        """
        blank = None if self.observation is None else self.observation.blank_seq
        same = [seq for seq in self.kept if self._blank_of(seq) == blank]
        return tuple(self._counted(seq) for seq in same)

    def _blank_of(self, seq: int) -> int | None:
        observation = self.history.observation(seq)
        return None if observation is None else observation.blank_seq

    def _counted(self, seq: int) -> Counted:
        observation, setup = self.history.observation(seq), self.history.decision(seq).setup
        read = None if observation is None else observation.feature(self.feature)
        added = () if setup is None else setup.adds_to
        seconds = sum(full_beam_s(self.history, one) for one in (seq, *added))
        if read is None:
            return Counted(seconds, None, None)
        return Counted(seconds, read.value, read.sigma)

    def taken_s(self, spot: int) -> float:
        """What a spot of this sample has taken, in seconds of the full beam; failed exposures in full."""
        return dose_s(self.history, self.problem, self.last, spot)


def plain_spec(problem: Problem) -> SetupSpec:
    """Limits where loads are judged and nothing else is readjusted: exposures are as long as at first."""
    return SetupSpec(longest_s=max(problem.exposure_s, *problem.exposures_s, 1.0))


def full_beam_s(history: History, seq: int) -> float:
    """Exposure of a decision, in seconds of the full beam."""
    decision, exposure = history.decision(seq), history.exposure(seq)
    if exposure is not None:
        return exposure.exposure_s * exposure.attenuation
    return decision.exposure_s * (decision.setup or Setup()).attenuation


def sample_of(problem: Problem, decision: Decision) -> str:
    """What tells one sample from another: its name, or where it is on the stage."""
    if decision.point is None:
        return ""
    if decision.point.sample is not None:
        return decision.point.sample
    return decision.sample if problem.is_made else decision.point.text()


def dose_s(history: History, problem: Problem, decision: Decision, spot: int) -> float:
    """What a spot of a decision's sample has taken so far, in seconds of the full beam."""
    sample = sample_of(problem, decision)
    return sum(
        full_beam_s(history, one.seq)
        for one in history.decisions
        if one.kind in EXPOSING_KINDS and (one.setup or Setup()).spot == spot
        and not history.is_called_off(one.seq)
        and sample_of(problem, one) == sample
    )  # fmt: skip


def case_at_hand(
    problem: Problem, spec: SetupSpec, history: History, load: LoadTerms | None = None
) -> Case | None:
    """The last measurement, when it is the last thing that was done and its outcome is known."""
    for decision in reversed(history.decisions):
        if decision.kind in MEASURING_KINDS:
            case = Case(problem, spec, history, decision, load)
            is_known = all(history.has_outcome(one) for one in (*case.tries, *case.looks))
            return case if is_known else None
        if decision.kind not in PASSED_OVER:
            return None
    return None
