"""On PostgreSQL the agent may add and nothing else, the reader may look, and neither is the owner."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import ProgrammingError

from db import schema
from db.engine import open_to_read, open_to_write
from db.roles import AGENT, READER, make_roles
from models.domain.errors import BadInput
from tests import fakes
from tests.db.test_log import decision, put

pytestmark = pytest.mark.parametrize("url", ["postgresql"], indirect=True)


@pytest.fixture
def as_role(url):
    """The database's address for a user who has one role and no more."""
    engine = open_to_write(url)
    with engine.begin() as connection:
        make_roles(connection, url)
        make_roles(connection, url)  # a second time changes nothing
    engine.dispose()

    def address(role: str) -> str:
        return sa.make_url(url).update_query_dict({"options": f"-c role={role}"}).render_as_string(False)

    return address


def test_the_agent_can_run_a_campaign_and_change_nothing_of_it(as_role, tmp_path):
    url = as_role(AGENT)
    log = fakes.open_log(url, fakes.spec(), tmp_path)
    put(log, decision(1))
    assert log.history().decisions == (decision(1),)
    log.close()
    engine = sa.create_engine(url)
    for statement in (
        "UPDATE decision SET reason = 'x'",
        "DELETE FROM decision",
        "TRUNCATE ledger CASCADE",
        "ALTER TABLE decision DISABLE TRIGGER decision_append_only",
        "DROP TABLE ledger",
    ):
        with engine.connect() as connection, pytest.raises(ProgrammingError, match=r"denied|owner"):
            connection.exec_driver_sql(statement)
    engine.dispose()


def test_the_reader_can_read_everything_and_write_nothing(as_role, tmp_path):
    log = fakes.open_log(as_role(AGENT), fakes.spec(), tmp_path)
    log.close()
    with open_to_read(as_role(READER)).connect() as connection:
        for table in schema.metadata.tables.values():
            connection.execute(sa.select(table)).all()
        with pytest.raises(ProgrammingError, match="denied"):
            connection.execute(schema.lease.update().values(beat=0))
    with pytest.raises(BadInput, match=r"cannot be written.*denied"):
        fakes.open_log(as_role(READER), fakes.spec("other"), tmp_path)


def test_sqlite_has_no_roles(tmp_path, url):
    del url
    engine = open_to_write(fakes.sqlite_url(tmp_path))
    with engine.begin() as connection, pytest.raises(BadInput, match="SQLite has no roles"):
        make_roles(connection, "sqlite:///x")
    engine.dispose()
