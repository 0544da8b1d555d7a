"""Guards that were swapped for harmless ones are found, and so is what was put beside them."""

import pytest
import sqlalchemy as sa

from db import schema
from db.engine import open_to_read
from db.verify.record import verify
from tests.db.test_verify import fill

NOTHING = (
    "CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
    "CREATE SCHEMA evil",
    "CREATE FUNCTION evil.nightbeam_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
)
DROP = "DROP TRIGGER feature_append_only ON feature"
MAKE = "CREATE TRIGGER feature_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON feature FOR EACH STATEMENT"
ALWAYS = "ALTER TABLE feature ENABLE ALWAYS TRIGGER feature_append_only"
REMOVED = "feature_append_only, which forbids changes, was removed or altered"


def found_after(url, *statements: str) -> list[tuple[str | None, str]]:
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    with open_to_read(url).connect() as connection:
        return [(finding.table, finding.what) for finding in verify(connection)]


@pytest.fixture
def filled(url, open_log) -> str:
    fill(open_log())
    return url


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    "statements",
    [
        (DROP, f"{MAKE} WHEN (false) EXECUTE FUNCTION nightbeam_refuse()", ALWAYS),
        (DROP, f"{MAKE} EXECUTE FUNCTION nothing()", ALWAYS),
        (DROP, f"{MAKE} EXECUTE FUNCTION evil.nightbeam_refuse()", ALWAYS),
        (DROP, MAKE.replace("UPDATE OR ", "") + " EXECUTE FUNCTION nightbeam_refuse()", ALWAYS),
        (DROP, MAKE.replace("BEFORE", "AFTER") + " EXECUTE FUNCTION nothing()", ALWAYS),
        (DROP, f"{MAKE} EXECUTE FUNCTION nightbeam_refuse()"),
        (DROP,),
    ],
    ids=["never", "own function", "own schema", "no update", "after", "not always", "gone"],
)
def test_a_guard_that_bears_the_right_name_and_guards_nothing_is_found(filled, statements):
    assert found_after(filled, *NOTHING, *statements) == [("feature", REMOVED)]


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_guard_of_the_right_name_on_another_table_is_found_twice(filled):
    moved = MAKE.replace("ON feature", "ON failure") + " EXECUTE FUNCTION nightbeam_refuse()"
    found = found_after(filled, DROP, moved, ALWAYS.replace("TABLE feature", "TABLE failure"))
    assert {table for table, _ in found} == {"feature", "failure"}


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_function_that_refuses_nothing_opens_every_table(filled):
    swap = NOTHING[0].replace("CREATE FUNCTION nothing", "CREATE OR REPLACE FUNCTION nightbeam_refuse")
    assert {table for table, _ in found_after(filled, swap)} == set(schema.metadata.tables)


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_a_rule_and_row_security_are_found(filled):
    found = found_after(
        filled,
        "CREATE RULE silent AS ON INSERT TO failure DO INSTEAD NOTHING",
        "ALTER TABLE event ENABLE ROW LEVEL SECURITY",
    )
    assert sorted(found) == [
        ("event", "row security was added: it may change, hide or swallow what is written"),
        ("failure", "the rule silent was added: it may change, hide or swallow what is written"),
    ]


def test_a_trigger_that_the_program_never_made_is_found(filled):
    if filled.startswith("sqlite"):
        added = ("CREATE TRIGGER extra BEFORE INSERT ON failure BEGIN SELECT RAISE(IGNORE); END",)
    else:
        added = (
            NOTHING[0],
            "CREATE TRIGGER extra BEFORE INSERT ON failure FOR EACH ROW EXECUTE FUNCTION nothing()",
        )
    what = "the trigger extra was added: it may change, hide or swallow what is written"
    assert found_after(filled, *added) == [("failure", what)]
