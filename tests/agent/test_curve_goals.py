"""Goals about whole curves: mistakes are named before the night, nothing in it ends one, features follow."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from agent.foresight import Foresight
from agent.strategy import bayes
from agent.strategy.problem import Problem
from agent.target_curve import with_target
from models.domain.analysis_spec import AnalysisSpec
from models.domain.campaign import CampaignSpec
from models.domain.canonical import canonical_json
from models.domain.decision import Decision
from models.domain.errors import BadInput
from models.domain.history import History, Observation
from models.domain.objective import Match, as_objective
from models.domain.point import Point
from models.domain.scattering import Curve, CurveProfile, Feature
from models.saxs.curve_files import write_curve
from models.saxs.extractors import load_extractors
from models.saxs.reading import read_features
from tests import fakes
from tests.gp.twin_curves import ENCODING, SPACE, Q, design, measure, true_curves

WINDOW = {"q_min_inv_nm": 0.14, "q_max_inv_nm": 3.5}


def campaign_spec(objective: dict[str, object], **analysis: object) -> CampaignSpec:
    keys = {"features": ("peak",), "intensity_unit": "1/cm"} | (analysis or WINDOW)
    return fakes.spec(objective=as_objective(**objective), analysis=AnalysisSpec.model_validate(keys))


def profile_at(point: Point, seed: int) -> CurveProfile:
    intensity, sigma = (rows[0] for rows in measure(ENCODING.encode([point]), seed))
    return CurveProfile(
        q_inv_nm=tuple(Q.tolist()),
        intensity=tuple(intensity.tolist()),
        sigma=tuple(sigma.tolist()),
        unit="1/cm",
    )


def observe(history: History, decision: Decision, profile: CurveProfile | None) -> History:
    action = fakes.FakeInstrument().actions(decision)[1]
    seen = Observation(seq=decision.seq, is_accepted=True, profile=profile)
    return history.plus(decision).plus(fakes.exposure_of(action, decision)).plus(seen)


def task(objective: object) -> Problem:
    return Problem(space=SPACE, objective=objective, units={}, exposure_s=1.0, seed=3)


def night(
    objective: object, n: int, curve: Callable[[Point, int], CurveProfile | None] = profile_at
) -> History:
    strategy = bayes.build(bayes.Options(initial=5, pool=128, alternatives=1), task(objective))
    history = History()
    for _ in range(n):
        decision = strategy.propose(history)
        assert decision.point is not None
        history = observe(history, decision, curve(decision.point, decision.seq))
    return history


def matching() -> Match:
    goal = as_objective(goal="match", curve="t.dat")
    target = profile_at(Point(coordinates={"surfactant": 0.14, "cosurfactant": 0.26, "water": 0.6}), 99)
    return goal.model_copy(update={"target": target})


@pytest.mark.parametrize(
    ("objective", "analysis", "says"),
    [
        ({"goal": "curves"}, {"q_max_inv_nm": 3.0}, r"analysis.q_min_inv_nm: is not given.*smallest q"),
        ({"goal": "curves"}, {"q_min_inv_nm": 0.1}, r"analysis.q_max_inv_nm: is not given.*largest q"),
        ({"goal": "match", "curve": "none.dat"}, WINDOW, r"objective.curve: .*none.dat"),
        (
            {"goal": "match", "curve": "far.dat"},
            WINDOW,
            r"from q = 5 to 9 1/nm, with points in 0 of the 64 bins",
        ),
        ({"goal": "match", "curve": "dark.dat"}, WINDOW, r"dark.dat is nowhere above zero"),
        ({"goal": "match", "curve": "counts.dat", "scale": "fixed"}, WINDOW, r"in a.u., but .* in 1/cm"),
    ],
    ids=["no q_min", "no q_max", "no file", "other q", "dark", "other unit"],
)
def test_mistakes_are_one_line_before_the_night(objective, analysis, says, tmp_path: Path):
    far, near = np.linspace(5.0, 9.0, 50), np.geomspace(0.1, 3.6, 300)
    write_curve(tmp_path / "far.dat", Curve(far, np.ones(50), np.full(50, 0.1), "1/cm"))
    write_curve(tmp_path / "dark.dat", Curve(near, -np.ones(300), np.full(300, 0.1), "1/cm"))
    write_curve(tmp_path / "counts.dat", Curve(near, np.ones(300), np.full(300, 0.1), "a.u."))
    with pytest.raises(BadInput, match=says) as caught:
        with_target(campaign_spec(objective, **analysis), tmp_path)
    assert "\n" not in str(caught.value)


def test_the_target_goes_into_the_task_so_that_the_record_alone_says_what_was_sought(tmp_path: Path):
    near = np.geomspace(0.1, 3.6, 300)
    write_curve(tmp_path / "t.dat", Curve(near, 1.0 / near, 0.01 / near, "1/cm"))
    whole = with_target(campaign_spec({"goal": "match", "curve": "t.dat"}), tmp_path)
    assert isinstance(whole.objective, Match)
    assert whole.objective.target is not None
    assert len(whole.objective.target.q_inv_nm) == 64
    text = canonical_json(task(whole.objective))
    assert Problem.model_validate_json(text).objective == whole.objective
    (tmp_path / "t.dat").unlink()
    assert with_target(whole, tmp_path) == whole


@pytest.mark.parametrize("objective", [as_objective(goal="curves"), matching()], ids=["curves", "match"])
def test_a_decision_follows_from_the_history_alone(objective):
    history = night(objective, 8)
    last = history.decisions[-1]
    assert last.kind == "suggest"
    earlier = History(
        decisions=history.decisions[:-1],
        exposures=history.exposures[:-1],
        observations=history.observations[:-1],
    )
    anew = bayes.build(bayes.Options(initial=5, pool=128, alternatives=1), task(objective))
    assert anew.propose(earlier) == last
    assert last.model is not None
    assert anew.with_state(last.model.canonical_json).propose(earlier) == last


@pytest.mark.parametrize("objective", [as_objective(goal="curves"), matching()], ids=["curves", "match"])
@pytest.mark.parametrize(
    ("curve", "says"),
    [
        (lambda point, seq: None, "no measurement has a curve on record"),
        (lambda point, seq: profile_at(point, seq) if seq == 2 else None, "there are 1"),
        (lambda point, seq: profile_at(SAME, 1), "curves are equal"),
    ],
    ids=["no curves", "one curve", "all equal"],
)
def test_curves_that_teach_nothing_lead_to_filling_the_space_with_the_reason(objective, curve, says):
    decision = night(objective, 7, curve).decisions[-1]
    assert (decision.kind, decision.reason.code) == ("fallback", "no_model")
    assert says in decision.reason.sentence


SAME = Point(coordinates={"surfactant": 0.14, "cosurfactant": 0.26, "water": 0.6})


def test_features_foreseen_agree_with_those_of_the_true_curve():
    history = night(as_objective(goal="curves"), 5)
    for column, seed in zip(design(20, 4), range(20), strict=True):
        (point,) = ENCODING.decode(column[np.newaxis])
        decision = task(as_objective(goal="curves")).measure(
            history, "initial_design", point, history.decisions[0].reason
        )
        history = observe(history, decision, profile_at(point, 100 + seed))
    foresight = Foresight(SPACE, as_objective(goal="curves"), history)
    (extractor,) = load_extractors(("peak",))
    n_held, n_both = 0, 0
    for column in design(6, 60):
        (point,) = ENCODING.decode(column[np.newaxis])
        (truth,) = true_curves(column[np.newaxis])
        own = read_features((extractor,), Curve(Q, truth, 0.02 * truth, "1/cm"))
        sought = next((one.value for one in own if isinstance(one, Feature) and one.name == "peak_q"), None)
        found = next(one for one in foresight.features((extractor,), point, 1, 12) if one.name == "peak_q")
        if sought is not None and found.chance > 0.5:
            n_both += 1
            low, high = np.percentile(found.values, (2.5, 97.5))
            n_held += bool(low - 0.05 * sought <= sought <= high + 0.05 * sought)
    assert n_both >= 3
    assert n_held >= 0.75 * n_both
