"""A kernel written for GPyTorch serves like our own: same face, same answers, same bits when built anew."""

import numpy as np
import pytest
import torch

from models.domain.canonical import canonical_json
from models.domain.errors import BadInput, FitFailed
from models.domain.objective import as_objective
from models.gp.acquisitions.ignorance import Ignorance
from models.gp.acquisitions.improvement import ExpectedImprovement
from models.gp.acquisitions.integrated import IntegratedVariance
from models.gp.acquisitions.level import LevelVariance
from models.gp.belief import Belief, Watch
from models.gp.library.fit import fit_library_state, log_density
from models.gp.library.kernels import check_kernel, make_kernel, parameters_of, with_parameters
from models.gp.library.matern import kernel_with
from models.gp.library.models import library_models
from models.gp.library.own_kernel import OwnKernel
from models.gp.library.state import LibraryMemberState, LibraryState
from models.gp.state import BeliefState, fit_state
from models.gp.tie import Tie
from models.gp.training import Training

MATERN = "models.gp.library.matern:make_kernel"
COLUMNS = ("x", "y")
POOL = np.random.default_rng(4).random((60, 2))


def training(n: int = 30, seed: int = 1) -> Training:
    rng = np.random.default_rng(seed)
    points = rng.random((n, 2))
    values = 40.0 + 5.0 * np.sin(4.0 * points[:, 0]) + 3.0 * points[:, 1] ** 2
    return Training(points, values + rng.normal(0.0, 0.1, n), rng.uniform(0.05, 0.2, n))


def same_state(state: BeliefState) -> LibraryState:
    """The members of a belief of ours as those of the library's."""
    members = tuple(
        LibraryMemberState(
            parameters=parameters_of(OwnKernel(MATERN, kernel_with(np.array(one.logs)))),
            noise=float(np.exp(one.logs[-1])), weight=one.weight, inflation=one.inflation,
        )
        for one in state.members
    )  # fmt: skip
    return LibraryState(
        kernel=MATERN, columns=COLUMNS, fitted_to=state.fitted_to, mean=state.mean, spread=state.spread,
        members=members,
    )  # fmt: skip


@pytest.fixture(scope="module")
def both() -> tuple[Belief, Belief]:
    """Our own belief and the library's, with the same hyperparameters; the last ten came one by one."""
    state = fit_state(Training(*(a[:20] for a in vars(training()).values())))
    watch = Watch(POOL, is_pairwise=True)
    return Belief(training(), state, watch), Belief(training(), same_state(state), watch)


def test_both_ways_expect_the_same(both):
    ours, theirs = both
    assert len(ours.weights) > 1, "several members"
    for a, b in ((ours.watched(), theirs.watched()), (ours.at(POOL[::-1]), theirs.at(POOL[::-1]))):
        assert np.allclose(a.means, b.means, rtol=0, atol=1e-6)
        assert np.allclose(a.sigmas**2, b.sigmas**2, rtol=0, atol=1e-6)
    for a, b in zip(ours.predict(POOL), theirs.predict(POOL), strict=True):
        assert np.allclose(a, b, rtol=0, atol=1e-6)
    for point in POOL[:12]:
        a, b = ours.expect(point), theirs.expect(point)
        for name in ("means", "sigmas", "mean_gradients", "sigma_gradients"):
            assert np.allclose(getattr(a, name), getattr(b, name), rtol=0, atol=1e-6), name


