"""A run does not go on with a record whose beginnings were changed, and says so in one line."""

import re
from pathlib import Path

import pytest

from db.engine import open_to_read
from db.openings import refuse_edited_openings
from models.domain.errors import BadInput
from tests import fakes
from tests.db.export_record import execute, record

SESSION, ENTRY = "session 1 was edited", "entry 1 of the ledger was edited"
EDITS = {
    "UPDATE session SET spec_json = replace(spec_json, '\"seed\":7', '\"seed\":8') WHERE id = 1": SESSION,
    "UPDATE session SET environment_json = '{}' WHERE id = 1": SESSION,
    "UPDATE campaign SET problem_json = replace(problem_json, '0.6', '0.5') WHERE name = 'fake'":
        "campaign 1 was edited",
    "UPDATE campaign SET uid = x'00ff' WHERE name = 'fake'": "not as this program wrote it",
    "UPDATE campaign SET problem_json = cast(x'ff' AS TEXT) WHERE name = 'fake'": "decode to UTF-8",
    "DELETE FROM session WHERE id = 1": "the row [1] of session is gone",
    "UPDATE ledger SET members_json = '[]' WHERE n = 1 AND campaign_id = 1": ENTRY,
    "UPDATE ledger SET members_json = '[[[' WHERE n = 1 AND campaign_id = 1": "not as this program wrote it",
    "UPDATE ledger SET n = 'many' WHERE n = 9 AND campaign_id = 1": "entry 'many' of the ledger is not one",
    "UPDATE ledger SET record = 'Event' WHERE n = 1 AND campaign_id = 1": "sealed by no entry",
}  # fmt: skip


@pytest.fixture
def url(tmp_path: Path) -> str:
    record(fakes.sqlite_url(tmp_path), tmp_path)
    return fakes.sqlite_url(tmp_path)


def test_a_record_as_it_was_written_is_gone_on_with(url):
    engine = open_to_read(url)
    for name in ("fake", "other", "one that is not there"):
        refuse_edited_openings(engine, name)


@pytest.mark.parametrize("edit", EDITS)
def test_a_beginning_that_was_changed_is_refused_for_its_campaign_only(url, edit):
    execute(url, "PRAGMA foreign_keys = OFF", edit)
    engine = open_to_read(url)
    with pytest.raises(
        BadInput, match=f"campaign 'fake'.*{re.escape(EDITS[edit])}.*nightbeam verify"
    ) as caught:
        refuse_edited_openings(engine, "fake")
    assert "\n" not in str(caught.value)
    refuse_edited_openings(engine, "other")
