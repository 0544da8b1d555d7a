"""All that is believed for one objective, kept from one decision to the next."""

from collections.abc import Callable, Mapping
from copy import copy

from pydantic import Field, ValidationError

from models.domain.errors import BadInput, FitFailed
from models.domain.frozen import Frozen
from models.domain.objective import ObjectiveBase
from models.domain.scattering import Floats
from models.gp.belief import MOST_REFERENCES, Belief, Watch
from models.gp.knowledge import Knowledge
from models.gp.makers import BeliefMaker, OurMaker
from models.gp.pending import suppose_draws, suppose_means
from models.gp.pursuits.catalog import options_of, pursuit_of
from models.gp.pursuits.pursuit import Aim, Lesson, Situation
from models.gp.states import AnyState
from models.gp.threads import use_one_thread
from models.gp.training import Training

FEW_REFERENCES = 128
"""Points that stand for all where a best one is sought: the whole counts only when little can be gained."""


class MindState(Frozen):
    """All that is needed to compute a recommendation again, besides the observations."""

    fitted_to: int = Field(ge=2)
    """Count of measurements read when the hyperparameters were found."""
    beliefs: dict[str, AnyState] = Field(default_factory=dict)
    """About what is learned for the goal, by name."""
    presence: dict[str, AnyState] = Field(default_factory=dict)
    """About the chance of each feature that was not had from every measurement."""


OwnAim = Callable[[Situation, Aim], Aim]
"""Puts an acquisition that a user brings in the place of the goal's own."""
PoolFor = Callable[[int], Floats]
"""The pool that belongs to hyperparameters fitted to so many measurements: a new fit looks at new points."""