def test_both_ways_answer_all_other_questions_alike(both):
    ours, theirs = both
    for name in ("watched_covariances", "means_at_observations", "noise_variances", "doubts"):
        assert np.allclose(getattr(ours, name)(), getattr(theirs, name)(), rtol=0, atol=1e-6), name
    for name in ("covariances_with_references", "log_known_variances"):
        assert np.allclose(getattr(ours, name)(POOL[:5]), getattr(theirs, name)(POOL[:5]), rtol=0, atol=1e-6)
    pairs = [belief.covariances_between(POOL[:5], POOL[3:9]) for belief in both]
    assert np.allclose(*pairs, rtol=0, atol=1e-6)
    rows = np.full(len(ours.weights), 3)
    tie, other_tie = Tie(ours, rows), Tie(theirs, rows)
    assert np.allclose(tie.watched(), other_tie.watched(), rtol=0, atol=1e-6)
    for point in POOL[:5]:
        for one, other in zip(tie.slope(point), other_tie.slope(point), strict=True):
            assert np.allclose(one, other, rtol=0, atol=1e-6)
        assert np.allclose(
            ours.log_known_variance_slope(point), theirs.log_known_variance_slope(point), rtol=0, atol=1e-6
        )
    assert np.array_equal(ours.references, theirs.references)
    assert np.array_equal(ours.weights, theirs.weights)
    assert np.array_equal(ours.inflations, theirs.inflations)
    assert ours.is_fit_due == theirs.is_fit_due
    assert ours.is_surprised == theirs.is_surprised


def test_both_ways_find_the_same_worth_in_a_measurement(both):
    ours, theirs = both
    highest, target = (as_objective(feature="x", **goal) for goal in ({}, {"goal": "target", "target": 44.0}))
    makers = {
        "highest": lambda belief: ExpectedImprovement(belief, highest),
        "target": lambda belief: ExpectedImprovement(belief, target),
        "ignorance": Ignorance,
        "map": IntegratedVariance,
        "level": lambda belief: LevelVariance(belief, 43.0),
    }
    for name, make in makers.items():
        one, other = make(ours), make(theirs)
        likely = one.watched() > -12.0  # a logarithm far out in the tail magnifies what rounding does
        assert np.allclose(one.watched()[likely], other.watched()[likely], rtol=0, atol=1e-6), name
        for row in np.flatnonzero(likely)[:6]:
            (value, slope), (expected, rise) = one.slope(POOL[row]), other.slope(POOL[row])
            assert value == pytest.approx(expected, abs=1e-6), name
            assert slope == pytest.approx(rise, rel=1e-6, abs=1e-6), name


@pytest.mark.parametrize("way", ["ours", "theirs"])
def test_the_models_of_botorch_tell_what_the_members_tell(both, way):
    belief = dict(zip(("ours", "theirs"), both, strict=True))[way]
    told = belief.at(POOL)
    for k, model in enumerate(library_models(belief.training, belief.state)):
        with torch.no_grad():
            posterior = model.posterior(torch.from_numpy(POOL))
        assert np.allclose(posterior.mean[:, 0].numpy(), told.means[k], rtol=0, atol=1e-6)
        assert np.allclose(posterior.variance[:, 0].numpy(), told.sigmas[k] ** 2, rtol=0, atol=1e-6)


def test_the_fit_of_the_library_finds_a_density_that_ours_does_not_beat_as_it_counts():
    learned = training()
    ours, theirs = fit_state(learned), fit_library_state(learned, MATERN, COLUMNS)
    assert (theirs.mean, theirs.spread, theirs.fitted_to) == (ours.mean, ours.spread, ours.fitted_to)
    known = ours.scale.standardise(learned)
    found: list[float] = []
    for state in (theirs, same_state(ours)):
        best = state.members[0]
        own = with_parameters(make_kernel(MATERN, COLUMNS), best.parameters)
        density = log_density(own, best.noise, known)
        model = density.model.train()
        found.append(
            float(density(model(*model.train_inputs), model.train_targets).detach()) * len(known.values)
        )
    assert found[0] > found[1] - 1e-3
    assert found[0] - found[1] < 5.0, "ours is a summit of the density of the logarithms, near by"
    assert theirs.members[0].inflation == pytest.approx(ours.members[0].inflation, rel=0.1)


