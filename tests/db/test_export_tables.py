"""Tables hold what the record holds: exactly, with units, and harmless in a spreadsheet."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from db.export.csv_files import neutralised
from models.domain.records import Event
from tests import fakes
from tests.db.export_record import FORMULA, exported, observed, record
from tests.db.test_log import decision, put

TABLES = {
    "campaigns", "decisions", "features", "candidates", "actions", "samples", "files", "events",
    "annotations", "requests", "debits",
}  # fmt: skip


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def on_record(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("record")
    record(fakes.sqlite_url(folder), folder)
    return fakes.sqlite_url(folder)


@pytest.fixture(scope="module")
def tables(on_record: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("tables")
    exported(on_record, "csv", out)
    return out


def test_every_table_is_there_and_begins_with_a_byte_order_mark_and_ends_lines_as_rfc_4180_says(tables):
    assert {path.stem for path in tables.iterdir()} == TABLES
    for path in tables.iterdir():
        content = path.read_bytes()
        assert content.startswith(b"\xef\xbb\xbfcampaign,")
        assert content.endswith(b"\r\n")


def test_decisions_come_with_what_was_expected_of_them_and_what_came_of_them(tables):
    rows = [row for row in rows_of(tables / "decisions.csv") if row["campaign"] == "fake"]
    assert [row["outcome"] for row in rows] == ["accepted", "accepted", "rejected", "failed", "open", "none"]
    assert [row["seq"] for row in rows] == ["1", "2", "3", "4", "5", "6"]
    assert float(rows[1]["predicted_height (1/cm)"]) == 1.0 / 3.0
    assert float(rows[1]["sigma_predicted_height (1/cm)"]) == 1e-17
    assert rows[1]["acquisition_value"] == "-12.5"
    assert (rows[1]["cost_s"], rows[1]["bound_by"]) == ("", "")
    assert rows[0]["predicted_height (1/cm)"] == ""
    assert rows[4]["supersedes"] == "4"
    assert rows[5]["point_water"] == ""


def test_candidates_come_with_what_they_were_to_gain_and_cost_and_why_they_lost(tables):
    rows = [row for row in rows_of(tables / "candidates.csv") if row["campaign"] == "fake"]
    chosen, other = rows[:2]
    assert (chosen["expected_gain"], chosen["why"], chosen["others"]) == ("", "", "")
    assert (other["expected_gain"], other["gain_unit"], other["cost_s"]) == (repr(0.1 + 0.2), "1/cm", "0.001")
    assert float(other["chance"]) == 1.0 / 3.0
    assert other["bound_by"] == "water at least 0.3; größte Menge"
    assert (other["reject_code"], other["why"]) == ("lower", "Gains 0.1 1/cm less, in 2 s.")
    assert json.loads(other["others"]) == [{"mean": -1.0 / 3.0, "sigma": 1e300, "unit": "nm", "name": "rg"}]


def test_commands_come_with_how_long_they_took(tmp_path):
    url = fakes.sqlite_url(tmp_path)
    log = fakes.open_log(url, fakes.spec(), tmp_path)
    put(log, decision(1))
    put(log, decision(2))
    log.close()
    exported(url, "csv", tmp_path / "out")
    rows = rows_of(tmp_path / "out" / "actions.csv")
    assert [row["duration_s"] for row in rows] == [repr(0.1 + 0.2), "0.5", "", "0.5"]


def test_features_are_wide_exact_and_carry_their_units_in_the_header(tables):
    rows = [row for row in rows_of(tables / "features.csv") if row["campaign"] == "fake"]
    assert [row["is_accepted"] for row in rows] == ["TRUE", "TRUE", "FALSE"]
    assert rows[1]["feature_height (1/cm)"] == repr(-0.1 - 0.2)
    assert rows[1]["sigma_height (1/cm)"] == "1e-300"
    assert float(rows[1]["feature_rg (nm)"]) == 1.5e300
    assert rows[2]["feature_rg (nm)"] == ""
    assert rows[1]["absences"] == "d: @ no peak"
    assert (rows[1]["transmission"], rows[1]["monitor (counts)"], rows[1]["blank_seq"]) == (
        "0.75",
        "1000000.0",
        "1",
    )


def test_a_transmission_that_nobody_measured_has_no_sigma(tmp_path):
    url = fakes.sqlite_url(tmp_path)
    log = fakes.open_log(url, fakes.spec(), tmp_path)
    put(log, decision(1))
    log.append(observed(1))
    log.close()
    exported(url, "csv", tmp_path / "out")
    (row,) = rows_of(tmp_path / "out" / "features.csv")
    assert (row["transmission"], row["transmission_sigma"]) == ("", "")


def test_a_quantity_in_two_units_has_two_columns(tables):
    rows = rows_of(tables / "decisions.csv")
    ours, theirs = (next(r for r in rows if r["campaign"] == name) for name in ("fake", "other"))
    assert (ours["point_surfactant"], ours["point_surfactant (mol/L)"]) == ("0.1", "")
    assert (theirs["point_surfactant"], theirs["point_surfactant (mol/L)"]) == ("", "0.1")


def test_no_cell_of_any_table_is_run_by_a_spreadsheet_and_numbers_stay_numbers(tables):
    for path in tables.iterdir():
        with path.open(encoding="utf-8-sig", newline="") as file:
            for cell in (cell for row in csv.reader(file) for cell in row):
                if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")):
                    float(cell)
    (failed,) = (r for r in rows_of(tables / "decisions.csv") if r["campaign"] == "fake" and r["seq"] == "4")
    assert failed["outcome_in_words"] == f"failed: {FORMULA}"
    events = rows_of(tables / "events.csv")
    assert "'+stuck" in [row["sentence"] for row in events]
    (note, _) = rows_of(tables / "annotations.csv")
    assert (note["who"], note["text"]) == ("'@eve", "'\tlook")


def test_what_people_asked_comes_with_how_it_was_answered(tables):
    pause, veto = (row for row in rows_of(tables / "requests.csv") if row["campaign"] == "fake")
    assert (pause["kind"], pause["why"], pause["code"], pause["answer"]) == ("pause", "'=1+1", "", "")
    assert (veto["kind"], veto["vetoed_seq"], veto["radius"], veto["hours (h)"]) == (
        "veto",
        "4",
        "0.05",
        "2.0",
    )
    assert (veto["seq"], veto["code"], veto["answer"]) == ("6", "obeyed", "It holds.")


def test_a_text_with_quotes_commas_and_line_breaks_comes_back_whole(tables):
    row = next(r for r in rows_of(tables / "decisions.csv") if r["kind"] == "human_override")
    assert row["reason"] == '\'-1 looks wrong,\r\nsaid "Eve"'


@pytest.mark.parametrize(
    ("text", "is_changed"),
    [
        ("=1", True),
        ("  =1", True),
        ("-x", True),
        ("\uff1d1", True),
        ("a=1", False),
        ("", False),
        ("'x", False),
    ],
)
def test_only_what_may_be_run_is_put_behind_an_apostrophe(text, is_changed):
    assert neutralised(text) == (f"'{text}" if is_changed else text)


def test_actions_samples_and_files_tell_what_was_done(tables):
    actions = [row for row in rows_of(tables / "actions.csv") if row["campaign"] == "fake"]
    assert [row["status"] for row in actions] == ["succeeded"] * 6 + [""] * 4
    assert all(row["started_utc"] < row["ended_utc"] for row in actions[:6])
    samples = [row["sample"] for row in rows_of(tables / "samples.csv") if row["campaign"] == "fake"]
    assert samples == ["vial-1", "vial-2", "vial-3"]
    files = [row for row in rows_of(tables / "files.csv") if row["campaign"] == "fake"]
    assert [(row["seq"], row["role"]) for row in files[:2]] == [("1", "frame"), ("1", "curve")]


@pytest.mark.parametrize("url", ["postgresql"], indirect=True)
def test_postgresql_gives_the_same_tables_as_sqlite(url, tmp_path, tables):
    record(url, tmp_path)
    exported(url, "csv", tmp_path / "out")
    for name in TABLES - {"campaigns"}:  # these hold the random uid
        assert (tmp_path / "out" / f"{name}.csv").read_bytes() == (tables / f"{name}.csv").read_bytes()


def test_parquet_holds_the_same_typed_with_units_in_the_metadata(on_record, tmp_path, tables):
    exported(on_record, "parquet", tmp_path / "typed")
    assert {path.stem for path in (tmp_path / "typed").iterdir()} == TABLES
    for path in (tmp_path / "typed").iterdir():
        assert pq.read_table(path).num_rows == len(rows_of(tables / f"{path.stem}.csv")), path.stem
    table = pq.read_table(tmp_path / "typed" / "features.parquet")
    rg = table.schema.field("feature_rg")
    assert (rg.type, rg.metadata[b"unit"]) == (pa.float64(), b"nm")
    assert table.schema.field("utc").type == pa.timestamp("us", tz="UTC")
    first = table.to_pylist()[1]
    assert (first["feature_height"], first["sigma_height"]) == (-0.1 - 0.2, 1e-300)
    assert first["utc"] > datetime(2026, 1, 1, tzinfo=UTC)
    decisions = pq.read_table(tmp_path / "typed" / "decisions.parquet").to_pylist()
    assert decisions[1]["seed"] == 2**62 + 1
    assert decisions[4]["reason"] == '-1 looks wrong,\r\nsaid "Eve"'


def test_an_export_shows_one_moment_although_an_agent_goes_on_writing(url, tmp_path):
    log = fakes.open_log(url, fakes.spec(), tmp_path)

    def write_on(what: str, _done: int, _total: int) -> None:
        if what == "campaigns.csv":
            log.append(Event(level="info", code="late", sentence="after the export began"))

    log.append(Event(level="info", code="early", sentence="before"))
    exported(url, "csv", tmp_path / "out", write_on)
    codes = [row["code"] for row in rows_of(tmp_path / "out" / "events.csv")]
    assert codes == ["early"]
    log.close()
