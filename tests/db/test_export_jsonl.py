"""The ledger as JSON Lines proves itself with nothing but the standard library."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from db import schema
from db.engine import open_to_read
from db.export.jsonl import read_jsonl
from db.ledger import entry_sha256, row_sha256
from models.domain.errors import BadInput
from tests import fakes
from tests.db.export_record import execute, exported, record

PAGE = Path(__file__).parents[2] / "docs" / "exports.md"


def prove(path: Path) -> str:
    """Run the script that the documentation shows, on a file."""
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    source = next(block for block in blocks if "FILE =" in block)
    source = re.sub(r'FILE = ".*"', f"FILE = {str(path)!r}", source)
    done = subprocess.run([sys.executable, "-I", "-c", source], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def on_record(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("record")
    record(fakes.sqlite_url(folder), folder)
    return fakes.sqlite_url(folder)


@pytest.fixture
def ledger(on_record: str, tmp_path: Path) -> Path:
    exported(on_record, "jsonl", tmp_path / "out")
    return tmp_path / "out"


def test_the_script_in_the_documentation_proves_every_campaign_of_either_database(url, tmp_path):
    record(url, tmp_path)
    exported(url, "jsonl", tmp_path / "out")
    ledger = tmp_path / "out"
    assert re.search(r"^\d\d entries, whole", prove(ledger / "fake.jsonl"))
    assert re.search(r"^\d\d entries, whole", prove(ledger / "other.jsonl"))


def test_every_row_of_a_campaign_is_in_its_file(ledger, on_record):
    seen = [
        (member.table, member.key)
        for name in ("fake", "other")
        for entry in read_jsonl(ledger / f"{name}.jsonl")
        for member in entry.members
    ]
    assert len(seen) == len(set(seen))
    with open_to_read(on_record).connect() as connection:
        for name, table in schema.metadata.tables.items():
            if name not in ("lease", "ledger"):
                n_rows = connection.scalar(sa.select(sa.func.count()).select_from(table))
                assert sum(one == name for one, _ in seen) == n_rows, name


def test_what_is_read_back_hashes_as_the_writer_hashed_it(ledger):
    previous = "0" * 64
    for entry in read_jsonl(ledger / "fake.jsonl"):
        members = []
        for member in entry.members:
            assert member.row is not None
            assert row_sha256(schema.metadata.tables[member.table], member.row) == member.sha256
            members.append([member.table, list(member.key), member.sha256])
        said = (entry.record, entry.seq, entry.utc)
        assert entry_sha256(entry.campaign, entry.n, previous, said, members) == entry.sha256
        previous = entry.sha256


def test_a_curve_that_another_campaign_kept_first_is_in_the_file_all_the_same(ledger):
    """The rejected curve of decision 3 is the same text in both campaigns."""
    lines = [json.loads(line) for line in (ledger / "other.jsonl").read_text().splitlines()]
    (shared,) = (line["shared"] for line in lines if "shared" in line)
    (linked,) = (
        member["row"]["sha256"]
        for line in lines
        for member in line["members"]
        if member["table"] == "decision_artifact" and "shared" in line
    )
    assert shared[0]["key"] == [linked]


@pytest.mark.parametrize(
    ("find", "put", "said"),
    [
        ('"sigma":2.0', '"sigma":1.0', r"decision 1: feature .* was changed"),
        ('"sentence":"+stuck"', '"sentence":"+fine"', r"decision 4: event .* was changed"),
        ('"record":"Failure"', '"record":"Event"', r"entry \d+ was changed"),
        ('{"base64":"e', '{"base64":"f', r"artifact .* was changed"),
    ],
)
def test_the_script_names_the_line_that_somebody_edited(ledger, find, put, said):
    path = ledger / "fake.jsonl"
    text = path.read_text()
    assert find in text
    path.write_text(text.replace(find, put, 1))
    assert re.search(said, prove(path))


def test_the_script_misses_a_line_that_was_taken_out(ledger):
    path = ledger / "fake.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:7] + lines[8:]))
    assert "entry 8 was changed, or is not in its place" in prove(path)


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_row_that_was_deleted_in_the_database_is_exported_as_gone(url, tmp_path):
    record(url, tmp_path)
    execute(url, "DELETE FROM event", "UPDATE feature SET value = 7 WHERE name = 'rg'")
    exported(url, "jsonl", tmp_path / "out")
    gone = [m for e in read_jsonl(tmp_path / "out" / "fake.jsonl") for m in e.members if m.row is None]
    assert [member.table for member in gone] == ["event"]
    assert "decision 1: feature" in prove(tmp_path / "out" / "fake.jsonl")


@pytest.mark.parametrize("content", [b"{}\n", b"not json\n", b"\xff\xfe\n", b"[1]\n"])
def test_a_file_that_is_no_export_is_refused_with_its_line(tmp_path, content):
    (tmp_path / "x.jsonl").write_bytes(content)
    with pytest.raises(BadInput, match=r"x\.jsonl"):
        list(read_jsonl(tmp_path / "x.jsonl"))
    with pytest.raises(BadInput, match="cannot be read"):
        list(read_jsonl(tmp_path / "none.jsonl"))
