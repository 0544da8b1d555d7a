"""Every kind of goal has an example, and each runs, in a short form, from file to picture and replay."""

import re
import shutil
from pathlib import Path

import pytest
from matplotlib.image import imread

EXAMPLES = Path(__file__).parents[2] / "examples"


def shortened(name: str, folder: Path) -> Path:
    """The example with a start of 5 and a budget of 8 measurements, and the curves that lie beside it."""
    for curve in EXAMPLES.glob("*.dat"):
        shutil.copy(curve, folder)
    text = (EXAMPLES / f"{name}.toml").read_text()
    text = re.sub(r"^initial = \d+", "initial = 5", text, flags=re.MULTILINE)
    text = re.sub(r"^measurements = \d+", "measurements = 8", text, flags=re.MULTILINE)
    path = folder / f"{name}.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("target", "expected for a target of 8, against"),
        ("level", "Teaches most about the boundary at 3:"),
        ("pareto", "Largest expected growth of the front: peak_strength"),
        ("curves", "Teaches most about all curves: the one here is known to"),
        ("match", "rms of the target (scale free)"),
        ("phases", "of the space. It should gain"),
    ],
)
def test_an_example_of_a_goal_runs_to_its_picture_and_is_decided_again(name, said, nightbeam, tmp_path):
    done = nightbeam("run", str(shortened(name, tmp_path)))
    assert done.returncode == 0, done.stdout + done.stderr
    assert said in done.stdout
    (picture,) = tmp_path.rglob(f"{name}.png")
    assert imread(picture).shape[0] > 500
    again = nightbeam("replay", "all")
    assert "exact" in again.stdout.splitlines()[-1], again.stdout + again.stderr
