"""What an editor left in the rows is a finding, or one line with a remedy; never a fault of the program."""

import shutil
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from agent.cli import app
from db.engine import open_to_read
from db.identity import identify
from db.verify.record import check_record, verify
from models.domain.errors import BadInput, NightbeamError
from tests import fakes
from tests.db.test_verify import edit, fill

DEEP = "[" * 100_000
UNREADABLE = [
    "UPDATE campaign SET uid = x'00ff'",
    "UPDATE campaign SET spec_json = '{'",
    "UPDATE feature SET value = 9e999",
    "UPDATE feature SET value = 'text'",
    """UPDATE decision SET point_json = '{"coordinates":{"a":NaN}}'""",
    "UPDATE decision SET point_json = 'garbage'",
    "UPDATE decision SET kind = 'strange'",
    "UPDATE decision SET reason = CAST(x'ff' AS TEXT)",
    "UPDATE decision SET seq = 'three', id = 77 WHERE seq = 3",
    "UPDATE decision SET seq = 7 WHERE seq = 2",
    "UPDATE observation SET absences_json = '7'",
    "ALTER TABLE decision DROP COLUMN repeats",
    "ALTER TABLE feature RENAME COLUMN sigma TO sigm",
]
"""Edits after which the decisions cannot be listed."""
ODD = [
    "UPDATE campaign SET name = x'00ff'",
    "UPDATE campaign SET folder = x'00ff'",
    "UPDATE campaign SET problem_json = x'00'",
    "ALTER TABLE campaign DROP COLUMN folder",
    "ALTER TABLE ledger RENAME COLUMN members_json TO members",
    f"UPDATE decision SET model_json = '{DEEP}'",
    f"UPDATE ledger SET members_json = '{DEEP}' WHERE n = 3",
    "UPDATE ledger SET n = 'text' WHERE n = 3",
    "UPDATE session SET environment_json = '['",
    f"UPDATE session SET environment_json = '{DEEP}'",
    "UPDATE session SET id = 99",
    "UPDATE session SET spec_json = 'x'",
    "UPDATE session SET fence = 'x'",
    "UPDATE asset SET path = x'00ff', n_bytes = 9e999",
    "UPDATE asset SET path = CAST(x'6100' AS TEXT)",
    "UPDATE asset SET path = '/dev/zero'",
    "UPDATE event SET utc = 3, sentence = 4",
    "UPDATE artifact SET content = 'x'",
    "UPDATE lease SET holder_json = '{'",
]
"""Edits that some commands stumble over."""
run = CliRunner()


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """A record of three decisions."""
    folder = tmp_path_factory.mktemp("whole")
    log = fakes.open_log(fakes.sqlite_url(folder), fakes.spec(), folder)
    fill(log)
    log.close()
    return folder / "log.db"


@pytest.fixture
def record(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(whole, tmp_path / "log.db"))


