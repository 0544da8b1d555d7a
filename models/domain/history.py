"""What happened: decisions, the actions that follow from them, exposures, observations, failures."""

from collections.abc import Iterator
from typing import Literal, Self

from pydantic import Field, model_validator

from models.domain.canonical import sha256_text
from models.domain.frozen import Frozen
from models.domain.scattering import Absence, Feature, Verdict
from models.domain.space import Point

DecisionKind = Literal[
    "initial_design", "suggest", "fallback", "repeat", "calibration", "blank",
    "setup", "skip", "pause", "stop", "human_override",
]  # fmt: skip
MEASURING_KINDS = frozenset({"initial_design", "suggest", "fallback", "repeat", "human_override"})
"""The kinds of decision that spend the budget of measurements."""

ActorKind = Literal["agent", "human", "safety", "scheduler"]
ActionKind = Literal["prepare", "load", "expose"]
ActionClass = Literal["idempotent", "verify_then_retry", "at_most_once"]
ActionStatus = Literal["started", "succeeded", "failed", "unknown"]


class Actor(Frozen):
    """Who decided."""

    kind: ActorKind = "agent"
    """Sort of actor."""
    name: str = "nightbeam"
    """Name of the program part or the person."""


class Reason(Frozen):
    """Why it was decided."""

    code: str
    """Short and stable, for filters: ``expected_improvement``."""
    sentence: str
    """One plain sentence for people."""


class Prediction(Frozen):
    """What the model expected at a point, before it was measured."""

    mean: float
    """Posterior mean of the objective's feature, in `unit`."""
    sigma: float
    """Posterior standard deviation of the noise-free feature, in `unit`."""
    unit: str
    """Unit of the feature."""


class Candidate(Frozen):
    """A point that was considered, with what was thought of it."""

    rank: int
    """0 for the chosen one, then by falling acquisition value."""
    point: Point
    """The point."""
    prediction: Prediction
    """What the model expected there."""
    acquisition_value: float
    """Value of the acquisition function there."""
    reject_code: str | None = None
    """Why it was not taken; None for the chosen one."""


class ModelState(Frozen):
    """All that is needed to compute the decision again: plain text, never pickled."""

    acquisition: str
    """Name of the acquisition function."""
    canonical_json: str
    """Hyperparameters, transforms, options and versions, as canonical JSON."""
    training_sha256: str
    """SHA-256 of the canonical JSON of the training set."""
    left_out: tuple[int, ...] = ()
    """`seq` of measurements up to the watermark that were not learned from: failed, rejected, or without the
    feature."""

    @property
    def sha256(self) -> str:
        """SHA-256 of `canonical_json`, by which an edited state is refused."""
        return sha256_text(self.canonical_json)


class Decision(Frozen):
    """What to do next. It is written down before anything moves."""

    seq: int = Field(ge=1)
    """Place in the campaign, from 1."""
    kind: DecisionKind
    """Sort of decision."""
    point: Point | None
    """Where to measure; None when nothing is measured."""
    reason: Reason
    """Why."""
    exposure_s: float = 0.0
    """How long to expose, s."""
    actor: Actor = Actor()
    """Who decided."""
    seed: int = 0
    """Seed of every random draw behind it, derived from the campaign's seed and `seq`."""
    watermark: int = 0
    """`seq` of the last decision whose outcome was known: all later ones were not used."""
    candidates: tuple[Candidate, ...] = ()
    """The chosen point and the best alternatives, by rank."""
    model: ModelState | None = None
    """The model behind it; None when no model was asked."""
    repeats: int | None = None
    """`seq` of the decision that this one repeats."""
    supersedes: int | None = None
    """`seq` of the decision that a person overrides with this one."""

    @model_validator(mode="after")
    def _override_says_who_what_and_why(self) -> Self:
        if self.kind == "human_override":
            is_whole = self.actor.kind == "human" and self.supersedes is not None
            if not is_whole or not self.reason.sentence.strip():
                raise ValueError("an override needs a person, the decision it supersedes, and a reason")
        elif self.supersedes is not None:
            raise ValueError("only an override supersedes a decision")
        return self

    @property
    def prediction(self) -> Prediction | None:
        """What the model expected at the chosen point."""
        return self.candidates[0].prediction if self.candidates else None