class Mind:
    """What is believed: a memory that may be lost without a trace."""

    def __init__(
        self, objective: ObjectiveBase, maker: BeliefMaker | None = None, own_aim: OwnAim | None = None
    ) -> None:
        """Believe nothing yet.

        Parameters
        ----------
        objective
            What is sought.
        maker
            Makes the beliefs about what is sought; our own when None.
        own_aim
            Brings an acquisition of one's own; None where the goal's own serves.
        """
        self._objective = objective
        self._pursuit = pursuit_of(objective)
        self._chances = OurMaker()
        self._maker = OurMaker(self._pursuit.is_ordinal and own_aim is None) if maker is None else maker
        self._own_aim = own_aim
        self._options = options_of(objective, self._pursuit)
        self._lesson = Lesson({}, {})
        self._units: Mapping[str, str] = {}
        self._fitted_to = 0
        self.beliefs: dict[str, Belief] = {}
        """About what is learned for the goal, by name."""
        self._measured: dict[str, Belief] | None = None
        self.presence: dict[str, Belief] = {}
        """About the chance of a feature, by its name."""

    def learn(self, knowledge: Knowledge, earlier: MindState | None, pool_for: PoolFor) -> int:
        """Bring what is believed up to date; to how many measurements its hyperparameters were fitted.

        Parameters
        ----------
        knowledge
            What has been learned.
        earlier
            State behind the last decision that had one.
        pool_for
            The pool for a fit.

        Raises
        ------
        FitFailed
            When no model can be had from these measurements.
        """
        use_one_thread()
        self._units = knowledge.units
        try:
            is_current = earlier is not None and self._go_on(knowledge, earlier, pool_for)
        except FitFailed:  # other hyperparameters may do, and what took in half of it is of no more use
            self.beliefs, self.presence, is_current = {}, {}, False
        if not is_current:
            self._fit(knowledge, earlier, pool_for)
        return self._fitted_to

    def recall(self, knowledge: Knowledge, state: MindState, pool_for: PoolFor) -> int:
        """Believe with a state on record as it is; to how many measurements it was fitted."""
        use_one_thread()
        self._units = knowledge.units
        lesson = self._pursuit.study(self._objective, knowledge, state.fitted_to)
        if set(lesson.trainings) - set(state.beliefs):
            raise FitFailed("the state on record holds no belief about what is sought")
        self._condition(lesson, state, pool_for)
        return self._fitted_to

    @property
    def state(self) -> MindState:
        """What is believed, without the observations."""
        return MindState(
            fitted_to=self._fitted_to,
            beliefs={name: belief.state for name, belief in self.beliefs.items()},
            presence={name: belief.state for name, belief in self.presence.items()},
        )

    @property
    def n_observations(self) -> int:
        """Observations behind the largest belief."""
        return max((len(belief.training.values) for belief in self.beliefs.values()), default=0)

    def aim(self) -> Aim:
        """What a measurement is worth under what is believed.

        Raises
        ------
        FitFailed
            When nothing was learned yet.
        """
        if not self._fitted_to:
            raise FitFailed("nothing has been learned")
        return self._pursuit.aim(self._situation)

    def own_aim(self) -> Aim | None:
        """The same by an acquisition of one's own; None where none was brought.

        Raises
        ------
        FitFailed
            When it cannot be had.
        """
        return None if self._own_aim is None else self._own_aim(self._situation, self.aim())

    @property
    def _situation(self) -> Situation:
        return Situation(
            objective=self._objective,
            beliefs=self.beliefs,
            measured=self.beliefs if self._measured is None else self._measured,
            units=self._units,
            context=self._lesson.context,
            options=self._options,
        )

    def suppose(self, columns: Floats, seed: int) -> "Mind":
        """What would be believed if points still being measured had brought what is expected of them.

        The chance of a feature stays as it is: its expectation does not change. This mind is left as it is,
        and the other is good until this one learns more.

        Parameters
        ----------
        columns
            Scaled coordinates of the points, shape (n_points, n_columns).
        seed
            Seed of the outcomes that are drawn.
        """
        supposed = copy(self)
        supposed._measured = self.beliefs
        supposed.beliefs = {
            name: suppose_draws(belief, columns, seed)
            if self._pursuit.is_averaged
            else suppose_means(belief, columns)
            for name, belief in self.beliefs.items()
        }
        return supposed

    def _go_on(self, knowledge: Knowledge, earlier: MindState, pool_for: PoolFor) -> bool:
        """Take in what came since the last fit; False when hyperparameters have to be found anew."""
        if earlier.fitted_to > knowledge.n_read:
            return False
        if not all(self._maker.is_maker_of(state) for state in earlier.beliefs.values()):
            return False
        lesson = self._pursuit.study(self._objective, knowledge, earlier.fitted_to)
        watch = self._watch(pool_for(earlier.fitted_to))
        beliefs = _grown(self.beliefs, lesson.trainings, earlier.beliefs, watch)
        presence = _grown(self.presence, lesson.presence, earlier.presence, Watch(watch.points))
        if beliefs is None or presence is None:
            return False
        if any(belief.is_fit_due for belief in (*beliefs.values(), *presence.values())):
            return False
        self.beliefs, self.presence, self._lesson = beliefs, presence, lesson
        self._fitted_to = earlier.fitted_to
        return True

    def _watch(self, points: Floats) -> Watch:
        n_most = FEW_REFERENCES if self._objective.has_best else MOST_REFERENCES
        return Watch(points, self._pursuit.is_pairwise, n_most)

    def _fit(self, knowledge: Knowledge, earlier: MindState | None, pool_for: PoolFor) -> None:
        """Find all hyperparameters anew, starting from the earlier ones."""
        before = earlier or MindState(fitted_to=2)
        lesson = self._pursuit.study(self._objective, knowledge, knowledge.n_read)
        state = MindState(
            fitted_to=knowledge.n_read,
            beliefs={
                name: self._maker.fit(training, before.beliefs.get(name))
                for name, training in lesson.trainings.items()
            },
            presence={
                name: self._chances.fit(training, before.presence.get(name))
                for name, training in lesson.presence.items()
            },
        )
        self._condition(lesson, state, pool_for)

    def _condition(self, lesson: Lesson, state: MindState, pool_for: PoolFor) -> None:
        """Believe what a lesson teaches with the hyperparameters of a state."""
        watch = self._watch(pool_for(state.fitted_to))
        self.beliefs = {
            name: Belief(training, state.beliefs[name], watch) for name, training in lesson.trainings.items()
        }
        self.presence = {
            name: Belief(training, state.presence[name], Watch(watch.points))
            for name, training in lesson.presence.items()
            if name in state.presence
        }
        self._lesson, self._fitted_to = lesson, state.fitted_to


def _grown(
    kept: Mapping[str, Belief],
    trainings: Mapping[str, Training],
    earlier: Mapping[str, AnyState],
    watch: Watch,
) -> dict[str, Belief] | None:
    """Beliefs that follow from the observations and the earlier states, whether they were kept or not.

    None when there is no state for one of them, or it is for more observations than there are.
    """
    if set(trainings) != set(earlier):
        return None
    if any(state.fitted_to > len(trainings[name].values) for name, state in earlier.items()):
        return None
    grown: dict[str, Belief] = {}
    for name, training in trainings.items():
        belief = kept.get(name)
        if belief is not None and belief.state == earlier[name] and belief.is_of(training, watch):
            belief.learn(training)
        else:
            belief = Belief(training, earlier[name], watch)
        grown[name] = belief
    return grown


def read_state(state_json: str) -> MindState:
    """The state in a decision on record.

    Raises
    ------
    BadInput
        When it is not one of this model.
    """
    try:
        return MindState.model_validate_json(state_json)
    except ValidationError as error:
        first = error.errors()[0]
        raise BadInput(
            "model state",
            f"is not one of this model ({'.'.join(map(str, first['loc']))}: {first['msg']})",
            "Use the release of Nightbeam that wrote it",
        ) from None
