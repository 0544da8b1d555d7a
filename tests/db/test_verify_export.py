"""An export in JSON Lines is verified by itself, by the command that verifies databases."""

from pathlib import Path

import pytest

from db.export.jsonl import read_jsonl
from db.verify.exported import check_export
from models.domain.errors import BadInput
from tests import fakes
from tests.db.export_record import exported, record


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("record")
    record(fakes.sqlite_url(folder), folder)
    exported(fakes.sqlite_url(folder), "jsonl", folder / "out")
    return folder / "out" / "fake.jsonl"


def test_a_whole_export_is_whole(ledger):
    checked = check_export(ledger)
    assert checked.findings == ()
    assert checked.campaigns[0].name == "fake"
    assert checked.campaigns[0].n_entries == sum(1 for _ in read_jsonl(ledger))


def edited(ledger: Path, tmp_path: Path, change) -> Path:
    lines = ledger.read_text().splitlines()
    path = tmp_path / "edited.jsonl"
    path.write_text("\n".join(change(lines)) + "\n")
    return path


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda lines: [line.replace('"kind":"suggest"', '"kind":"repeat"') for line in lines], "edited"),
        (lambda lines: [*lines[:4], *lines[5:]], "entry 5 was deleted"),
        (lambda lines: [*lines[:4], lines[5], lines[4], *lines[6:]], "deleted"),
        (lambda lines: [*lines, lines[-1]], "was added"),
    ],
)
def test_an_export_that_was_edited_is_found_out(ledger, tmp_path, change, said):
    findings = check_export(edited(ledger, tmp_path, change)).findings
    assert any(said in finding.what for finding in findings), findings


def test_what_is_no_export_is_refused(tmp_path):
    (tmp_path / "empty.jsonl").write_text("")
    with pytest.raises(BadInput, match="holds no entry"):
        check_export(tmp_path / "empty.jsonl")
    (tmp_path / "other.jsonl").write_text('{"a": 1}\n')
    with pytest.raises(BadInput, match="line 1: is no entry of a ledger"):
        check_export(tmp_path / "other.jsonl")
