"""What a person sees of a watch: it fits the terminal, and says what was found and what is wrong."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from agent.watching.arrivals import Arrival, Stamp
from agent.watching.braille import BLANK, draw_curve
from agent.watching.lines import JsonLines, PlainLines, summary_text
from agent.watching.outcome import Flag, Outcome
from agent.watching.screen import LiveScreen
from agent.watching.watch import Counts
from models.domain.scattering import Absence, Curve, Feature

Q = np.geomspace(0.05, 5.0, 200)
CURVE = Curve(Q, 100.0 / Q**2, 1.0 / Q**2)
FEATURES = (
    Feature(name="rg", value=3.3612, sigma=0.021, unit="nm"),
    Feature(name="peak_q", value=1.5, sigma=0.01, unit="1/nm"),
    Absence(name="porod_slope", why="7 points, needs 10"),
)
GOOD = Outcome("reduced", "aa", CURVE, (), FEATURES, 2.5e7)
BAD = Outcome("reduced", "bb", CURVE, (Flag("saturation", "950 counts against a limit of 800. Attenuate."),))
COUNTS = Counts(
    n_before=5, n_good=30, n_flagged=1, n_in_hand=8, n_waiting=2, n_left=0, elapsed_s=31.0, per_s=1.5
)


def arrival(number: int) -> Arrival:
    return Arrival(Path(f"frame_[{number:03d}].tif"), Stamp(10**18 + number * 10**9, 1000))


def shown(width: int, height: int, once: bool) -> list[str]:
    console = Console(record=True, width=width, height=height, force_terminal=True, file=io.StringIO())
    screen = LiveScreen(console, "frames → out", once)
    for number in range(40):
        screen.reduced(arrival(number), BAD if number == 38 else GOOD)
    screen.counted(COUNTS)
    console.print(screen.render())
    return console.export_text().splitlines()


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40)])
@pytest.mark.parametrize("once", [True, False])
def test_the_screen_fits_the_terminal_and_tells_the_newest_frame_first(width: int, height: int, once: bool):
    lines = shown(width, height, once)
    assert len(lines) < height
    assert max(map(len, lines)) <= width
    text = "\n".join(lines)
    assert "30 good · 1 flagged · 8 in hand · 2 waiting · 5 before · 1.5 frames/s" in text
    assert ("about 10 s left" in text) == once
    assert text.index("frame_[039].tif") < text.index("frame_[037].tif")
    assert "3.361 ± 0.021" in text
    assert "saturation: 950 counts against a limit of 800" in text
    assert "newest curve: frame_[039].tif" in text
    assert "rg / nm" in text
    assert ("peak_q / 1/nm" in text) == (width == 120)


def test_a_power_law_is_a_straight_line_from_corner_to_corner():
    lines = draw_curve(CURVE, 50, 11)
    assert len(lines) == 11
    assert all(len(line) <= 50 for line in lines)
    assert "0.05" in lines[-1]
    assert "5 1/nm" in lines[-1]
    dots = [[i for i, letter in enumerate(line[9:]) if ord(letter) > BLANK] for line in lines[:-1]]
    middles = [np.mean(row) for row in dots]
    assert np.diff(middles) == pytest.approx(np.full(9, 4.1), abs=0.6)


def test_a_curve_without_a_point_above_0_is_no_drawing():
    assert draw_curve(Curve(Q, -Q, Q), 50, 11) == ["no point of the newest curve is above 0"]


def test_a_log_file_gets_one_line_a_frame():
    lines: list[str] = []
    teller = PlainLines(lines.append)
    teller.reduced(arrival(1), GOOD)
    teller.reduced(arrival(2), BAD)
    assert "frame_[001].tif good, 2.50e+07 counts: rg 3.361 ± 0.021 nm, peak_q 1.5 ± 0.01 1/nm" in lines[0]
    assert "frame_[002].tif flagged: saturation: 950 counts against a limit of 800. Attenuate." in lines[1]


def test_a_program_gets_one_object_a_frame():
    lines: list[str] = []
    JsonLines(lines.append).reduced(arrival(1), GOOD)
    told = json.loads(lines[0])
    assert told["features"]["rg"] == {"value": 3.3612, "sigma": 0.021, "unit": "nm"}
    assert told["absences"] == {"porod_slope": "7 points, needs 10"}


def test_the_end_says_what_was_done_and_what_is_left():
    assert summary_text(COUNTS) == "31 frames reduced: 30 good, 1 flagged, 5 before, 2 not whole"
