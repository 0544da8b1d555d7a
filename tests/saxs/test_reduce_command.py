"""`nightbeam reduce` on files that lie about."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from agent.commands.reduce import reduce, spread_buffers
from models.domain.errors import BadInput
from models.saxs.curve_files import read_curve

Q_INV_A = np.linspace(0.005, 0.3, 150)


@pytest.fixture
def run():
    app = typer.Typer()
    app.command()(reduce)

    def call(*words: object):
        return CliRunner().invoke(app, [str(word) for word in words])

    return call


@pytest.fixture
def protein(tmp_path: Path) -> Path:
    rng = np.random.default_rng(6)
    intensity = np.exp(-((Q_INV_A * 20) ** 2) / 3)
    file = tmp_path / "protein.dat"
    rows = zip(Q_INV_A, 1 + intensity + rng.normal(0, 1e-3, Q_INV_A.size), strict=True)
    file.write_text("\n".join(f"{q} {i} 0.001" for q, i in rows))
    return file


@pytest.fixture
def water(tmp_path: Path) -> Path:
    file = tmp_path / "water.dat"
    file.write_text("\n".join(f"{q} 1.0 0.001" for q in Q_INV_A))
    return file


def test_json_is_one_object_per_file_with_the_feature_in_its_unit(run, protein: Path, water: Path):
    result = run(protein, protein, "--buffer", water, "--features", "guinier", "--json")
    assert result.exit_code == 0, result.output
    objects = [json.loads(line) for line in result.output.splitlines()]
    assert [o["file"] for o in objects] == [str(protein)] * 2
    rg = objects[0]["features"]["rg"]
    assert rg["unit"] == "nm"
    assert abs(rg["value"] - 2.0) < 3 * rg["sigma"]
    assumed = [v for v in objects[0]["verdicts"] if v["check"] == "q_unit"]
    assert assumed
    assert "1/A is assumed" in assumed[0]["remedy"]


def test_the_unit_of_q_can_be_told(run, protein: Path, water: Path):
    result = run(protein, "--buffer", water, "--features", "guinier", "--q-unit", "1/nm", "--json")
    found = json.loads(result.output)
    assert found["features"]["rg"]["value"] == pytest.approx(20.0, rel=0.05)
    assert "q_unit" not in [v["check"] for v in found["verdicts"]]


def test_a_function_of_ones_own_beside_the_files_is_a_feature(
    run, protein: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "own_maximum.py").write_text(
        "def top(curve):\n    return curve.intensity.max(), 0.1, 'a.u.'\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    result = run(protein, "--features", "own_maximum:top", "--json")
    assert json.loads(result.output)["features"]["top"]["unit"] == "a.u."


def test_averages_come_as_one_object_and_one_file(run, protein: Path, water: Path, tmp_path: Path):
    out = tmp_path / "out"
    result = run(protein, protein, "--average", "--buffer", water, "--out", out, "--json")
    assert len(result.output.splitlines()) == 1
    assert len(read_curve(out / "protein_average.dat")) == Q_INV_A.size


def test_people_get_a_table_with_units(run, protein: Path, water: Path):
    result = run(protein, "--buffer", water, "--features", "guinier")
    assert "rg" in result.output
    assert "nm" in result.output


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nowhere.dat"], "no such file"),
        (["nowhere.tif"], "no such file"),
        (["{protein}", "--q-unit", "furlong"], "furlong"),
        (["{protein}", "--features", "peeks"], "Did you mean 'peak'"),
        (["{protein}", "{protein}", "--out", "{out}"], "both be written"),
    ],
)
def test_a_mistake_is_answered_by_name(run, protein: Path, tmp_path: Path, words: list[str], says: str):
    result = run(*(w.format(protein=protein, out=tmp_path) for w in words))
    assert isinstance(result.exception, BadInput)
    assert says in str(result.exception)


def test_every_file_after_buffer_is_a_buffer_up_to_the_next_option():
    words = ["a.dat", "--buffer", "b1.dat", "b2.dat", "b3.dat", "--average", "--buffer", "b4.dat"]
    assert spread_buffers(words) == [
        "a.dat", "--buffer", "b1.dat", "--buffer", "b2.dat", "--buffer", "b3.dat", "--average",
        "--buffer", "b4.dat",
    ]  # fmt: skip
