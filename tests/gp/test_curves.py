"""Whole curves: a basis that stays what it is, bands that hold the truth, and gradients that are right."""

import numpy as np
import pytest

from models.domain.errors import FitFailed
from models.domain.objective import as_objective
from models.domain.scattering import CurveProfile, Floats
from models.domain.soft_log import soften
from models.gp.acquisitions.curves import CurveVariance
from models.gp.acquisitions.match import MisfitImprovement
from models.gp.belief import Belief, Watch
from models.gp.curve_basis import find_basis
from models.gp.curve_belief import CurveBelief
from models.gp.curve_set import CurveSet
from models.gp.knowledge import Knowledge
from models.gp.mind import Mind
from models.gp.pursuits.match import Compared, of_match
from models.gp.state import fit_state
from models.gp.training import Training
from tests.gp.twin_curves import Q, design, measure, true_curves

N = 20


def curve_set(points: Floats, seed: int = 1, **changes: Floats) -> CurveSet:
    intensities, sigmas = measure(points, seed)
    return CurveSet(
        points, Q, changes.get("intensities", intensities), changes.get("sigmas", sigmas),
        np.arange(len(points)), "1/cm", len(Q),
    )  # fmt: skip


def believed(curves: CurveSet, watched: Floats) -> CurveBelief:
    basis = find_basis(curves, len(curves))
    found = basis.read(curves.intensities, curves.sigmas)
    beliefs: dict[str, Belief] = {}
    for k, name in enumerate(basis.names):
        training = Training(curves.unit_points, found.values[:, k], found.sigmas[:, k])
        beliefs[name] = Belief(training, fit_state(training), Watch(watched, is_pairwise=True))
    return CurveBelief(basis, beliefs)


@pytest.fixture(scope="module")
def belief() -> CurveBelief:
    return believed(curve_set(design(N, 5)), design(32, 9))


def target(points: Floats) -> CurveProfile:
    (intensity,) = true_curves(points)
    return CurveProfile(
        q_inv_nm=tuple(Q.tolist()), intensity=tuple(intensity.tolist()),
        sigma=tuple((0.01 * intensity).tolist()), unit="1/cm",
    )  # fmt: skip


def matching(points: Floats, seed: int = 1):
    curves = curve_set(points, seed)
    goal = as_objective(goal="match", curve="t.dat").model_copy(update={"target": target(design(1, 77))})
    return goal, Knowledge(len(points), {}, {}, {}, curves)


def test_a_basis_is_the_same_each_time_and_does_not_know_up_from_down():
    curves = curve_set(design(N, 5))
    one, other = find_basis(curves, N), find_basis(curves, N)
    assert np.array_equal(one.vectors, other.vectors)
    turned = curve_set(design(N, 5)[::-1].copy(), intensities=curves.intensities[::-1].copy(),
                       sigmas=curves.sigmas[::-1].copy())  # fmt: skip
    assert np.allclose(find_basis(turned, N).vectors[:3], one.vectors[:3], atol=1e-6)


def test_later_curves_do_not_change_a_basis_before_the_next_fit():
    many = curve_set(design(N, 5))
    few = CurveSet(many.unit_points[:12], Q, many.intensities[:12], many.sigmas[:12], many.order[:12],
                   "1/cm", len(Q))  # fmt: skip
    assert np.array_equal(find_basis(many, 12).vectors, find_basis(few, 12).vectors)


def test_noise_alone_makes_no_components():
    flat = np.tile(np.exp(-Q), (30, 1))
    sigmas = np.full_like(flat, 0.05)
    noisy = flat + sigmas * np.random.default_rng(2).standard_normal(flat.shape)
    curves = CurveSet(design(30, 3), Q, noisy, sigmas, np.arange(30), "1/cm", len(Q))
    assert find_basis(curves, 30).n_components == 1


def test_bands_hold_the_curves_of_mixtures_that_were_never_measured():
    shares: list[float] = []
    for seed in range(4):
        one = believed(curve_set(design(24, seed), seed), design(16, 9))
        held_out = design(150, 91)
        truth = soften(true_curves(held_out), one.basis.floor)
        band = one.band(held_out)
        shares.append(float((np.abs(truth - band.means) < 1.96 * band.sigmas).mean()))
    assert 0.92 <= np.mean(shares) <= 0.97


def test_what_is_believed_where_it_was_measured_agrees_with_it(belief: CurveBelief):
    points = design(N, 5)
    band = belief.band(points)
    truth = soften(true_curves(points), belief.basis.floor)
    assert (np.abs(truth - band.means) < 1.96 * band.sigmas).mean() > 0.9
    assert band.rms_sigmas.mean() < 0.7 * belief.band(design(100, 33)).rms_sigmas.mean()


def test_draws_have_the_mean_and_the_spread_of_the_band(belief: CurveBelief):
    point = design(1, 61)
    drawn = soften(belief.draw(point[0], 2048, 3), belief.basis.floor)
    band = belief.band(point)
    assert drawn.mean(axis=0) == pytest.approx(band.means[0], abs=0.1 * band.sigmas.max())
    assert drawn.std(axis=0) == pytest.approx(band.sigmas[0], rel=0.12)
    assert np.array_equal(belief.draw(point[0], 8, 3), belief.draw(point[0], 8, 3))


