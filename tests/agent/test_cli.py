"""The command line: mistakes end with status 2 and one line; results can be read by programs."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from models.domain.decision import Decision, Reason
from models.domain.history import Failure
from models.domain.records import Decided, Ended, Started
from models.domain.space import Point
from tests import fakes

SCAN = Path(__file__).parents[2] / "examples" / "scan.toml"
FIRST_LIGHT = (Path(__file__).parents[2] / "examples" / "first_light.toml").read_text()
POINT = Point(coordinates={"surfactant": 0.2, "cosurfactant": 0.1, "water": 0.7})
PONI = "poni_version: 2\nDetector: Pilatus2M\nDetector_config: {}\nDistance: 1.5\nPoni1: 0.1\nPoni2: 0.1\n"
PONI += "Rot1: 0\nRot2: 0\nRot3: 0\nWavelength: 1e-10\n"
HEAVY = (
    "torch", "bluesky", "ophyd", "sqlalchemy", "pyFAI", "matplotlib", "scipy", "h5py", "botorch", "sasmodels",
)  # fmt: skip


MISTAKES = {
    "an unknown key": ({"goal =": "gaol ="}, ["objective.gaol", "not a known key", "Did you mean goal?"]),
    "a goal that is nearly one": (
        {'goal = "maximise"': 'goal = "maximize"'},
        ["objective.goal", "is 'maximize', which is no goal that is known", "Did you mean maximise?"],
    ),
    "exchanged bounds": ({"high = 0.60": "high = -0.60"}, ["axes[0]", "-0.6 g/g", "low = 0.02", "xchange"]),
    "fractions that cannot sum to 1": (
        {"high = 0.98": "high = 0.31", "high = 0.60": "high = 0.05"},
        ["surfactant + cosurfactant + water must be 1", "only allow 0.32 to 0.81", "Widen the bounds"],
    ),
    "a device that does not exist": (
        {'name = "water"': 'name = "oil"', '"water"]': '"oil"]', "water = 1.0": "oil = 1.0"},
        ["axis oil", "no device", "the devices are: surfactant, cosurfactant, water"],
    ),
    "a feature that is not made": (
        {'"peak_strength"': '"rgg"'}, ["objective.feature", "'rgg'", "It makes: peak_strength"],
    ),
    "an extractor that does not exist": (
        {'["peak"': '["peek"'}, ["analysis: features", "'peek'", "Did you mean 'peak'?"],
    ),
    "an extractor of one's own that is not there": (
        {'["peak"': '["no_lab:X", "peak"'}, ["analysis: features", "no_lab", "Lay the module"],
    ),
    "an instrument that does not ship": (
        {'"virtual"': '"virtaul"'}, ["instrument.kind", "'virtaul'", "Did you mean 'virtual'?"],
    ),
    "a module that is not there": (
        {'"virtual"': '"no_lab:make"'}, ["instrument.kind", "No module named 'no_lab'", "Lay the module"],
    ),
    "an attribute that is not there": (
        {'"virtual"': '"json:make"'}, ["instrument.kind", "json has no 'make'", "Name something"],
    ),
    "an attribute that builds nothing": (
        {'"virtual"': '"json:loads"'}, ["instrument.kind", "'json:loads'", "two arguments"],
    ),
    "a strategy that does not ship": (
        {'"bayes"': '"bays"'}, ["strategy.kind", "'bays'", "Did you mean 'bayes'?"],
    ),
    "an unknown key of the strategy": (
        {"initial =": "intial ="}, ["strategy: intial", "not a known key", "Did you mean initial?"],
    ),
    "a limit of the strategy": (
        {"initial = 10": "initial = 1"}, ["strategy: initial", "is 1:", "greater than or equal to 2"],
    ),
    "an unknown fault of the world": (
        {"bubble =": "bubbel ="}, ["instrument: world.faults.bubbel", "Did you mean bubble?"],
    ),
    "a blank with the wrong axes": (
        {"water = 1.0": "oil = 1.0"}, ["measurement.blank.point", "oil", "Give one value for each axis"],
    ),
    "a negative exposure": (
        {"exposure_s = 1.0": "exposure_s = -1.0"}, ["measurement.exposure_s", "is -1.0", "greater than 0"],
    ),
    "a number that is none": (
        {"exposure_s = 1.0": "exposure_s = nan"}, ["measurement.exposure_s", "is nan", "finite"],
    ),
    "a geometry that is not there": (
        {"[analysis]": "[analysis]\ngeometry = 'none.poni'"},
        ["analysis.geometry: ", "none.poni", "Give the path"],
    ),
    "a geometry for another detector": (
        {"[analysis]": "[analysis]\ngeometry = 'other.poni'"},
        ["analysis.geometry", "1679 x 1475", "pilatus makes 1043 x 981", "Name the geometry of this"],
    ),
    "a file that is not TOML": (
        {'name = "first_light"': 'name = = "x"'}, ["not valid TOML", "line 4", "Correct that line"],
    ),
    "a target without a value": (
        {'"maximise"': '"target"', '"peak_strength"': '"peak_d"'},
        ["objective.target", "is missing", "Add this key, in nm, the unit of peak_d"],
    ),
    "a target without a value for a pure number": (
        {'"maximise"': '"target"'}, ["objective.target", "Add this key, a pure number, as peak_strength is"],
    ),
    "a part of several goals without its value": (
        {'feature = "peak_strength"\ngoal = "maximise"':
         'goal = "pareto"\nof = [{ feature = "i0", goal = "target" }, '
         '{ feature = "rg", goal = "minimise" }]'},
        ["objective.of[0].target", "Add this key, in 1/cm, the unit of i0"],
    ),
    "a target without a value, of a feature that nobody makes": (
        {'"maximise"': '"target"', '"peak_strength"': '"glow"'}, ["objective.target", "Add this key\n"],
    ),
    "a missing key": ({"measurements = 30": ""}, ["budget.measurements", "is missing", "Add this key"]),
    "a name that no file could have": (
        {'name = "first_light"': 'name = "../up"'}, ["name", "'../up'", "pattern"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_answered_in_one_line_and_nothing_is_written(nightbeam, tmp_path, mistake):
    changes, parts = MISTAKES[mistake]
    text = FIRST_LIGHT
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new, 1)
    (tmp_path / "night.toml").write_text(text)
    (tmp_path / "other.poni").write_text(PONI)
    for command in ("check", "run"):
        status, out, err = nightbeam(command, "night.toml")
        assert (status, out) == (2, "")
        assert err.startswith("nightbeam: night.toml: ")
        assert err.count("\n") == 1
        for part in parts:
            assert part in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["night.toml", "other.poni"]


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("run", "none.toml"), ["none.toml: there is no such file. Check the path"]),
        (("run", "."), [".: is a folder, not a file. Name the TOML file in it"]),
        (("run", "night.toml", "--dataset", "."), ["--dataset .", "'virtual'", "Leave --dataset out"]),
        (("run", "night.toml", "--db", "nonsense"), ["--db nonsense", "Write sqlite:///FILE"]),
        (("run", "night.toml", "--db", "sqlite:///no/x.db"), ["--db sqlite:///no/x.db", "does not exist"]),
        (("run", "night.toml", "--db", "sqlite:///night.toml"), ["not a database", "Name another file"]),
        (("check",), ["no campaign file is named", "Give a CAMPAIGN.toml"]),
        (("log",), ["--db sqlite:///nightbeam.db", "there is no file", "run one first"]),
        (("reduce", "torn.h5"), ["torn.h5", "truncated", "Copy the file again"]),
        (("reduce", "none.tif"), ["none.tif", "no such"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_wrong_argument_is_answered_in_one_line_and_nothing_is_written(
    nightbeam, tmp_path, arguments, parts
):
    (tmp_path / "night.toml").write_text(FIRST_LIGHT)
    (tmp_path / "torn.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(40))
    status, out, err = nightbeam(*arguments)
    assert (status, out) == (2, "")
    assert err.startswith("nightbeam: ")
    assert err.count("\n") == 1
    for part in parts:
        assert part in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["night.toml", "torn.h5"]


def test_a_fault_of_the_program_is_told_in_one_line_with_the_details_in_a_file(
    nightbeam, tmp_path, monkeypatch
):
    def break_down(*_: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("agent.config.read_toml", break_down)
    status, out, err = nightbeam("check", "night.toml")
    (report,) = tmp_path.glob("nightbeam-fault-*.txt")
    assert (status, out) == (1, "")
    assert err.count("\n") == 1
    assert "ZeroDivisionError: oh" in err
    assert report.name in err
    assert "break_down" in report.read_text()


def test_hours_that_are_told_beforehand_hold_the_journeys_between_places(nightbeam, tmp_path):
    text = SCAN.read_text()
    assert "velocity = 1.0" in text
    shutil.copy(SCAN.with_name("scan_outline.png"), tmp_path)
    (tmp_path / "quick.toml").write_text(text)
    (tmp_path / "slow.toml").write_text(text.replace("velocity = 1.0", "velocity = 0.1"))
    told = {name: json.loads(nightbeam("check", f"{name}.toml", "--json")[1]) for name in ("quick", "slow")}
    hours = {name: facts["estimated_hours"] for name, facts in told.items()}
    assert hours["slow"] > 5 * hours["quick"] > 0


def test_it_tells_its_version(nightbeam):
    status, out, _ = nightbeam("--version")
    assert (status, out) == (0, "nightbeam 0.1.0\n")


def test_checking_a_good_campaign_says_what_would_happen_and_writes_nothing(nightbeam, tmp_path):
    (tmp_path / "night.toml").write_text(FIRST_LIGHT)
    status, out, _ = nightbeam("check", "night.toml", "--json")
    facts = json.loads(out)
    assert status == 0
    assert (facts["measurements"], facts["blanks"], facts["devices_missing"]) == (30, 3, [])
    assert facts["estimated_hours"] == pytest.approx(33 * 91.0 / 3600.0, abs=1e-3)
    assert [axis["name"] for axis in facts["axes"]] == ["surfactant", "cosurfactant", "water"]
    status, out, _ = nightbeam("check", "night.toml")
    assert status == 0
    for part in ("maximise peak_strength", "surfactant: 0.02 to 0.6 g/g", "water = 1", "30 measurements"):
        assert part in out
    assert [path.name for path in tmp_path.iterdir()] == ["night.toml"]


def test_checking_tells_every_rule_that_may_end_the_campaign(nightbeam, tmp_path):
    rules = FIRST_LIGHT.replace("[budget]", "[budget]\nexposure_s = 25.0\nstock = { surfactant = 8.0 }")
    (tmp_path / "night.toml").write_text(rules + "\n[stop]\nleast_gain = 0.01\nunchanged = 12\n")
    _, out, _ = nightbeam("check", "night.toml", "--json")
    assert json.loads(out)["stops_when"] == [
        "12 h have passed",
        "samples would be exposed for more than 25 s in all",
        "no sample can be made any more of 8 mL surfactant",
        "6 decisions in a row brought nothing",
        "3 choices in a row should gain less than 0.01",
        "the best is unchanged within its noise for 12 measurements",
    ]
    assert "the best is unchanged within its noise" in nightbeam("check", "night.toml")[1]


@pytest.mark.parametrize("n_budget", [9, 10])
def test_a_start_that_takes_the_whole_budget_is_doubted_but_runs(nightbeam, tmp_path, n_budget):
    (tmp_path / "night.toml").write_text(
        FIRST_LIGHT.replace("measurements = 30", f"measurements = {n_budget}")
    )
    said = (
        f"strategy.initial: is 10, of budget.measurements = {n_budget}: all goes to the even start, and no "
        "model is ever asked. Lower initial, or raise measurements above 10"
    )
    status, out, _ = nightbeam("check", "night.toml", "--json")
    assert (status, json.loads(out)["doubts"]) == (0, [said])
    status, out, _ = nightbeam("check", "night.toml")
    assert (status, said in " ".join(out.split())) == (0, True)


def test_a_start_within_the_budget_is_not_doubted(nightbeam, tmp_path):
    (tmp_path / "night.toml").write_text(FIRST_LIGHT.replace("measurements = 30", "measurements = 11"))
    assert json.loads(nightbeam("check", "night.toml", "--json")[1])["doubts"] == []


def test_the_schema_is_printed_as_json(nightbeam):
    status, out, _ = nightbeam("check", "--schema")
    assert status == 0
    assert set(json.loads(out)["properties"]) >= {"name", "seed", "axes", "strategy", "instrument"}


def logged(folder: Path) -> None:
    """A log with three decisions: one measured, one failed, one that stops."""
    url = fakes.sqlite_url(folder)
    spec = fakes.spec("night")
    log = fakes.open_log(url, spec, folder)
    why = Reason(code="random", sentence="Drawn at random.")
    instrument, analysis = fakes.FakeInstrument(campaign="night"), fakes.FakeAnalysis()
    for seq in (1, 2):
        decision = Decision(seq=seq, kind="suggest", point=POINT, reason=why, exposure_s=1.0)
        actions = instrument.actions(decision)
        log.append(Decided(decision=decision, actions=actions))
        if seq == 2:
            log.append(Failure(seq=2, code="BeamlineFault", sentence="the shutter is stuck"))
            continue
        for action in actions:
            log.append(Started(action_id=action.action_id))
            log.append(Ended(report=instrument.perform(action, decision)))
        log.append(analysis(fakes.exposure_of(actions[-1], decision), None))
    enough = Reason(code="finished", sentence="All is done.")
    log.append(Decided(decision=Decision(seq=3, kind="stop", point=None, reason=enough), actions=()))
    log.close()


def test_the_log_is_one_object_a_line_with_exactly_the_promised_keys(nightbeam, tmp_path):
    logged(tmp_path)
    status, out, _ = nightbeam("log", "--db", fakes.sqlite_url(tmp_path), "--json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert status == 0
    for row in rows:
        assert list(row) == ["campaign", "seq", "utc", "kind", "actor", "point", "reason", "outcome"]
    assert [row["seq"] for row in rows] == [1, 2, 3]
    assert rows[0]["point"] == POINT.coordinates
    assert rows[0]["outcome"] == f"height {fakes.hill(POINT):.4g} ± 0.01 1/cm"
    assert rows[1]["outcome"] == "failed: the shutter is stuck"
    assert (rows[2]["point"], rows[2]["actor"], rows[2]["outcome"]) == (None, "agent:nightbeam", "no action")


def test_the_log_for_people_is_one_line_a_decision(nightbeam, tmp_path):
    logged(tmp_path)
    status, out, _ = nightbeam("log", "--db", fakes.sqlite_url(tmp_path), "--campaign", "night")
    lines = out.splitlines()
    assert status == 0
    assert lines[0] == "# campaign night: maximise height"
    assert len(lines) == 4
    assert "surfactant 0.2, cosurfactant 0.1, water 0.7" in lines[1]
    assert "Drawn at random." in lines[1]
    status, _, err = nightbeam("log", "--db", fakes.sqlite_url(tmp_path), "--campaign", "day")
    assert status == 2
    assert "Choose one of: night" in err


def test_the_command_line_loads_no_heavy_library_until_it_is_used():
    code = f"import sys, agent.cli; print(*[name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_a_real_process_ends_with_status_2_and_no_traceback(tmp_path):
    command = [sys.executable, "-m", "agent.cli", "run", str(tmp_path / "none.toml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"nightbeam: {tmp_path / 'none.toml'}: there is no such file. Check the path\n"


def test_every_command_shows_an_example_in_its_help(nightbeam):
    for command in ("run", "check", "log", "reduce"):
        status, out, _ = nightbeam(command, "--help")
        assert status == 0
        assert f"Example: nightbeam {command}" in " ".join(out.split())


def test_one_decision_is_shown_with_why_what_else_and_what_came_of_it(nightbeam, tmp_path):
    logged(tmp_path)
    url = fakes.sqlite_url(tmp_path)
    nightbeam("annotate", "a bubble, I think", "--seq", "2", "--who", "A. Meyer", "--db", url)
    status, out, _ = nightbeam("log", "--seq", "2", "--db", url)
    assert status == 0
    squeezed = " ".join(out.split())
    for part in (
        "decision 2 of night, suggest", "why Drawn at random. (random)", "never given",
        "outcome failed: the shutter is stuck", "note of A. Meyer a bubble, I think",
    ):  # fmt: skip
        assert part in squeezed, part
    status, out, _ = nightbeam("log", "--seq", "1", "--json", "--db", url)
    assert json.loads(out)["observation"]["features"][0]["name"] == "height"
    assert json.loads(out)["commands"][0]["states"][-1][1] == "succeeded"


def test_notes_stand_in_the_list_under_the_decision_that_they_are_about(nightbeam, tmp_path):
    logged(tmp_path)
    url = fakes.sqlite_url(tmp_path)
    nightbeam("annotate", "good night", "--kind", "sign_off", "--who", "B.", "--db", url)
    nightbeam("annotate", "look again", "--seq", "1", "--who", "A.", "--db", url)
    lines = nightbeam("log", "--db", url)[1].splitlines()
    assert "note of A.: look again" in lines[2]
    assert "sign_off of B.: good night" in lines[-1]


@pytest.mark.parametrize("seq", ["0", "9", "-1"])
def test_a_decision_that_was_never_made_cannot_be_shown(nightbeam, tmp_path, seq):
    logged(tmp_path)
    status, _, error = nightbeam("log", "--seq", seq, "--db", fakes.sqlite_url(tmp_path))
    assert status == 2
    assert "has decisions 1 to 3" in error
