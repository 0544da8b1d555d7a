"""An export is there whole or not at all, and never mixes with another."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from db.engine import open_to_write
from db.export import formats
from db.export.folder import new_folder
from models.domain.errors import BadInput
from tests import fakes
from tests.db.export_record import execute, exported, record

ROOT = Path(__file__).parents[2]
KILLED = """
import os, signal, sys
from pathlib import Path
from tests.db.export_record import exported

def kill(what, done, total):
    if what == sys.argv[4]:
        os.kill(os.getpid(), signal.SIGKILL)

exported(sys.argv[1], sys.argv[2], Path(sys.argv[3]), kill)
"""


@pytest.fixture(scope="module")
def on_record(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("record")
    record(fakes.sqlite_url(folder), folder)
    return fakes.sqlite_url(folder)


@pytest.mark.parametrize(
    ("form", "at"), [("csv", "actions.csv"), ("jsonl", "other.jsonl"), ("nxcansas", "fake.h5")]
)
def test_a_killed_export_leaves_nothing_under_its_name_and_can_be_made_again(on_record, tmp_path, form, at):
    out = tmp_path / "out"
    words = [sys.executable, "-c", KILLED, on_record, form, str(out), at]
    done = subprocess.run(words, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False)
    assert done.returncode == -signal.SIGKILL
    assert not out.exists()
    assert [path.name[:5] for path in tmp_path.glob("*.part")] == [".out."]
    assert exported(on_record, form, out).files


def test_a_failing_export_leaves_nothing_at_all(tmp_path):
    def fail() -> None:
        with new_folder(tmp_path / "out") as folder:
            (folder / "half").write_text("x")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_something_is_refused_with_its_names_and_left_alone(on_record, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    for name in "abcde":
        (out / name).write_text(name)
    with pytest.raises(BadInput, match="holds a, b, c and 2 more"):
        exported(on_record, "csv", out)
    assert sorted(path.name for path in out.iterdir()) == list("abcde")


def test_an_empty_folder_and_one_several_folders_deep_are_taken(on_record, tmp_path):
    (tmp_path / "empty").mkdir()
    for out in (tmp_path / "empty", tmp_path / "a" / "b" / "c"):
        exported(on_record, "jsonl", out)
        assert sorted(path.name for path in out.iterdir()) == ["fake.jsonl", "other.jsonl"]


def test_a_file_in_the_way_is_refused(on_record, tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(BadInput, match="is a file, not a folder"):
        exported(on_record, "csv", tmp_path / "out")
    with pytest.raises(BadInput, match="cannot be written"):
        exported(on_record, "csv", tmp_path / "out" / "deeper")


def test_an_unknown_form_or_campaign_or_an_empty_database_is_refused(on_record, tmp_path):
    with pytest.raises(BadInput, match="Choose one of: csv, jsonl, parquet, nxcansas, ro-crate"):
        exported(on_record, "xlsx", tmp_path / "out")
    with pytest.raises(BadInput, match="Choose one of: fake, other"):
        exported(on_record, "csv", tmp_path / "out", campaign="none")
    empty = f"sqlite:///{tmp_path / 'empty.db'}"
    open_to_write(empty).dispose()
    with pytest.raises(BadInput, match="no campaign in the database yet"):
        exported(empty, "csv", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("form", "package"), [("parquet", "pyarrow"), ("ro-crate", "rocrate")])
def test_a_missing_package_is_named_with_the_command_that_installs_it(
    on_record, tmp_path, monkeypatch, form, package
):
    monkeypatch.setattr(formats, "find_spec", lambda _: None)
    with pytest.raises(BadInput, match=rf"needs the package {package}.*pip install 'nightbeam\[export\]'"):
        exported(on_record, form, tmp_path / "out")
    assert exported(on_record, "csv", tmp_path / "out").files


def test_progress_is_told_for_every_file(on_record, tmp_path):
    told: dict[str, tuple[int, int]] = {}
    exported(
        on_record, "jsonl", tmp_path / "out", lambda what, done, total: told.update({what: (done, total)})
    )
    assert set(told) == {"fake.jsonl", "other.jsonl"}
    assert all(done == total > 0 for done, total in told.values())


@pytest.mark.parametrize(
    ("form", "statement"),
    [
        ("csv", "UPDATE observation SET absences_json = '[{]'"),
        ("csv", "UPDATE exposure SET point_json = '{}'"),
        ("jsonl", "UPDATE campaign SET name = '../../fake' WHERE name = 'fake'"),
        ("parquet", "UPDATE decision SET utc = 'yesterday'"),
        ("jsonl", "UPDATE ledger SET members_json = '[1]'"),
        ("ro-crate", "UPDATE session SET environment_json = '{'"),
    ],
)
def test_a_record_that_somebody_edited_beyond_reading_is_answered_with_the_command_that_shows_it(
    tmp_path, form, statement
):
    url = fakes.sqlite_url(tmp_path)
    record(url, tmp_path)
    execute(url, statement)
    with pytest.raises(BadInput, match="nightbeam verify"):
        exported(url, form, tmp_path / "out")
    assert not (tmp_path / "out").exists()