def edit_file(path: Path, statement: str) -> None:
    """Take all guards away, edit, and put them back as they were."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA ignore_check_constraints = ON")
    guards = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in guards:
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute(statement)
    for _, guard in guards:
        connection.execute(guard)
    connection.close()


def call(*arguments: str) -> int:
    """Exit status of a command; what is no status and no answer in one line is raised."""
    done = run.invoke(app, list(arguments))
    if isinstance(done.exception, NightbeamError):
        return 2
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code


@pytest.mark.parametrize("statement", [*UNREADABLE, *ODD], ids=lambda text: text[:50])
def test_verify_finds_it_and_no_command_is_at_fault(record, tmp_path, statement):
    edit_file(record, statement)
    url = f"sqlite:///{record}"
    assert call("verify", "--db", url) == 1
    assert call("verify", "--files", "--db", url) == 1
    status = call("log", "--db", url)
    assert status == 2 if statement in UNREADABLE else status in (0, 2)
    for arguments in (("log", "--seq", "3"), ("annotate", "note", "--who", "me"), ("replay", "1")):
        assert call(*arguments, "--db", url) in (0, 1, 2)
    for form in ("jsonl", "csv", "ro-crate"):
        assert call("export", "--format", form, "--out", str(tmp_path / form), "--db", url) in (0, 2)


def test_the_answer_names_what_is_wrong_and_what_to_do(record):
    edit_file(record, "UPDATE feature SET value = 9e999")
    done = run.invoke(app, ["log", "--db", f"sqlite:///{record}"])
    assert (
        "the record is not as this program wrote it (Feature.value: Input should be a finite number"
        in str(done.exception)
    )
    assert "Run nightbeam verify" in str(done.exception)


@pytest.mark.parametrize(
    "statement", ["UPDATE campaign SET spec_json = '{'", "UPDATE campaign SET uid = x'00'"]
)
def test_a_run_that_would_go_on_is_refused(record, statement):
    edit_file(record, statement)
    with pytest.raises(BadInput, match="not as this program wrote it"):
        identify(f"sqlite:///{record}", fakes.spec(), record.parent)


def test_a_decision_that_is_gone_is_named(record):
    edit_file(record, "DELETE FROM decision WHERE seq = 2")
    done = run.invoke(app, ["log", "--db", f"sqlite:///{record}"])
    assert "decision 2 is gone, the next is 3" in str(done.exception)


def test_one_bad_cell_does_not_hide_another_campaigns_damage(url, open_log):
    fill(open_log())
    fill(open_log(fakes.spec("other")), "other")
    edit(
        url,
        "UPDATE failure SET sentence = 'x' WHERE decision_id > 3",
        "ALTER TABLE decision DROP COLUMN repeats",
    )
    with open_to_read(url).connect() as connection:
        found = {(finding.campaign, finding.table) for finding in verify(connection)}
    assert found == {("other", "failure"), (None, "decision")}


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_uid_that_is_no_text_leaves_the_other_campaign_checked(url, open_log):
    fill(open_log())
    fill(open_log(fakes.spec("other")), "other")
    edit(
        url,
        "UPDATE failure SET sentence = 'x' WHERE decision_id > 3",
        "UPDATE campaign SET uid = x'00' WHERE id = 1",
    )
    with open_to_read(url).connect() as connection:
        found = {(finding.campaign, finding.table) for finding in check_record(connection).findings}
    assert found == {("other", "failure"), ("fake", "campaign")}


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DELETE FROM lease", "the lease of 'fake' is gone, and a run had fence 1"),
        ("UPDATE lease SET fence = 0", "has fence 0, and a run had 1"),
        ("UPDATE lease SET holder_json = '{'", "does not say who holds it"),
    ],
)
def test_a_lease_that_was_changed_is_a_finding(url, open_log, statement, words):
    fill(open_log())
    edit(url, statement)
    with open_to_read(url).connect() as connection:
        (finding,) = verify(connection)
    assert finding.table == "lease"
    assert words in finding.what


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("ALTER TABLE feature ADD COLUMN remark TEXT", "the column remark was added"),
        ("ALTER TABLE feature RENAME COLUMN unit TO units", "the column unit was removed or renamed"),
        ("DROP INDEX one_end_per_action", "the unique key action_id was removed"),
    ],
)
def test_columns_and_unique_keys_that_were_changed_are_findings(url, open_log, statement, what):
    fill(open_log())
    edit(url, statement)
    with open_to_read(url).connect() as connection:
        assert any(what in finding.what for finding in verify(connection))


def test_a_constraint_and_an_index_that_were_weakened_are_findings_on_postgresql(url, open_log):
    if url.startswith("sqlite"):
        pytest.skip("SQLite drops no constraint")
    fill(open_log())
    edit(
        url,
        "ALTER TABLE decision DROP CONSTRAINT one_decision_per_seq",
        "DROP INDEX one_end_per_action",
        "CREATE UNIQUE INDEX one_end_per_action ON action_event (action_id) WHERE status = 'x'",
    )
    with open_to_read(url).connect() as connection:
        assert {finding.table for finding in verify(connection)} == {"decision", "action_event"}


def test_a_table_beside_the_record_is_told_and_is_no_finding(url, open_log):
    fill(open_log())
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE customers (id INTEGER)")
        connection.exec_driver_sql("CREATE VIEW best AS SELECT * FROM feature")
    done = run.invoke(app, ["verify", "--db", url])
    assert "the database also holds best, customers, which are no part of the record" in done.stderr
    assert done.exit_code == 0
