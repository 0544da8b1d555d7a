"""The front of best compromises, the room beyond it, and how far a measurement is expected to push it."""

import numpy as np
import pytest
import torch
from botorch.acquisition.multi_objective.analytic import ExpectedHypervolumeImprovement
from botorch.utils.multi_objective.box_decompositions.non_dominated import FastNondominatedPartitioning
from botorch.utils.multi_objective.hypervolume import Hypervolume
from botorch.utils.testing import MockModel, MockPosterior

from models.domain.errors import FitFailed
from models.domain.objective import as_objective
from models.gp.acquisitions.hypervolume import ExpectedHypervolume
from models.gp.belief import Belief, Watch
from models.gp.front import boxes_beyond, dominated_volume, is_on_front, reference_of
from models.gp.knowledge import Knowledge
from models.gp.mind import Mind
from models.gp.pursuits.pareto import PURSUIT
from models.gp.state import BeliefState, fit_state
from models.gp.training import Training

POOL = np.random.default_rng(8).random((60, 2))
NAMES = ("height", "width", "depth", "age")
ALL_UP = as_objective(goal="pareto", of=[{"feature": name} for name in NAMES])
MIXED = as_objective(
    goal="pareto",
    of=[
        {"feature": "height"}, {"feature": "width", "goal": "minimise"},
        {"feature": "depth", "goal": "target", "target": 0.4},
        {"feature": "age", "goal": "target", "target": 20.0},
    ],
)  # fmt: skip


def learned(name: str, n: int = 16) -> Training:
    points = np.random.default_rng(1).random((n, 2))
    centre, scale = {"height": ([0.6, 0.3], 1.0), "width": ([0.2, 0.7], 30.0), "depth": ([0.9, 0.9], 1.0),
                     "age": ([0.1, 0.2], 25.0)}[name]  # fmt: skip
    values = scale * np.exp(-((points - centre) ** 2).sum(axis=1) / 0.3)
    return Training(points, values, np.full(n, 0.03 * scale))


def belief_of(name: str, n_members: int | None = None) -> Belief:
    training = learned(name)
    state = fit_state(training)
    if n_members is not None:
        first = [one.model_copy(update={"weight": 1.0 / n_members}) for one in state.members[:n_members]]
        state = BeliefState(**{**state.model_dump(), "members": [one.model_dump() for one in first]})
    return Belief(training, state, Watch(POOL))


def worth_of(objective, n_goals: int, n_members: int | None = None, shift: float = 0.0):
    beliefs = [belief_of(name, n_members) for name in NAMES[:n_goals]]
    points = beliefs[0].training.unit_points
    badness = badness_at(objective, n_goals, beliefs, points)
    reference = reference_of(badness) - shift * np.ptp(badness, axis=0)
    return ExpectedHypervolume(beliefs, objective.of[:n_goals], points, reference), beliefs, reference


def badness_at(objective, n_goals: int, beliefs, points: np.ndarray) -> np.ndarray:
    means = [belief.predict(points)[0] for belief in beliefs]
    return np.stack(
        [part.distance(mean) for part, mean in zip(objective.of[:n_goals], means, strict=True)], 1
    )


