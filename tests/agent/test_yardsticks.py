"""Each goal is scored by the truth, and the same for all strategies."""

from collections.abc import Callable

import numpy as np
import pytest

from agent.rehearsal.measured import ONE_DATA_SET
from agent.rehearsal.reaching import sentence_of
from agent.rehearsal.setting import Choice, choose_world
from agent.rehearsal.target import read_target
from agent.rehearsal.verdict import Pairing
from agent.rehearsal.yardsticks.catalog import yardstick_for
from agent.rehearsal.yardsticks.standard import Run, Standard, Truth
from models.domain.errors import BadInput
from models.domain.history import Observation
from models.domain.objective import as_objective
from models.domain.point import Point
from models.domain.scattering import CurveProfile, Feature, Floats
from models.domain.space import Axis, SearchSpace
from models.gp.encoding import Encoding
from tests.agent.test_rehearsal import fared, small

X = np.linspace(0.0, 1.0, 41)
SPACE = SearchSpace(
    axes=(Axis(name="x", low=0.0, high=1.0),),
    candidates=tuple(Point(coordinates={"x": float(x)}) for x in X),
)
BINS = 16
Q = np.geomspace(0.1, 1.0, BINS)

Seen = Callable[[float], Observation]


def with_features(**values: float) -> Observation:
    found = tuple(Feature(name=k, value=v, sigma=0.01, unit="1") for k, v in values.items())
    return Observation(seq=1, is_accepted=True, features=found)


def with_curve(slope: float, level: float = 1.0, **values: float) -> Observation:
    intensity = level * 100.0 * Q**-slope
    profile = CurveProfile(
        q_inv_nm=tuple(Q), intensity=tuple(intensity), sigma=tuple(0.001 * intensity), unit="1/cm"
    )
    return with_features(**values).model_copy(update={"profile": profile})


def laid(seen: Seen, **goal: object):
    yardstick, encoding = yardstick_for(as_objective(**goal)), Encoding(SPACE)

    def ask(point: Point) -> Floats:
        return yardstick.read(seen(float(point.numbers["x"])))

    rows = np.array([ask(point) for point in SPACE.candidates])
    standard = yardstick.lay(Truth(encoding.encode(SPACE.candidates), rows, encoding, 1, ask))
    return yardstick, standard, ask


def scored(
    seen: Seen, at: list[float | None], told: Seen | None = None, **goal: object
) -> list[float | None]:
    yardstick, standard, ask = laid(seen, **goal)
    found = [
        None if x is None else (Point(coordinates={"x": float(x)}), (told or seen)(float(x))) for x in at
    ]
    return yardstick.scores(standard, Run(found, Encoding(SPACE), ask))


def two_goals(x: float) -> Observation:
    return with_features(a=x, b=1.0 - x)


BOTH = {
    "goal": "pareto",
    "of": [{"goal": "maximise", "feature": "a"}, {"goal": "maximise", "feature": "b"}],
}


def test_volume_lost_falls_from_all_to_nothing_as_the_front_is_found():
    scores = scored(two_goals, [0.5, 0.0, 1.0, *X.tolist()], **BOTH)
    # one point of 41 on a straight front, up to (0 - 0.1, 0 - 0.1): 0.6^2 of what all 41 dominate
    front = sum(1 / 40 * (1.1 - k / 40) for k in range(1, 41)) + 0.1 * 1.1
    assert scores[0] == pytest.approx(1 - 0.36 / front)
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] == pytest.approx(0.0, abs=1e-9)


def test_volume_is_that_of_the_truth_at_what_looks_best():
    def lucky(x: float) -> Observation:  # noise: a poor sample looks best in both
        return with_features(a=2.0, b=2.0) if x == 0.25 else two_goals(x)

    def truth(x: float) -> Observation:
        return with_features(a=0.1, b=0.1) if x == 0.25 else two_goals(x)

    assert scored(truth, [0.5, 0.25], told=lucky, **BOTH)[1] > scored(truth, [0.5], **BOTH)[0]


