"""A page is drawn for every campaign, however it went."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from agent.pictures.belief import believe
from agent.pictures.page import draw_page
from agent.pictures.panels import axis_label
from agent.pictures.ternary import triangle_of
from models.domain.action import Asset
from models.domain.campaign import CampaignSpec
from models.domain.decision import Decision, Reason
from models.domain.history import Failure, History
from models.domain.objective import as_objective
from models.domain.scattering import Curve
from models.domain.space import Axis, Point, SearchSpace
from models.saxs.curve_files import write_curve
from tests import fakes
from tests.draws import draw_feasible, unscale

LINE = SearchSpace(axes=(Axis(name="t", low=20.0, high=60.0, unit="C"),))
NEAR = as_objective(feature="height", goal="target", target=0.5)


def written(path: Path) -> Asset:
    q = np.geomspace(0.05, 4.0, 80)
    intensity = 10.0 * np.exp(-(q**2)) + np.where(q > 3.0, -0.01, 0.01)
    write_curve(path, Curve(q, intensity, 0.02 * np.abs(intensity) + 0.01, unit="1/cm"))
    return Asset(role="curve", path=str(path), sha256="0" * 64, n_bytes=1)


def campaign(
    folder: Path, n: int, space: SearchSpace = fakes.TERNARY, rejects=lambda _: False, lacks=lambda _: False
) -> History:
    """A campaign of n measurements, with curves that exist."""

    def truth(point: Point) -> float:
        return fakes.hill(point) if space is fakes.TERNARY else point["t"] / 60.0

    history, analysis = History(), fakes.FakeAnalysis(truth, rejects, lacks)
    for seq, point in enumerate(unscale(space, draw_feasible(space, n, 1)), start=1):
        kind = "initial_design" if seq <= 3 else "suggest"
        decision = Decision(seq=seq, kind=kind, point=point, reason=Reason(code="c", sentence="s"))
        exposure = fakes.exposure_of(fakes.FakeInstrument().actions(decision)[1], decision)
        observation = analysis(exposure, None).observation
        if observation.curve is not None:
            asset = written(folder / f"curve-{seq}.dat")
            observation = observation.model_copy(update={"curve": asset})
        history = history.plus(decision).plus(exposure).plus(observation)
    return history


def drawn(folder: Path, history: History, space: SearchSpace = fakes.TERNARY, **changes) -> Path:
    spec: CampaignSpec = fakes.spec(axes=space.axes, sums=space.sums, **changes)
    path = draw_page(spec, space, history, folder / "pictures" / "page.png")
    assert path is not None
    pixels = imread(path)
    assert min(pixels.shape[:2]) > 500
    assert pixels[..., :3].std() > 0.05  # not an empty page
    return path


def test_a_mixture_of_three_is_drawn_as_a_map(tmp_path):
    plain = imread(drawn(tmp_path, campaign(tmp_path, 12)))
    assert plain.shape[1] > 1.5 * plain.shape[0]
    coloured = np.ptp(plain[..., :3], axis=2) > 0.2
    assert coloured.mean() > 0.05  # the posterior fills part of the page


@pytest.mark.parametrize("n", [1, 2, 9])
def test_another_space_is_drawn_without_a_map_from_the_first_point_on(tmp_path, n):
    drawn(tmp_path, campaign(tmp_path, n, LINE), LINE)


def test_a_single_measurement_of_a_mixture_is_drawn_before_any_model_can_be_had(tmp_path):
    drawn(tmp_path, campaign(tmp_path, 1))


def test_a_target_a_rejected_frame_and_a_failure_are_drawn(tmp_path):
    history = campaign(tmp_path, 8, rejects=lambda seq: seq == 4)
    lost = Decision(
        seq=9, kind="suggest", point=history.decision(1).point, reason=Reason(code="c", sentence="s")
    )
    history = history.plus(lost).plus(Failure(seq=9, code="BeamlineFault", sentence="stuck"))
    drawn(tmp_path, history, objective=NEAR)


def test_curves_without_the_feature_leave_the_value_out_and_the_page_whole(tmp_path):
    drawn(tmp_path, campaign(tmp_path, 6, lacks=lambda _: True))


def test_a_curve_that_was_moved_away_does_not_cost_the_page(tmp_path):
    history = campaign(tmp_path, 6)
    for path in tmp_path.glob("curve-*.dat"):
        path.unlink()
    drawn(tmp_path, history)


def test_a_curve_that_is_negative_throughout_does_not_cost_the_page(tmp_path):
    history = campaign(tmp_path, 3)
    q = np.linspace(0.1, 1.0, 20)
    for path in tmp_path.glob("curve-*.dat"):
        write_curve(path, Curve(q, np.full(20, -1.0), np.ones(20), unit="1/cm"))
    drawn(tmp_path, history)


def test_a_campaign_in_which_all_failed_has_no_picture(tmp_path):
    history = campaign(tmp_path, 3, rejects=lambda _: True)
    assert draw_page(fakes.spec(), fakes.TERNARY, history, tmp_path / "page.png") is None
    assert draw_page(fakes.spec(), fakes.TERNARY, History(), tmp_path / "page.png") is None
    assert not (tmp_path / "page.png").exists()


def test_the_map_shows_what_the_model_believes(tmp_path):
    history = campaign(tmp_path, 20)
    triangle = triangle_of(fakes.TERNARY)
    assert triangle is not None
    belief = believe(fakes.TERNARY, fakes.spec().objective, history, triangle.grid())
    assert belief is not None
    top = belief.values[belief.mean.argmax()]
    assert np.linalg.norm(top - [0.30, 0.15, 0.55]) < 0.1
    assert belief.mean.max() == pytest.approx(1.0, abs=0.25)


def test_the_corners_of_the_triangle_are_the_pure_components():
    triangle = triangle_of(fakes.TERNARY)
    assert triangle is not None
    corners = np.array([[0.8, 0.0, 0.2], [0.0, 0.8, 0.2], [0.0, 0.0, 1.0]])
    x, y = triangle.to_plane(corners)
    assert np.allclose(x, [0.0, 1.0, 0.5])
    assert np.allclose(y, [0.0, 0.0, np.sqrt(0.75)])
    for point in triangle.grid():
        named = Point(coordinates=dict(zip(fakes.TERNARY.names, map(float, point), strict=True)))
        assert fakes.TERNARY.objections(named) == []


def test_a_space_that_is_no_mixture_of_three_has_no_triangle():
    assert triangle_of(LINE) is None
    assert triangle_of(fakes.TERNARY.model_copy(update={"sums": ()})) is None


def test_the_label_of_an_axis_names_feature_and_unit(tmp_path):
    assert axis_label(as_objective(feature="height"), campaign(tmp_path, 1)) == "height / 1/cm"


PHASES = as_objective(goal="phases", feature="height", n_most=30)


@pytest.mark.parametrize("n", [1, 14])
def test_phases_are_drawn_each_in_its_colour_from_the_first_point_on(tmp_path, n):
    history = campaign(tmp_path, n)
    numbered = [
        observation.model_copy(
            update={
                "features": tuple(
                    one.model_copy(update={"value": float(one.value > 0.4)}) for one in observation.features
                )
            }
        )
        for observation in history.observations
    ]
    pixels = imread(drawn(tmp_path, history.model_copy(update={"observations": tuple(numbered)}),
                          objective=PHASES))  # fmt: skip
    orange = (np.abs(pixels[..., :3] - [1.0, 0.498, 0.055]).max(axis=2) < 0.1).mean()
    # names of an axis are orange too, 0.0003 of the page; where both phases were met, a patch of the map is
    assert (orange > 0.001) == (n > 1)


def test_the_front_of_two_goals_is_drawn_beside_the_map(tmp_path):
    of = [{"feature": "height"}, {"feature": "depth", "goal": "target", "target": 0.5}]
    history = campaign(tmp_path, 8)
    both = [
        one.model_copy(
            update={
                "features": (
                    *one.features, one.features[0].model_copy(update={"name": "depth", "value": k / 8}),
                )
            }
        )
        for k, one in enumerate(history.observations)
    ]  # fmt: skip
    drawn(
        tmp_path, history.model_copy(update={"observations": tuple(both)}),
        objective=as_objective(goal="pareto", of=of),
    )  # fmt: skip
    drawn(tmp_path, history, objective=as_objective(goal="pareto", of=of))  # no measurement has both