def test_gradients_are_those_of_the_values(belief: CurveBelief):
    goal, knowledge = matching(design(N, 5))
    known = of_match(goal, knowledge, N).context
    assert isinstance(known, Compared)
    own = CurveBelief(known.basis, _beliefs(of_match(goal, knowledge, N).trainings))
    worths = [
        CurveVariance(belief),
        MisfitImprovement(own, known.misfit, known.least),
        MisfitImprovement(own, known.misfit, known.least, doubt=3.0),
    ]
    for worth in worths:
        for point in design(4, 44):
            value, slope = worth.slope(point)
            assert value == pytest.approx(float(worth.at(point[np.newaxis])[0]), abs=1e-9)
            for axis, step in enumerate(1e-6 * np.eye(len(point))):
                ends = worth.at(np.stack([point + step, point - step]))
                assert slope[axis] == pytest.approx(float(ends[0] - ends[1]) / 2e-6, rel=2e-3, abs=2e-3)


def test_a_measurement_is_worth_most_where_nothing_is_near(belief: CurveBelief):
    worth = CurveVariance(belief)
    measured = worth.at(design(N, 5))
    assert worth.watched().max() > np.median(measured) + 0.5
    assert (worth.fall_of_sigma(worth.watched()) > 0).all()


def test_the_target_itself_is_told_exactly():
    goal, knowledge = matching(design(N, 5))
    known = of_match(goal, knowledge, N).context
    assert isinstance(known, Compared)
    assert known.misfit.distances(known.misfit.centre) == 0.0
    back = known.basis.mean + known.misfit.centre @ known.basis.vectors
    apart = (back - known.misfit.sought) @ known.misfit.form.T
    assert np.sqrt((apart**2).sum()) < 0.02


def test_what_is_expected_of_the_misfit_is_what_it_is():
    goal, knowledge = matching(design(30, 5))
    lesson = of_match(goal, knowledge, 30)
    known = lesson.context
    assert isinstance(known, Compared)
    worth = MisfitImprovement(CurveBelief(known.basis, _beliefs(lesson.trainings)), known.misfit, known.least)
    held_out = design(200, 91)
    means, sigmas = worth.expected(held_out)
    logs = soften(true_curves(held_out), known.basis.floor)
    truth = np.sqrt(np.maximum(known.misfit.of_curves(logs, np.zeros_like(logs))[0], 0.0))
    assert np.median(np.abs(means - truth) / truth) < 0.25
    assert (np.abs(means - truth) < 3.0 * sigmas).mean() > 0.85


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda c: None, "no measurement has a curve on record"),
        (lambda c: _first(c, 1), "learned from 2 or more, there are 1"),
        (lambda c: _holed(c, 60), "bins in q are in every curve"),
        (lambda c: _alike(c), "curves are equal"),
    ],
    ids=["no curve", "one curve", "hardly a bin in common", "all alike"],
)
@pytest.mark.parametrize("goal", ["curves", "match"])
def test_curves_that_teach_nothing_are_named(goal, change, says):
    objective, knowledge = matching(design(6, 5))
    objective = objective if goal == "match" else as_objective(goal="curves")
    poor = Knowledge(6, {}, {}, {}, change(knowledge.curves))
    with pytest.raises(FitFailed, match=says):
        Mind(objective).learn(poor, None, lambda _: design(16, 9))


def test_bins_that_some_curve_lacks_are_left_out_and_named():
    objective = as_objective(goal="curves")
    curves = curve_set(design(12, 5))
    mind = Mind(objective)
    mind.learn(Knowledge(12, {}, {}, {}, _holed(curves, 5)), None, lambda _: design(16, 9))
    aim = mind.aim()
    said = aim.explain(aim.expect(design(1, 2))[0], False).sentence
    assert f"in {len(Q) - 5} of {len(Q)} bins" in said


def _beliefs(trainings) -> dict[str, Belief]:
    return {name: Belief(one, fit_state(one), Watch(design(16, 9))) for name, one in trainings.items()}


def _first(curves: CurveSet, n: int) -> CurveSet:
    return CurveSet(
        curves.unit_points[:n], Q, curves.intensities[:n], curves.sigmas[:n], curves.order[:n], "1/cm", len(Q)
    )


def _holed(curves: CurveSet, n_lost: int) -> CurveSet:
    intensities = curves.intensities.copy()
    intensities[2, :n_lost] = np.nan
    return CurveSet(
        curves.unit_points, Q, intensities, curves.sigmas, curves.order, curves.unit, curves.n_asked
    )


def _alike(curves: CurveSet) -> CurveSet:
    intensities = np.tile(curves.intensities[0], (len(curves), 1))
    return CurveSet(
        curves.unit_points, Q, intensities, curves.sigmas, curves.order, curves.unit, curves.n_asked
    )