LINE = """
from gpytorch.kernels import LinearKernel, MaternKernel, ScaleKernel
from gpytorch.priors import GammaPrior


def make(columns):
    rough = MaternKernel(nu=1.5, ard_num_dims=len(columns), lengthscale_prior=GammaPrior(3.0, 6.0))
    return ScaleKernel(rough, outputscale_prior=GammaPrior(2.0, 1.0)) + LinearKernel(
        variance_prior=GammaPrior(2.0, 2.0)
    )
"""
"""A kernel that is not stationary: its variance differs from place to place."""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Lay a module of one's own where it can be imported; the name of its function."""

    def lay(source: str, name: str) -> str:
        (tmp_path / f"{name}.py").write_text(source)
        monkeypatch.syspath_prepend(str(tmp_path))
        return f"{name}:make"

    return lay


def test_a_kernel_that_is_not_stationary_tells_what_the_library_tells(own):
    name = own(LINE, "line_kernel")
    check_kernel(name, COLUMNS)
    learned = training()
    state = fit_library_state(learned, name, COLUMNS)
    belief = Belief(learned, state, Watch(POOL))
    (model,) = library_models(learned, state)
    with torch.no_grad():
        posterior = model.posterior(torch.from_numpy(POOL))
    assert np.allclose(posterior.mean[:, 0].numpy(), belief.watched().means[0], rtol=0, atol=1e-6)
    assert np.allclose(posterior.variance[:, 0].numpy(), belief.watched().sigmas[0] ** 2, rtol=0, atol=1e-6)
    step = 1e-5
    for point in POOL[:6]:
        told = belief.expect(point)
        for axis in range(2):
            shift = step * np.eye(2)[axis]
            up, down = belief.at((point + shift)[None]), belief.at((point - shift)[None])
            rise = (up.means - down.means)[0, 0] / (2 * step)
            assert told.mean_gradients[0, axis] == pytest.approx(rise, rel=1e-4, abs=1e-6)
            rise = (up.sigmas - down.sigmas)[0, 0] / (2 * step)
            assert told.sigma_gradients[0, axis] == pytest.approx(rise, rel=1e-3, abs=1e-5)


def test_our_worths_under_a_kernel_of_ones_own_have_the_gradients_that_they_claim(own):
    learned = training()
    state = fit_library_state(learned, own(LINE, "steep_kernel"), COLUMNS)
    belief, step = Belief(learned, state, Watch(POOL, is_pairwise=True)), 1e-5
    for worth in (IntegratedVariance(belief), LevelVariance(belief, 43.0), Ignorance(belief)):
        for point in POOL[:5]:
            value, gradient = worth.slope(point)
            assert value == pytest.approx(worth.at(point[None])[0], rel=1e-7)
            for axis in range(2):
                shift = step * np.eye(2)[axis]
                up, down = worth.at(np.stack([point + shift, point - shift]))
                assert gradient[axis] == pytest.approx((up - down) / (2 * step), rel=2e-3, abs=1e-4)


def test_a_belief_that_grew_and_one_built_anew_from_json_have_the_same_bits(own):
    name = own(LINE, "grown_kernel")
    learned = training(40)

    def first(n: int) -> Training:
        return Training(learned.unit_points[:n], learned.values[:n], learned.sigmas[:n])

    state = fit_library_state(first(25), name, COLUMNS)
    again = LibraryState.model_validate_json(canonical_json(state))
    assert again == state
    grown = Belief(first(25), state, Watch(POOL, is_pairwise=True))
    for n in (26, 31, 40):
        grown.learn(first(n))
    torch.manual_seed(5)
    torch.rand(3)
    anew = Belief(learned, again, Watch(POOL, is_pairwise=True))
    assert np.array_equal(grown.watched().means, anew.watched().means)
    assert np.array_equal(grown.at(POOL).sigmas, anew.at(POOL).sigmas)
    assert np.array_equal(grown.watched_covariances(), anew.watched_covariances())
    assert np.array_equal(grown.expect(POOL[3]).sigma_gradients, anew.expect(POOL[3]).sigma_gradients)
    assert fit_library_state(learned, name, COLUMNS, state) == fit_library_state(
        learned, name, COLUMNS, again
    )


