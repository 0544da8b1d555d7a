"""Every transaction is sealed: its rows, and all entries before it."""

import json

import pytest
import sqlalchemy as sa

from db import schema
from db.annotations import add_annotation
from db.engine import open_to_read
from db.ledger import FIRST, entry_sha256, row_sha256
from models.domain.errors import BadInput
from models.domain.records import Annotation, Decided, Event
from tests import fakes
from tests.db.test_log import decision, put

APART = {"ledger", "lease"}
"""Tables whose rows no entry covers."""


def entries(url):
    with open_to_read(url).connect() as connection:
        return connection.execute(sa.select(schema.ledger).order_by(schema.ledger.c.n)).all()


def test_each_record_is_one_entry_and_each_entry_names_the_one_before(open_log, url):
    log = open_log()
    put(log, decision())
    log.append(Event(level="info", code="x", sentence="y"))
    found = entries(url)
    assert [e.record for e in found] == [
        "Opened", "Decided", "Started", "Ended", "Started", "Ended", "Event",
    ]  # fmt: skip
    assert [e.n for e in found] == list(range(1, 8))
    assert [e.previous for e in found] == [FIRST, *(e.sha256 for e in found[:-1])]
    assert [e.seq for e in found] == [None, 1, 1, 1, 1, 1, None]
    assert log.head.sha256 == found[-1].sha256


def test_every_row_is_covered_by_exactly_one_entry_and_hashes_to_what_it_says(open_log, url):
    log = open_log()
    put(log, decision())
    expose = fakes.FakeInstrument().actions(decision())[1]
    log.append(fakes.FakeAnalysis()(fakes.exposure_of(expose, decision()), None))
    add_annotation(url, None, Annotation(kind="note", who="me", text="seen", seq=1), fakes.ticking_clock()())
    members = {
        (table, json.dumps(key)): sha256
        for entry in entries(url)
        for table, key, sha256 in json.loads(entry.members_json)
    }
    n_rows = 0
    with open_to_read(url).connect() as connection:
        for table in schema.metadata.sorted_tables:
            if table.name in APART:
                continue
            for row in connection.execute(sa.select(table)):
                key = json.dumps([row._mapping[c] for c in table.primary_key])
                assert members[table.name, key] == row_sha256(table, row._asdict())
                n_rows += 1
    assert n_rows == len(members)
    assert n_rows > 15


def test_an_entrys_hash_follows_from_what_stands_in_it(open_log, url):
    log = open_log()
    put(log, decision())
    with open_to_read(url).connect() as connection:
        uid = connection.scalar(sa.select(schema.campaign.c.uid))
    for entry in entries(url):
        said = (entry.record, entry.seq, entry.utc)
        members = json.loads(entry.members_json)
        assert entry_sha256(uid, entry.n, entry.previous, said, members) == entry.sha256


def test_a_column_added_later_leaves_older_hashes_as_they_were():
    def table(*further: sa.Column) -> sa.Table:
        key = sa.Column("id", sa.Integer, primary_key=True)
        return sa.Table("t", sa.MetaData(), key, sa.Column("a", sa.Float), *further)

    old, new = table(), table(sa.Column("b", sa.Text))
    assert row_sha256(old, {"id": 1, "a": 1}) == row_sha256(new, {"id": 1, "a": 1.0, "b": None})
    assert row_sha256(new, {"id": 1, "a": 1.0, "b": ""}) != row_sha256(old, {"id": 1, "a": 1.0})


@pytest.mark.parametrize("said", ["\x00nul", "half a \ud800 pair", "-0.0", "'; DROP TABLE decision; --"])
def test_whatever_a_device_says_goes_on_record_and_hashes_alike_when_read_back(open_log, url, said):
    log = open_log()
    log.append(Event(level="alarm", code="device", sentence=said))
    with open_to_read(url).connect() as connection:
        row = connection.execute(sa.select(schema.event)).one()
    (entry,) = [e for e in entries(url) if e.record == "Event"]
    assert json.loads(entry.members_json) == [["event", [row.id], row_sha256(schema.event, row._asdict())]]


def test_a_person_may_annotate_while_the_agent_writes(open_log, url):
    log = open_log()
    log.append(Decided(decision=decision(1), actions=()))
    note = Annotation(kind="review", who="A. Meyer", text="a bubble on the camera", seq=1)
    assert add_annotation(url, "fake", note, fakes.ticking_clock()()).n == 3
    log.append(Decided(decision=decision(2, 0.2), actions=()))
    found = entries(url)
    assert [(e.n, e.record, e.seq) for e in found[-2:]] == [(3, "Annotation", 1), (4, "Decided", 2)]
    assert found[-1].previous == found[-2].sha256


def test_a_note_on_a_decision_that_was_never_made_is_refused(open_log, url):
    open_log().append(Decided(decision=decision(1), actions=()))
    note = Annotation(kind="note", who="me", text="?", seq=9)
    with pytest.raises(BadInput, match="has decisions 1 to 1"):
        add_annotation(url, None, note, fakes.ticking_clock()())
