"""What to do next, why, by whom, and what was expected of it."""

from typing import Literal, Self

from pydantic import Field, model_validator

from models.domain.action import Action
from models.domain.canonical import sha256_text
from models.domain.frozen import Frozen
from models.domain.recipe import Recipe
from models.domain.sample_names import own_name
from models.domain.setup import Setup
from models.domain.space import Point

DecisionKind = Literal[
    "initial_design", "suggest", "fallback", "repeat", "calibration", "blank",
    "setup", "skip", "pause", "stop", "human_override",
]  # fmt: skip
MEASURING_KINDS = frozenset({"initial_design", "suggest", "fallback", "repeat", "human_override"})
"""The kinds of decision that spend the budget of measurements."""
EXPOSING_KINDS = MEASURING_KINDS | {"setup"}
"""The kinds that expose a sample: a measurement, and the same again after a readjustment."""
ActorKind = Literal["agent", "human", "safety", "scheduler"]


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
    name: str = ""
    """Which feature; empty for the objective's own."""


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
    """Why it was not taken, for filters; None for the chosen one."""
    others: tuple[Prediction, ...] = ()
    """What the models expected there of the other features that are sought, by name."""
    expected_gain: float | None = None
    """What measuring there is expected to gain, in `gain_unit`."""
    gain_unit: str | None = None
    """Unit of the gain."""
    cost_s: float | None = None
    """How long it is expected to take: travel, mixing, exposure and overhead, s."""
    chance: float | None = Field(default=None, ge=0, le=1)
    """Probability that the measurement yields the feature, 0 to 1."""
    bound_by: tuple[str, ...] = ()
    """Constraints that hold it, in words: ``water at least 0.3``."""
    why: str | None = None
    """Why it lost, in one plain sentence; None for the chosen one."""


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


class Planned(Frozen):
    """A sample that is made while another one is exposed, for a decision to come."""

    sample: str
    """Its name: ``A16``, made ahead with decision 16."""
    kind: DecisionKind
    """What it is made for: a measurement, or a blank."""
    point: Point
    """Where it is to be measured."""
    recipe: Recipe
    """What it is made of."""
    reason: Reason
    """Why it was chosen."""
    exposure_s: float
    """How long it is to be exposed, s."""


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
    setup: Setup | None = None
    """How the instrument is to stand; None where nobody readjusts it."""
    recipe: Recipe | None = None
    """What its sample is made of; None where none is made, or no deck says of what."""
    prepared: str | None = None
    """Name of its sample, where that was made ahead with an earlier decision: ``A16``."""
    ahead: Planned | None = None
    """What is made while it is exposed, for a decision to come; None where nothing is."""

    @model_validator(mode="after")
    def _readjusting_says_what(self) -> Self:
        if self.kind == "setup" and (self.repeats is None or self.setup is None or self.point is None):
            raise ValueError("a readjustment needs the decision that it repeats, its point, and a set-up")
        return self

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
    def sample(self) -> str:
        """Name of its sample, where samples are made or exist: its point's, else ``A16`` or ``S17``."""
        named = self.point.sample if self.point else None
        return named or self.prepared or own_name(self.seq)

    def recipe_of(self, sample: str | None) -> Recipe | None:
        """What a sample is made of that is made with this decision: its own, or the one made ahead."""
        return self.ahead.recipe if self.ahead is not None and sample == self.ahead.sample else self.recipe

    def is_ahead(self, action: Action) -> bool:
        """True for the command that makes a sample for a decision to come: what it does ends nothing here."""
        return action.kind == "prepare" and self.ahead is not None and action.sample == self.ahead.sample

    @property
    def is_look(self) -> bool:
        """True for an exposure that only looks for the sample or the beam: nothing else is read of it."""
        return self.setup is not None and self.setup.looks_for is not None

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
