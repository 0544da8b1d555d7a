"""A campaign file: read whole or refused with one line; the schema says what it may hold."""

import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from agent.assemble import shipped_schema
from agent.campaign import Campaign
from agent.config import read_campaign
from agent.plan import Own, prepare
from agent.plugs import find_builder
from instruments.beamline import Beamline
from models.domain.campaign import Plug
from models.domain.errors import BadInput
from tests import fakes

EXAMPLES = Path(__file__).parents[2] / "examples"
CAMPAIGNS = sorted(path for path in EXAMPLES.rglob("*.toml") if path.name != "dataset.toml")


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return shipped_schema()


def example() -> dict[str, Any]:
    return tomllib.loads((EXAMPLES / "first_light.toml").read_text())


def test_the_schema_is_a_schema_and_accepts_every_example(schema):
    jsonschema.Draft202012Validator.check_schema(schema)
    assert CAMPAIGNS
    for path in CAMPAIGNS:
        jsonschema.validate(tomllib.loads(path.read_text()), schema)


@pytest.mark.parametrize(
    "table",
    ["", "objective", "measurement", "analysis", "budget", "strategy", "instrument", "instrument.world"],
)
def test_the_schema_refuses_an_unknown_key_in_every_table(schema, table):
    values = example()
    inside = values
    for part in filter(None, table.split(".")):
        inside = inside.setdefault(part, {})
    inside["surprise"] = 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(values, schema)


def a_space_of_every_kind() -> dict[str, Any]:
    return example() | {
        "axes": [
            {"name": "x", "low": 0.0, "high": 1.0},
            {"name": "n", "kind": "integer", "low": 1, "high": 4},
            {"name": "pinhole", "kind": "ordinal", "values": [0.1, 0.5]},
            {"name": "cell", "kind": "categorical", "levels": ["kapton", "mica"]},
        ],
        "sums": [],
        "linear": [{"coefficients": {"x": 1.0, "n": -2.0}, "high": 0.0}],
        "region": {"axes": ["x", "n"], "polygon": [[0, 0], [1, 0], [1, 4]]},
        "feasible": "my_lab:in_stock",
    }


def test_the_schema_knows_every_kind_of_space(schema):
    jsonschema.validate(a_space_of_every_kind(), schema)


@pytest.mark.parametrize(
    "wrong",
    [
        {"axes": [{"name": "x", "low": 0.0}]},
        {"axes": [{"name": "x", "kind": "ordinal", "low": 0.0, "high": 1.0}]},
        {"axes": [{"name": "x", "kind": "categorical"}]},
        {"axes": [{"name": "x", "kind": "nominal", "levels": ["a"]}]},
        {"linear": [{"coefficients": {"x": "much"}, "low": 0.0}]},
        {"linear": [{"low": 0.0}]},
        {"region": {"polygon": [[0, 0], [1, 0], [1, 4]]}},
        {"feasible": "in_stock"},
    ],
    ids=str,
)
def test_the_schema_refuses_what_is_no_space(schema, wrong):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(a_space_of_every_kind() | wrong, schema)