class Override(Frozen):
    """What a person wants measured next."""

    point: Point
    """Where."""
    exposure_s: float = Field(gt=0)
    """How long to expose, s."""
    who: str = Field(min_length=1)
    """The person."""
    why: str = Field(min_length=1)
    """The reason."""


class Action(Frozen):
    """One physical command that follows from a decision."""

    action_id: str
    """Unique for all time; travels with the command into devices, documents and files."""
    seq: int
    """`seq` of the decision."""
    step: int
    """Place among the decision's actions, from 1."""
    kind: ActionKind
    """What is done."""
    action_class: ActionClass
    """What a resumed run may do with it after a crash."""
    sample: str | None = None
    """Name of the sample that it makes, brings or exposes; None when there is nothing to name."""
    attempt: int = 1
    """Counts up each time the command is given again."""


class Asset(Frozen):
    """A file that belongs to the record."""

    role: Literal["frame", "curve", "document", "abandoned"]
    """What it is; `abandoned` marks a frame of an exposure that never finished."""
    path: str
    """Where it lies."""
    sha256: str
    """SHA-256 of the file, 64 hexadecimal digits."""
    n_bytes: int
    """Size, bytes."""


class Exposure(Frozen):
    """What the instrument brought back."""

    seq: int
    """`seq` of the decision."""
    action_id: str
    """The action that made it."""
    run_uid: str
    """Bluesky's uid of the run."""
    point: Point
    """Where it was measured, as read back from the devices."""
    exposure_s: float
    """Exposure time, s."""
    monitor: float | None = None
    """Incident flux summed over the exposure, monitor counts; None for curves measured elsewhere."""
    transmission: float | None = None
    """Transmitted over incident flux."""
    transmission_sigma: float = 0.0
    """One standard deviation of the transmission."""
    assets: tuple[Asset, ...]
    """Files: one frame, or one curve."""


class ActionReport(Frozen):
    """How an action ended."""

    action_id: str
    """The action."""
    status: ActionStatus
    """How it ended."""
    sentence: str
    """One plain sentence."""
    exposure: Exposure | None = None
    """What an `expose` brought back."""
    assets: tuple[Asset, ...] = ()
    """Files that a failed attempt left behind, so that none is orphaned."""


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

    def feature(self, name: str) -> Feature | None:
        """The feature of that name; None when the curve does not have it."""
        return next((feature for feature in self.features if feature.name == name), None)

    def objections(self) -> str:
        """The failed checks in one line."""
        return "; ".join(
            f"{v.check}: {v.value:.4g}{'' if v.unit == '1' else f' {v.unit}'} "
            f"against a limit of {v.limit:.4g}. {v.remedy}"
            for v in self.verdicts
            if not v.is_ok
        )


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
    def n_measured(self) -> int:
        """Count of decisions that spent the budget of measurements."""
        return sum(decision.kind in MEASURING_KINDS for decision in self.decisions)

    def decision(self, seq: int) -> Decision:
        """The decision at that place."""
        return self.decisions[seq - 1]

    def observation(self, seq: int) -> Observation | None:
        """The observation of that decision; None when there is none."""
        return next((o for o in self.observations if o.seq == seq), None)

    def exposure(self, seq: int) -> Exposure | None:
        """The exposure of that decision; None when there is none."""
        return next((e for e in self.exposures if e.seq == seq), None)

    def failure(self, seq: int) -> Failure | None:
        """The failure of that decision; None when there is none."""
        return next((f for f in self.failures if f.seq == seq), None)

    def plus(self, record: "Decision | Exposure | Observation | Failure | Quarantine") -> "History":
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

    def accepted(self) -> Iterator[tuple[Decision, Observation]]:
        """Measurements that may train a model, with their decisions; blanks are not among them."""
        for observation in self.observations:
            decision = self.decision(observation.seq)
            if observation.is_accepted and decision.kind in MEASURING_KINDS:
                yield decision, observation
