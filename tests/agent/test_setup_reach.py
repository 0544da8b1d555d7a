"""A table [setup] that a beamline cannot follow is refused before anything moves."""

import re
from pathlib import Path

import pytest

from agent.config import read_campaign
from agent.plan import prepare
from models.domain.errors import BadInput

EXAMPLE = Path(__file__).parents[2] / "examples" / "aligned.toml"


def plan(folder: Path, table: str, *, example: Path = EXAMPLE):
    text = re.sub(r"(?ms)^\[setup\].*?(?=^\[)", "", example.read_text())
    path = folder / "campaign.toml"
    path.write_text(f"{text}\n[setup]\n{table}\n")
    return prepare(read_campaign(path), EXAMPLE.parent, f"sqlite:///{folder / 'nightbeam.db'}")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("spots = 4", "setup.spots: is 4, but the beam can be sent through 1 of a sample"),
        ("feature = 'rg'\nsigma = 0.1", "setup.feature: is 'rg', which the analysis does not make"),
        ("spot_dose_s = 0.01", "setup.spot_dose_s: is 0.01 s, less than one exposure of 0.2 s"),
    ],
)
def test_what_this_beamline_cannot_do_is_told_with_its_limit(tmp_path, table, said):
    with pytest.raises(BadInput, match=re.escape(said)):
        plan(tmp_path, table)


def test_a_cell_is_not_looked_for_where_nothing_shifts_it(tmp_path):
    scan = EXAMPLE.with_name("scan.toml")
    with pytest.raises(BadInput, match=r"setup.centring: is given, but this beamline has no device for it"):
        plan(tmp_path, "centring = { low = -1.0, high = 1.0, step = 0.5 }", example=scan)


def test_a_scanning_beamline_can_steer_its_beam(tmp_path):
    scan = EXAMPLE.with_name("scan.toml")
    assert plan(tmp_path, "steering = { low = -0.1, high = 0.1, step = 0.02 }", example=scan)


NIGHT = EXAMPLE.with_name("overnight.toml")
CELL = "[instrument.flow_cell]\nload_s = 60.0\nrinse_s = 22.0\n"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("initial = 12", "initial = 12\nahead = true", "strategy.ahead: is true, but with [load] what comes"),
        ("every = 12", 'every = "drift"', None),
        ("[load]", "", None),
        (f"{CELL}", "", None),
    ],
)
def test_loads_are_judged_where_something_is_measured_of_them(tmp_path, old, new, said):
    text = NIGHT.read_text()
    assert old in text
    path = tmp_path / "campaign.toml"
    path.write_text(text.replace(old, new))
    url = f"sqlite:///{tmp_path / 'nightbeam.db'}"
    if said is None:
        assert prepare(read_campaign(path), tmp_path, url)
        return
    with pytest.raises(BadInput, match=re.escape(said)):
        prepare(read_campaign(path), tmp_path, url)


def test_a_drift_of_the_empty_cell_calls_for_blanks_only_where_somebody_looks_at_it(tmp_path):
    text = NIGHT.read_text().replace("every = 12", 'every = "drift"')
    path = tmp_path / "campaign.toml"
    path.write_text(text.replace("[load]", ""))
    with pytest.raises(BadInput, match=r"nobody looks at the empty cell\. Add a table"):
        read_campaign(path)
    path.write_text(text.replace(CELL, ""))
    with pytest.raises(BadInput, match='is "drift", but this beamline does not measure its empty cell'):
        prepare(read_campaign(path), tmp_path, f"sqlite:///{tmp_path / 'nightbeam.db'}")