def test_the_schema_lets_a_part_of_ones_own_have_keys_of_its_own(schema):
    values = example() | {"strategy": {"kind": "my_lab:make", "patience": 3}}
    jsonschema.validate(values, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(values | {"strategy": {"kind": "bays"}}, schema)


def test_every_key_in_the_schema_is_explained(schema):
    mute = [
        f"{name}.{key}"
        for name, table in all_tables(schema)
        for key, value in table.items()
        if not value.get("description") and "const" not in value
    ]
    assert mute == []


def all_tables(schema: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    tables = [("file", schema["properties"])]
    tables += [(name, table.get("properties", {})) for name, table in schema["$defs"].items()]
    for part in ("instrument", "strategy"):
        tables += [
            (option["title"], option.get("properties", {}))
            for option in schema["properties"][part]["oneOf"]
            if "title" in option
        ]
    return tables


def test_every_kind_that_ships_is_in_the_schema(schema):
    kinds = {
        option["properties"]["kind"]["const"]
        for part in ("instrument", "strategy")
        for option in schema["properties"][part]["oneOf"]
        if "properties" in option
    }
    assert kinds == {
        "virtual", "virtual_scan", "dataset", "opentrons",
        "bayes", "space_filling", "random", "sobol", "grid",
    }  # fmt: skip


def test_an_example_is_read_into_what_it_says():
    spec = read_campaign(EXAMPLES / "first_light.toml")
    assert (spec.name, spec.budget.measurements, spec.strategy.options) == (
        "first_light",
        30,
        {"initial": 10},
    )
    assert spec.space().names == ("surfactant", "cosurfactant", "water")


def test_the_folder_of_a_dataset_comes_from_the_command_line(tmp_path):
    spec = read_campaign(EXAMPLES / "mesoporous_silica" / "campaign.toml", tmp_path)
    assert spec.instrument.options["folder"] == str(tmp_path.resolve())


def test_a_dataset_on_a_campaign_that_has_none_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"kind 'virtual', which serves no dataset\. Leave --dataset out"):
        read_campaign(EXAMPLES / "first_light.toml", tmp_path)
    with pytest.raises(BadInput, match="there is no such folder"):
        read_campaign(EXAMPLES / "mesoporous_silica" / "campaign.toml", tmp_path / "none")


def module(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> None:
    (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(folder)


@pytest.mark.parametrize(
    ("text", "attribute", "complaint"),
    [
        ("x = (", "make", "the module fails with SyntaxError"),
        ("raise RuntimeError('no licence')", "make", "the module fails with RuntimeError: no licence"),
        ("import no_such_module_at_all", "make", "No module named 'no_such_module_at_all'"),
        ("def other(a, b): ...", "make", "has no 'make'"),
        ("make = 3", "make", "cannot be called with"),
        ("def make(options): ...", "make", "cannot be called with"),
    ],
)
def test_a_part_of_ones_own_that_cannot_be_used_is_refused(tmp_path, monkeypatch, text, attribute, complaint):
    name = f"own_part_{abs(hash(text))}"
    module(tmp_path, monkeypatch, name, text)
    with pytest.raises(BadInput, match=complaint) as caught:
        find_builder(Plug(kind=f"{name}:{attribute}"), "agent.strategy", ("bayes",), "strategy")
    assert caught.value.where == "strategy.kind"


def test_a_part_of_ones_own_is_found(tmp_path, monkeypatch):
    module(tmp_path, monkeypatch, "own_part_that_works", "def make(options, problem):\n    return 42\n")
    build = find_builder(Plug(kind="own_part_that_works:make"), "agent.strategy", (), "strategy")
    assert build({}, None) == 42


def virtual(**changes: object) -> Any:
    """A campaign that the virtual beamline can run."""
    tables = {"objective": {"feature": "peak_strength"}, "instrument": {"kind": "virtual"}} | changes
    return fakes.spec(**tables)


def refused(tmp_path: Path, **changes: object) -> BadInput:
    with pytest.raises(BadInput) as caught:
        prepare(virtual(**changes), tmp_path, fakes.sqlite_url(tmp_path))
    assert list(tmp_path.iterdir()) == []
    return caught.value


def test_a_campaign_that_can_run_is_planned_and_nothing_is_written(tmp_path):
    plan = prepare(virtual(), tmp_path, fakes.sqlite_url(tmp_path))
    assert plan.space == fakes.TERNARY
    assert plan.identity.is_new
    assert list(tmp_path.iterdir()) == []


def test_a_thin_slice_that_rejection_would_never_hit_is_planned(tmp_path):
    axes = [{"name": f"x{i}", "low": 0.0, "high": 0.4 if i < 12 else 0.02} for i in range(24)]
    spec = virtual(axes=axes, sums=[{"axes": [axis["name"] for axis in axes]}])
    devices = Beamline(axes={}, detector=object())  # none of them is asked while a plan is made
    assert prepare(spec, tmp_path, fakes.sqlite_url(tmp_path), Own(devices)).space == spec.space()


def test_a_strategy_that_cannot_propose_is_refused(tmp_path, monkeypatch):
    module(tmp_path.parent, monkeypatch, "own_mute_strategy", "def make(options, problem):\n    return 3\n")
    error = refused(tmp_path, strategy={"kind": "own_mute_strategy:make"})
    assert "returned a int that cannot propose" in error.problem


def test_a_mistake_in_a_part_is_answered_with_the_name_of_the_file(tmp_path):
    text = (EXAMPLES / "first_light.toml").read_text().replace('"peak_strength"', '"peak_height"')
    path = tmp_path / "night.toml"
    path.write_text(text)
    with pytest.raises(BadInput) as caught:
        Campaign.from_toml(path, db=fakes.sqlite_url(tmp_path)).check()
    assert caught.value.where == f"{path}: objective.feature"
    with pytest.raises(BadInput) as caught:
        Campaign.from_toml(EXAMPLES / "first_light.toml", db="nonsense").check()
    assert caught.value.where == "--db nonsense"


def test_an_axis_beyond_its_devices_limits_is_found_before_the_night(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    example = Path(__file__).parents[2] / "examples" / "own_parts"
    text = (example / "campaign.toml").read_text().replace("high = 90.0", "high = 120.0")
    (tmp_path / "hot.toml").write_text(text)
    monkeypatch.syspath_prepend(str(example))
    with pytest.raises(BadInput, match="temperature: asks for 10 to 120 degC"):
        Campaign.from_toml(tmp_path / "hot.toml").check()
    assert [path.name for path in tmp_path.iterdir()] == ["hot.toml"]
