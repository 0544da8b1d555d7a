"""A scan is drawn with its outline, its fibres and its way, however it went."""

import math
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from agent.pictures.journey import journey_of
from agent.pictures.page import draw_page
from agent.pictures.scan import is_scan
from models.domain.action import Exposure
from models.domain.decision import Decision, Reason
from models.domain.history import Failure, History, Observation
from models.domain.motion import Motion
from models.domain.region import Region
from models.domain.scattering import Absence, Feature
from models.domain.space import Axis, Point, SearchSpace
from tests import fakes

AXES = (Axis(name="x", low=-2, high=2, unit="mm"), Axis(name="y", low=-1.5, high=1.5, unit="mm"))
TRIANGLE = Region(axes=("x", "y"), polygon=((-1.9, -1.2), (1.9, -1.0), (0.0, 1.4)))
SLICE = SearchSpace(axes=AXES, region=TRIANGLE)
MOTION = Motion(velocity=1.0, acceleration=5.0, settle_s=0.2)


def visited(n: int, seed: int = 1, *, has_fibres: bool = True) -> History:
    """A scan of n places, every fifth decision a blank, the seventh lost, the ninth without direction."""
    rng, history = np.random.default_rng(seed), History()
    for seq in range(1, n + 1):
        is_blank = seq % 5 == 1
        place = {"x": -2.4, "y": 1.7} if is_blank else dict(zip("xy", rng.uniform(-1, 1, 2), strict=True))
        point = Point(coordinates={axis: float(value) for axis, value in place.items()})
        kind = "blank" if is_blank else "suggest"
        history = history.plus(
            Decision(seq=seq, kind=kind, point=point, reason=Reason(code="c", sentence="s"), exposure_s=0.2)
        )
        if seq == 7:
            history = history.plus(Failure(seq=seq, code="BeamlineFault", sentence="stuck"))
            continue
        history = history.plus(
            Exposure(seq=seq, action_id=str(seq), run_uid="r", point=point, exposure_s=0.2, assets=())
        ).plus(observed(seq, place, has_fibres))
    return history


def observed(seq: int, place: dict[str, float], has_fibres: bool) -> Observation:
    height = Feature(name="height", value=math.exp(-(place["x"] ** 2)), sigma=0.01, unit="1/cm")
    order = Feature(name="orientation_order", value=0.6, sigma=0.01, unit="1")
    angle = Feature(name="orientation_angle", value=30.0 + 20 * place["x"], sigma=0.5, unit="deg")
    if not has_fibres:
        return Observation(seq=seq, is_accepted=True, features=(height,))
    if seq == 9:
        lost = (Absence(name="orientation_angle", why="a ring"),)
        return Observation(seq=seq, is_accepted=True, features=(height, order), absences=lost)
    return Observation(seq=seq, is_accepted=True, features=(height, order, angle))


def drawn(folder: Path, history: History, space: SearchSpace = SLICE, motions=None) -> np.ndarray:
    spec = fakes.spec(axes=space.axes, sums=())
    path = draw_page(spec, space, history, folder / "scan.png", motions)
    assert path is not None
    return imread(path)[..., :3]


@pytest.mark.parametrize("n", [2, 3, 10, 40])
def test_a_scan_is_drawn_from_the_first_place_on(tmp_path, n):
    pixels = drawn(tmp_path, visited(n), motions={"x": MOTION, "y": MOTION})
    assert min(pixels.shape[:2]) > 800
    assert pixels.std() > 0.05


def test_nothing_is_coloured_outside_the_outline(tmp_path):
    whole = drawn(tmp_path, visited(20), SearchSpace(axes=AXES))
    outlined = drawn(tmp_path, visited(20), SLICE)
    coloured = [(np.ptp(pixels, axis=2) > 0.15).mean() for pixels in (whole, outlined)]
    assert coloured[1] < 0.7 * coloured[0]


def test_bars_are_drawn_where_there_are_directions(tmp_path):
    plain, barred = (drawn(tmp_path, visited(20, has_fibres=has)) for has in (False, True))
    assert np.abs(plain - barred).max() > 0.5


def test_a_scan_that_is_not_known_to_move_is_drawn_by_its_distances(tmp_path):
    assert drawn(tmp_path, visited(10)).std() > 0.05
    assert journey_of(SLICE, visited(10), None).cost_unit == "mm"


def test_a_journey_counts_the_way_to_the_blank_and_back():
    history = History()
    stops = [("suggest", 0.0), ("blank", 3.0), ("suggest", 1.0), ("suggest", 0.5)]
    for seq, (kind, x) in enumerate(stops, start=1):
        point = Point(coordinates={"x": x, "y": 0.0})
        history = history.plus(
            Decision(seq=seq, kind=kind, point=point, reason=Reason(code="c", sentence="s"))
        ).plus(Exposure(seq=seq, action_id="a", run_uid="r", point=point, exposure_s=0.5, assets=()))
    journey = journey_of(SLICE, history, {"x": MOTION, "y": MOTION})
    assert journey.seqs == (1, 3, 4)
    by_way_of_the_blank = MOTION.travel_s(3) + MOTION.travel_s(2)
    assert journey.costs.tolist() == pytest.approx([by_way_of_the_blank, MOTION.travel_s(0.5)])
    assert (journey.length, journey.exposure_s) == (5.5, 2.0)
    assert journey.text() == "3 points, 5.5 mm, 6.7 s of travel + 2 s of exposure"


def test_two_lengths_are_a_scan_and_other_planes_are_not():
    assert is_scan(SLICE)
    assert is_scan(SearchSpace(axes=AXES))
    heated = (AXES[0], Axis(name="t", low=0, high=9, unit="degC"))
    assert not is_scan(SearchSpace(axes=heated))
    assert not is_scan(fakes.TERNARY)
    assert not is_scan(SearchSpace(axes=(AXES[0],)))
    assert not is_scan(SearchSpace(axes=AXES, candidates=(Point(coordinates={"x": 0, "y": 0}),)))