def test_a_reference_of_the_file_is_taken_and_one_beyond_the_front_refused():
    strict = scored(two_goals, [0.0, 0.5], reference=[0.4, 0.4], **BOTH)
    assert strict[0] == 1.0
    assert strict[1] is not None
    assert strict[1] < 1.0
    with pytest.raises(BadInput, match=r"objective\.reference"):
        laid(two_goals, reference=[2.0, 2.0], **BOTH)


def test_a_night_among_some_samples_is_held_against_the_best_front_of_these():
    yardstick, standard, _ = laid(two_goals, **BOTH)
    some = SPACE.model_copy(update={"candidates": SPACE.candidates[::10]})
    assert yardstick.among(standard, some).best < standard.best


CURVES = {"goal": "curves", "bins": BINS}


def test_curves_are_scored_by_the_error_of_log_intensity_over_the_space():
    def steeper(x: float) -> Observation:
        return with_curve(1.0 + 2.0 * x)

    yardstick, standard, _ = laid(steeper, **CURVES)
    logs = np.array([np.log(100.0 * Q ** -(1.0 + 2.0 * x)) for x in X])
    assert standard.scale == pytest.approx(np.sqrt(((logs - logs.mean(axis=0)) ** 2).mean()), rel=1e-3)
    scores = scored(steeper, [0.0, 0.5, None, 1.0, 0.25, 0.75], **CURVES)
    assert scores[:3] == [None, None, None]
    assert scores[-1] is not None
    assert scores[-1] < 0.02 * standard.scale
    near = scored(steeper, [0.0, 0.02, 0.04, 0.06, 0.08], **CURVES)[-1]
    assert near is not None
    assert near > 5 * scores[-1]
    assert len(yardstick.ideal(standard, 6)) == 6


def test_a_factor_on_all_curves_is_an_error_of_its_logarithm():
    def flat(x: float) -> Observation:
        return with_curve(1.0 + x)

    def brighter(x: float) -> Observation:
        return with_curve(1.0 + x, level=1.2)

    found = scored(flat, [0.0, 0.25, 0.5, 0.75, 1.0], told=brighter, **CURVES)[-1]
    assert found == pytest.approx(np.log(1.2), abs=0.02)


def two_phases(x: float) -> Observation:
    return with_curve(1.0 if x < 0.6 else 4.0, level=1.0 + x, strength=x)


PHASES = {"goal": "phases", "bins": BINS}


@pytest.mark.parametrize("by_feature", [False, True])
def test_phases_are_scored_by_the_share_that_the_nearest_sample_tells_wrongly(by_feature):
    def numbered(x: float) -> Observation:
        return with_features(phase=1.0 if x < 0.6 else 2.0)

    goal = {"goal": "phases", "feature": "phase"} if by_feature else PHASES
    seen = numbered if by_feature else two_phases
    scores = scored(seen, [0.0, None, 1.0, 0.575, 0.6], **goal)
    assert scores[0] == pytest.approx(17 / 41)  # 0.6 to 1.0 are of the other phase
    assert scores[1] == scores[0]
    assert scores[2] == pytest.approx(3 / 41, abs=1e-9)  # 0.525 to 0.575 are nearer to 1.0
    assert scores[-1] == 0.0


def test_with_then_what_the_map_lacks_and_the_regret_add_up():
    goal = PHASES | {"then": {"goal": "maximise", "feature": "strength"}, "sure_to": 0.1}
    scores = scored(two_phases, [0.0, 0.6, 1.0, 0.575], **goal)
    assert scores[0] == pytest.approx(17 / 41 - 0.1 + 1.0)
    assert scores[-1] == pytest.approx(0.0)
    assert scores[1] == pytest.approx(12 / 41 - 0.1 + 0.4, abs=0.03)  # 0.3 to 0.6 are nearer to 0.6


def test_a_truth_of_one_phase_has_no_map():
    with pytest.raises(BadInput, match="has 1 phase at 41 points"):
        laid(lambda x: with_features(phase=1.0), goal="phases", feature="phase")


