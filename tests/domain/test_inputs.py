"""A user's mistake is answered with file, key, value and remedy."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import Field

from models.domain.campaign import CampaignSpec, Plug
from models.domain.errors import BadInput
from models.domain.frozen import Frozen
from models.domain.inputs import options_for, read_toml, validated
from tests import fakes


class Options(Frozen):
    """Keys of a part."""

    speed_mm_s: float = Field(default=1.0, gt=0)
    """Speed, mm/s."""


def refused(values: dict[str, Any]) -> BadInput:
    with pytest.raises(BadInput) as caught:
        validated(CampaignSpec, values, "night.toml")
    return caught.value


def written(**changes: object) -> dict[str, Any]:
    """A campaign file as it is read from TOML."""
    return fakes.spec().model_dump(mode="json", exclude_none=True) | changes


@pytest.mark.parametrize(
    ("changes", "where", "parts"),
    [
        ({"budgte": {}}, "night.toml: budgte", ["not a known key", "Did you mean budget?"]),
        ({"zzz": 1}, "night.toml: zzz", ["not a known key", "use one of: name, seed, axes"]),
        (
            {"analysis": {"features": ["peak"], "nbins": 40}},
            "night.toml: analysis.nbins",
            ["not a known key", "Did you mean n_bins?"],
        ),
        ({"seed": -1}, "night.toml: seed", ["is -1:", "greater than or equal to 0"]),
        ({"budget": {}}, "night.toml: budget.measurements", ["is missing", "Add this key"]),
        (
            {"measurement": {"exposure_s": -2.0}},
            "night.toml: measurement.exposure_s",
            ["is -2.0:", "greater than 0"],
        ),
        (
            {"measurement": {"exposure_s": float("nan")}},
            "night.toml: measurement.exposure_s",
            ["is nan:", "finite"],
        ),
        (
            {"axes": [{"name": "a", "low": 0.5, "high": 0.1}], "sums": []},
            "night.toml: axes[0]",
            ["low = 0.5 above high = 0.1", "Exchange them or widen the range"],
        ),
        (
            {"axes": [{"name": "a", "low": 0, "high": 0.1}, {"name": "b", "low": 0, "high": 0.2}],
             "sums": [{"axes": ["a", "b"]}]},
            "night.toml",
            ["a + b must be 1, but the bounds only allow 0 to 0.3", "Widen the bounds"],
        ),
        (
            {"measurement": {"blank": {"point": {"water": 1.0, "salt": 0.0}}}},
            "night.toml",
            ["blank.point names water, salt", "axes are surfactant, cosurfactant, water"],
        ),
        (
            {"objective": {"feature": "rg", "goal": "target"}},
            "night.toml: objective.target",
            ["is missing", "Add this key"],
        ),
        (
            {"objective": {"feature": "rg", "goal": "map", "level": 3.0}},
            "night.toml: objective.level",
            ["is not a known key", "goal, feature"],
        ),
        (
            {"objective": {"feature": "rg", "goal": "target", "taget": 3.0, "target": 3.0}},
            "night.toml: objective.taget",
            ["is not a known key", "Did you mean target?"],
        ),
        (
            {"objective": {"feature": "rg", "goal": "maximize"}},
            "night.toml: objective.goal",
            ["is 'maximize', which is no goal that is known", "Did you mean maximise?"],
        ),
        (
            {"objective": {"goal": "pareto", "of": [{"feature": "rg"}, {"feature": "d", "goal": "target"}]}},
            "night.toml: objective.of[1].target",
            ["is missing", "Add this key"],
        ),
        (
            {"objective": {"goal": "pareto",
                           "of": [{"feature": "rg"}, {"feature": "t", "goal": "minimize"}]}},
            "night.toml: objective.of[1].goal",
            ["is 'minimize', which is no goal that can be one of several", "Did you mean minimise?"],
        ),
        (
            {"objective": {"goal": "pareto", "of": [{"feature": "rg"}, {"feature": "d", "gaol": "target"}]}},
            "night.toml: objective.of[1].gaol",
            ["is not a known key", "Did you mean goal?"],
        ),
        (
            {"objective": {"goal": "pareto", "reference": [1.0, -2.0],
                           "of": [{"feature": "rg"}, {"feature": "d", "goal": "target", "target": 8.0}]}},
            "night.toml: objective",
            ["reference has -2 for d as near as possible to 8", "Give a distance, 0 or more"],
        ),
        (
            {"objective": {"goal": "pareto", "of": [{"feature": "rg"}, {"feature": "rg"}]}},
            "night.toml: objective",
            ["names the feature 'rg' twice", "Give each goal a feature of its own"],
        ),
        (
            {"analysis": {"features": ["peak"], "q_min_inv_nm": 2.0, "q_max_inv_nm": 1.0}},
            "night.toml: analysis",
            ["q_max_inv_nm = 1 is not above q_min_inv_nm = 2", "Widen the window"],
        ),
    ],
)  # fmt: skip
def test_each_mistake_is_named_by_key_with_its_value_and_a_remedy(changes, where, parts):
    error = refused(written(**changes))
    assert error.where == where
    for part in parts:
        assert part in str(error)


def test_a_sum_over_axes_that_are_not_given_is_refused():
    values = written()
    del values["axes"]
    assert "sums are given without axes" in str(refused(values))


def test_further_mistakes_are_counted():
    error = refused(written(seed=-1, budget={}, objective={}))
    assert "(2 more mistakes after this one)" in str(error)


def test_a_campaign_as_it_was_written_is_accepted():
    assert validated(CampaignSpec, written(), "night.toml") == fakes.spec()


def test_options_of_a_part_are_checked_by_what_its_builder_asks_for():
    def build(options: Options, problem: object) -> None: ...

    assert options_for(build, {"speed_mm_s": 2}, "f: [x]") == Options(speed_mm_s=2.0)
    with pytest.raises(BadInput, match=r"f: \[x\]: sped_mm_s: is not a known key. Did you mean speed_mm_s\?"):
        options_for(build, {"sped_mm_s": 2}, "f: [x]")


def test_options_of_a_part_without_a_model_are_handed_over_as_they_are():
    def build(options: dict[str, Any], problem: object) -> None: ...

    assert options_for(build, {"anything": [1]}, "f") == {"anything": [1]}


def test_a_part_keeps_its_own_keys_apart_from_its_kind():
    assert Plug.model_validate({"kind": "my_lab:make", "speed": 3}).options == {"speed": 3}


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"seed = = 3", "is not valid TOML: .*line 1"),
        (b"seed = 1\nseed = 2\nname = 'x'\n", "is not valid TOML: .*line 2"),
        (b"name = '\xff'", r"not a text file in UTF-8 \(byte 8\)"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_with_its_line(tmp_path, content, complaint):
    path = tmp_path / "night.toml"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=complaint) as caught:
        read_toml(path)
    assert caught.value.where == str(path)


def test_a_missing_file_a_folder_and_a_locked_file_are_told_apart(tmp_path, monkeypatch):
    for path, complaint in (
        (tmp_path / "none.toml", "no such file"),
        (tmp_path / "none" / "night.toml", "no such file"),
        (tmp_path, "is a folder"),
    ):
        with pytest.raises(BadInput, match=complaint):
            read_toml(path)

    def locked(self: Path, **_: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", locked)
    with pytest.raises(BadInput, match="cannot be read"):
        read_toml(tmp_path / "night.toml")