def as_batch(rows: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(rows)[:, None]


@pytest.mark.parametrize("n_goals", [2, 3, 4])
def test_it_is_that_of_the_library_where_one_member_is_believed(n_goals):
    worth, beliefs, reference = worth_of(ALL_UP, n_goals, n_members=1)
    posterior = [belief.predict(POOL) for belief in beliefs]
    mean, sigma = (np.stack([one[k] for one in posterior], axis=1) for k in (0, 1))
    front = -badness_at(ALL_UP, n_goals, beliefs, beliefs[0].training.unit_points)
    partitioning = FastNondominatedPartitioning(torch.from_numpy(-reference), torch.from_numpy(front))
    model = MockModel(MockPosterior(mean=as_batch(mean), variance=as_batch(sigma**2)))
    theirs = ExpectedHypervolumeImprovement(model, list(-reference), partitioning)(as_batch(POOL)).numpy()
    ours = np.exp(worth.watched()) * worth.spreads.prod()
    assert ours == pytest.approx(theirs, rel=1e-6, abs=1e-6 * theirs.max())


@pytest.mark.parametrize("n_goals", [2, 3])
def test_it_agrees_with_draws_of_every_member_for_targets_too(n_goals):
    worth, beliefs, reference = worth_of(MIXED, n_goals)
    front = badness_at(MIXED, n_goals, beliefs, beliefs[0].training.unit_points)
    rng, n_draws = np.random.default_rng(6), 1500
    places = POOL[np.argsort(-worth.watched())[:2]]
    closed = np.exp(worth.at(places)) * worth.spreads.prod()
    before = dominated_volume(front, reference)
    for place in range(len(places)):
        columns = []
        for part, belief in zip(MIXED.of[:n_goals], beliefs, strict=True):
            posterior = belief.at(places[place : place + 1])
            member = rng.choice(len(belief.weights), n_draws, p=belief.weights)
            draws = posterior.means[member, 0] + posterior.sigmas[member, 0] * rng.standard_normal(n_draws)
            columns.append(part.distance(draws * belief.state.spread + belief.state.mean))
        grown = [
            dominated_volume(np.vstack([front, row]), reference) - before for row in np.stack(columns, 1)
        ]
        assert closed[place] == pytest.approx(
            np.mean(grown), abs=4.0 * np.std(grown) / np.sqrt(n_draws) + 1e-12
        )


@pytest.mark.parametrize("n_goals", [2, 3, 4])
def test_gradients_and_watched_points_agree_with_what_is_asked_for(n_goals):
    worth, *_ = worth_of(MIXED, n_goals)
    assert worth.watched() == pytest.approx(worth.at(POOL), rel=1e-8, abs=1e-8)
    for point in np.random.default_rng(3).random((4, 2)):
        value, gradient = worth.slope(point)
        for axis in range(2):
            shift = 1e-4 * np.eye(2)[axis]
            up, down = worth.at(np.stack([point + shift, point - shift]))
            assert gradient[axis] == pytest.approx((up - down) / 2e-4, rel=1e-2, abs=1e-3)
        assert value == pytest.approx(worth.at(point[None])[0])


@pytest.mark.parametrize("n_goals", [2, 4])
def test_a_hopeless_reference_still_gives_a_finite_worth_with_a_slope(n_goals):
    worth, *_ = worth_of(MIXED, n_goals, shift=60.0)
    values = worth.at(POOL)
    assert np.isfinite(values).all()
    assert values.max() < -500.0
    assert all(np.isfinite(worth.slope(point)[1]).all() for point in POOL[:5])


@pytest.mark.parametrize("n_goals", [2, 3, 4])
def test_boxes_fill_the_room_beyond_the_front_without_overlap(n_goals):
    rng = np.random.default_rng(n_goals)
    rows, reference = rng.random((12, n_goals)), np.full(n_goals, 0.9)
    boxes = boxes_beyond(rows, reference)
    for place in rng.random((400, n_goals)) * 1.1 - 0.1:
        is_dominated = ((rows < reference).all(axis=1) & (rows <= place).all(axis=1)).any()
        n_holding = int(((boxes.lower <= place) & (place < boxes.upper)).all(axis=1).sum())
        assert n_holding == int(not is_dominated and bool((place < reference).all()))


@pytest.mark.parametrize("n_goals", [2, 3, 4])
def test_the_volume_is_that_of_the_library(n_goals):
    rows, reference = np.random.default_rng(5).random((15, n_goals)), np.full(n_goals, 0.95)
    front = rows[is_on_front(rows) & (rows < reference).all(axis=1)]
    theirs = Hypervolume(torch.from_numpy(-reference)).compute(torch.from_numpy(-front))
    assert dominated_volume(rows, reference) == pytest.approx(theirs, rel=1e-9)


def test_the_reference_lies_a_tenth_of_the_range_behind_the_worst():
    assert reference_of(np.array([[0.0, 1.0], [2.0, 4.0], [1.0, 0.0]])) == pytest.approx([2.2, 4.4])
    assert reference_of(np.array([[0.0, 2.0]])) == pytest.approx([0.1, 2.2])
    assert reference_of(np.array([[-3.0, 1.0], [-3.0, 2.0]])) == pytest.approx([-2.7, 2.1])


def test_where_nothing_was_measured_all_up_to_the_reference_is_one_box():
    boxes = boxes_beyond(np.empty((0, 3)), np.ones(3))
    assert boxes.upper.tolist() == [[1.0, 1.0, 1.0]]
    assert np.isneginf(boxes.lower).all()
    assert dominated_volume(np.empty((0, 3)), np.ones(3)) == 0.0


def known(n: int, *, lacks: int = 0) -> Knowledge:
    height, width = learned("height", n), learned("width", n)
    presence = {}
    if lacks:
        is_had = np.arange(n) >= lacks
        presence = {"width": Training(width.unit_points, is_had.astype(float), np.full(n, 0.1))}
        width = Training(width.unit_points[is_had], width.values[is_had], width.sigmas[is_had])
    return Knowledge(n, {"height": height, "width": width}, presence, {}, n_design=6)


TWO = as_objective(goal="pareto", of=MIXED.model_dump()["of"][:2])


def test_the_reference_follows_from_the_first_design_alone():
    first = PURSUIT.study(TWO, known(8), 8).context.reference
    assert PURSUIT.study(TWO, known(16), 16).context.reference == first
    assert PURSUIT.study(TWO, known(16, lacks=5), 16).context.reference != first
    given = TWO.model_copy(update={"reference": (0.2, 25.0)})
    assert PURSUIT.study(given, known(16), 16).context.reference == (-0.2, 25.0)


def test_the_front_stands_where_all_goals_were_measured():
    ground = PURSUIT.study(TWO, known(16, lacks=5), 16).context
    assert np.array_equal(ground.points, learned("height", 16).unit_points[5:])


def test_measurements_of_which_none_has_all_the_features_give_no_front():
    with pytest.raises(FitFailed, match="1 measurements have all of height, width, 2 are needed"):
        PURSUIT.study(TWO, known(8, lacks=7), 8)


def test_points_still_being_measured_stand_on_the_front_where_they_are_expected_and_are_worth_less():
    mind = Mind(TWO)
    mind.learn(known(16), None, lambda _: POOL)
    alone = mind.aim().worth
    best = POOL[[alone.watched().argmax()]]
    supposed = mind.suppose(best, 1).aim().worth
    assert supposed.at(best)[0] < alone.at(best)[0] - 1.0
    assert supposed.watched().argmax() != alone.watched().argmax()
    assert supposed.volume > 1.05 * alone.volume