def test_a_share_on_the_wrong_side_of_a_level_has_a_scale_of_1():
    _, standard, _ = laid(lambda x: with_features(a=100.0 * x), goal="level", feature="a", level=30.0)
    assert standard.scale == 1.0  # else shares would count as alike that are not


def test_how_well_phases_and_curves_are_foretold_is_told_against_a_constant():
    yardstick, _, _ = laid(two_phases, **PHASES)
    rows = np.array([yardstick.read(two_phases(float(x))) for x in X])
    assert yardstick.explain(rows, rows) == (1.0, "the phase in 100% of them")
    all_one = np.tile(rows[0], (len(rows), 1))
    assert yardstick.explain(rows, all_one)[0] == pytest.approx(0.0)
    curves, _, _ = laid(two_phases, **CURVES)
    assert curves.explain(rows, rows)[0] == 1.0
    assert curves.explain(rows, all_one)[0] < 0.0


@pytest.mark.parametrize(
    ("goal", "text", "says"),
    [
        (BOTH, "volume<5%", "volume lost < 5 %"),
        (CURVES, "rmse<0.05", "rmse < 0.05"),
        (PHASES, "share<0.05", "share wrong < 5 %"),
        (PHASES | {"then": {"feature": "a"}}, "shortfall<5%", "shortfall < 5 %"),
    ],
)
def test_a_plan_names_the_quantity_of_its_goal_and_refuses_another(goal, text, says):
    yardstick = yardstick_for(as_objective(**goal))
    target = read_target(text, yardstick.name)
    assert target.text(1.0, "share" if yardstick.is_share else "1", yardstick.of) == says
    with pytest.raises(BadInput, match=f'is about regret.* scored by {yardstick.name}. Write it like "'):
        read_target("regret<5%", yardstick.name)


def test_a_world_without_a_fast_twin_is_the_full_one_and_says_so():
    counting = small(setup={"relative_sigma": 0.01, "longest_s": 10.0})
    assert choose_world(None, counting).kind == "twin"
    assert "the campaign has a [setup]" in choose_world(None, counting).why
    with pytest.raises(BadInput, match="Use --world twin"):
        choose_world("fast", counting)
    scan = choose_world(None, small(instrument={"kind": "virtual_scan"}))
    assert (scan.kind, "has no fast one" in scan.why) == ("twin", True)
    assert choose_world(None, small()) == Choice("fast")


def test_two_that_fresh_nights_do_not_tell_apart_are_both_named():
    def beside(other: str, share: float, high: float) -> Pairing:
        return Pairing(
            one="bayes", other=other, n=6, wins=6 * share, share=share, low=0.1, high=high, gap=0.0,
            gap_low=0.0, gap_high=0.0, is_fresh=True,
        )  # fmt: skip

    strategies = [fared("bayes"), fared("start-4"), fared("random", is_plain=True)]
    pairs = [beside("random", 1.0, 1.0), beside("start-4", 0.33, 0.7)]
    said = sentence_of(strategies, pairs, ("regret", "nm"))
    assert said.startswith("Run bayes or start-4, which fresh nights do not tell apart: better than random")
    worse = [beside("random", 1.0, 1.0), beside("start-4", 0.1, 0.4)]
    assert sentence_of(strategies, worse, ("regret", "nm")).startswith("Nothing is recommended")


def test_one_data_set_is_warned_of():
    assert Choice("folder", "x").caution == ONE_DATA_SET
    assert not Choice("fast").caution


def test_standards_of_every_goal_can_be_kept(tmp_path):
    from agent.rehearsal.standards import read_standards, write_standards

    kept: dict[int, Standard] = {k: laid(two_phases, **goal)[1] for k, goal in enumerate((CURVES, PHASES))}
    write_standards(tmp_path, "key", kept)
    again = read_standards(tmp_path, "key")
    for place, one in kept.items():
        assert np.array_equal(again[place].values, one.values, equal_nan=True)
        assert np.array_equal(again[place].marks, one.marks, equal_nan=True)