def test_a_kernel_leaves_the_libraries_as_it_found_them(own):
    torch.manual_seed(3)
    before = torch.get_rng_state()
    fit_library_state(training(), own(LINE, "polite_kernel"), COLUMNS)
    assert torch.get_default_dtype() == torch.float32
    assert torch.equal(torch.get_rng_state(), before)


BENT = """
from gpytorch.kernels import RBFKernel


class Bent(RBFKernel):
    def forward(self, x1, x2, **keys):
        return {}


def make(columns):
    return Bent()
"""
WRONG = {
    "is no kernel": ("def make(columns):\n    return 3\n", "returned a int and no gpytorch.kernels.Kernel"),
    "raises": ("def make(columns):\n    raise OSError('no\\n table')\n", "raised OSError: no table"),
    "takes nothing": ("def make():\n    return 3\n", "takes 0 positional arguments but 1 was given"),
    "has three columns": (
        "from gpytorch.kernels import RBFKernel\ndef make(columns):\n    return RBFKernel(ard_num_dims=3)\n",
        r"fails on 2 columns \(x, y\): RuntimeError",
    ),
    "gives NaN": (
        BENT.format("super().forward(x1, x2, **keys) * float('nan')"),
        "whose covariances are not finite at 144 of 144 pairs",
    ),
    "is negative": (
        BENT.format("-super().forward(x1, x2, **keys)"),
        "whose covariances are not positive: an eigenvalue is",
    ),
    "is a batch": (
        "import torch\nfrom gpytorch.kernels import RBFKernel\ndef make(columns):\n"
        "    return RBFKernel(batch_shape=torch.Size([4]))\n",
        r"made a batch of kernels, of shape \(4,\)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", WRONG)
def test_a_kernel_that_is_wrong_is_refused_on_one_line_before_the_night(own, mistake):
    source, answer = WRONG[mistake]
    name = own(source, f"wrong_kernel_{list(WRONG).index(mistake)}")
    with pytest.raises(BadInput, match=answer) as caught:
        check_kernel(name, COLUMNS)
    assert caught.value.where == "strategy.kernel"
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_kernel_that_breaks_in_the_night_is_a_failed_fit_and_no_crash(own):
    source = (
        "from gpytorch.kernels import RBFKernel\n"
        "class Tired(RBFKernel):\n"
        "    def forward(self, x1, x2, **keys):\n"
        "        if len(x1) > 20:\n"
        "            raise MemoryError('too\\nmany')\n"
        "        return super().forward(x1, x2, **keys)\n"
        "def make(columns):\n    return Tired()\n"
    )
    name = own(source, "tired_kernel")
    check_kernel(name, COLUMNS)
    state = fit_library_state(training(20), name, COLUMNS)
    with pytest.raises(FitFailed, match="kernel tired_kernel:make cannot be fitted: MemoryError: too many"):
        fit_library_state(training(30), name, COLUMNS, state)
    with pytest.raises(FitFailed, match="the kernel tired_kernel:make raised MemoryError: too many"):
        Belief(training(30), state, Watch(POOL))


def test_a_state_of_another_kernel_is_refused(own):
    state = fit_library_state(training(), own(LINE, "one_kernel"), COLUMNS)
    other = own(
        LINE.replace(" + LinearKernel(\n        variance_prior=GammaPrior(2.0, 2.0)\n    )", ""), "two_kernel"
    )
    with pytest.raises(BadInput, match=r"holds kernels.0.raw_outputscale .*, but the kernel two_k"):
        Belief(training(), state.model_copy(update={"kernel": other}))
    with pytest.raises(BadInput, match="is for 2 axes and 30 observations; there are 2 and 12"):
        Belief(training(12), state)


def test_equal_values_teach_a_kernel_of_ones_own_nothing(own):
    flat = Training(training().unit_points, np.ones(30), np.full(30, 0.1))
    with pytest.raises(FitFailed, match="all 30 observations are equal"):
        fit_library_state(flat, own(LINE, "bored_kernel"), COLUMNS)
