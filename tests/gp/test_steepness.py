"""Where a feature changes steeply counts more, and all alike where it changes nowhere."""

import numpy as np
import pytest

from models.gp.acquisitions.integrated import IntegratedVariance
from models.gp.acquisitions.steepness import squared_slopes, steep_shares
from models.gp.belief import Belief, Watch
from models.gp.state import fit_state
from models.gp.training import Training

POOL = np.random.default_rng(8).random((128, 2))


def believed(values_at) -> Belief:
    points = np.random.default_rng(7).random((60, 2))
    training = Training(points, values_at(points), np.full(len(points), 0.01))
    return Belief(training, fit_state(training), Watch(POOL, is_pairwise=True))


def step(points):
    return np.tanh((points[:, 0] - 0.5) / 0.04) + 0.1 * points[:, 1]


def test_slopes_are_those_of_the_mean():
    belief = believed(lambda p: 2.0 * p[:, 0] - 1.0 * p[:, 1])
    inside = POOL[np.all(np.abs(POOL - 0.5) < 0.3, axis=1)]
    assert squared_slopes(belief, inside) == pytest.approx(np.full(len(inside), 5.0), rel=0.1)


def test_places_at_an_edge_count_more_and_their_mean_is_one_and_the_edges():
    belief = believed(step)
    shares = steep_shares(belief, 2.0)
    places = POOL[belief.references]
    is_edge = np.abs(places[:, 0] - 0.5) < 0.08
    assert shares.shape == (len(belief.weights), len(places))
    assert shares.sum(axis=1) == pytest.approx(3.0)
    assert shares[0, is_edge].mean() > 3.0 * shares[0, ~is_edge].mean()
    assert (steep_shares(belief, 0.0) * len(places)).tolist() == np.ones_like(shares).tolist()


def test_a_measurement_is_sought_nearer_to_the_edge_for_it():
    belief = believed(step)
    plain = IntegratedVariance(belief).watched()
    keen = IntegratedVariance(belief, steep_shares(belief, 20.0)).watched()
    distances = [abs(POOL[np.argsort(-worth)[:10], 0] - 0.5).mean() for worth in (plain, keen)]
    assert distances[1] < distances[0]
