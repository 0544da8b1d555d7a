"""Marks on a map: each kind of point has its own, the legend names those there, a goal has its line."""

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from agent.pictures.marks import draw_marks, draw_meanings, draw_sought
from agent.pictures.page import draw_page
from agent.pictures.ternary import mesh_of, triangle_of
from models.domain.objective import as_objective
from tests import fakes
from tests.agent.test_pictures import campaign

TRIANGLE = triangle_of(fakes.TERNARY)
LEVEL = as_objective(feature="height", goal="level", level=0.4)


@pytest.fixture
def ax() -> Axes:
    return Figure().subplots()


def legend(ax: Axes) -> list[str]:
    drawn = ax.get_legend()
    assert drawn is not None
    return [text.get_text() for text in drawn.get_texts()]


def marks_at(ax: Axes, point) -> set[str]:
    place = TRIANGLE.place(point)
    return {str(line.get_label()) for line in ax.get_lines() if np.allclose(line.get_xydata(), place)}


def test_every_kind_of_point_has_a_mark_of_its_own_and_the_legend_names_it(ax, tmp_path):
    history = campaign(tmp_path, 9, rejects=lambda seq: seq == 7, lacks=lambda p: p["water"] > 0.7)
    points = draw_marks(ax, history, LEVEL, TRIANGLE.place, size=4.0)
    lacking = {seq for seq, point in points.items() if point["water"] > 0.7 and seq != 7}
    assert lacking, "some must lack it, or this shows nothing"
    for seq, point in points.items():
        mark = (
            "failed or rejected" if seq == 7
            else "feature absent" if seq in lacking
            else "even start" if seq <= 3
            else "chosen"
        )  # fmt: skip
        assert marks_at(ax, point) - {"best"} == {mark}, seq
    ringed = [seq for seq, point in points.items() if "best" in marks_at(ax, point)]
    heights = {o.seq: o.features[0].value for _, o in history.accepted() if o.features}
    assert ringed == [min(heights, key=lambda seq: abs(heights[seq] - 0.4))]
    draw_meanings(ax)
    assert legend(ax) == ["even start", "chosen", "feature absent", "failed or rejected", "best"]


def test_a_legend_names_no_mark_that_is_not_there(ax, tmp_path):
    draw_marks(ax, campaign(tmp_path, 2), as_objective(goal="map", feature="height"), TRIANGLE.place, 4.0)
    draw_meanings(ax)
    assert "chosen" not in legend(ax)
    assert "feature absent" not in legend(ax)


@pytest.mark.parametrize(("level", "is_crossed"), [(0.4, True), (1.4, False), (-0.1, False)])
def test_the_line_of_a_level_lies_where_it_is_expected_and_nowhere_when_it_is_not(ax, level, is_crossed):
    values = TRIANGLE.grid()
    mean = values[:, 0]  # what is expected is the first fraction
    draw_sought(ax, mesh_of(TRIANGLE, values), mean, {"level": level})
    draw_meanings(ax)
    assert legend(ax) == ([f"level {level:g}"] if is_crossed else [])
    if is_crossed:
        (line,) = ax.collections
        (x, y) = np.vstack([path.vertices for path in line.get_paths()]).T
        second, third = x - y / np.sqrt(3.0), y * 2.0 / np.sqrt(3.0)  # shares, from the plane back
        first = TRIANGLE.axes[0].low + (1.0 - second - third) * TRIANGLE.size
        assert first == pytest.approx(level, abs=1e-9)


def test_the_boundary_is_on_the_page_of_a_level(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr("agent.pictures.page.draw_sought", lambda *what: drawn.append(what[-1]))
    draw_page(fakes.spec(objective=LEVEL), fakes.TERNARY, campaign(tmp_path, 12), tmp_path / "page.png")
    assert drawn == [{"level": 0.4}]
