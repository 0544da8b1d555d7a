"""The research object is valid, and says of each file what it is."""

import hashlib
import json
import subprocess
from pathlib import Path

import pytest
import rocrate

from models.domain.errors import BadInput
from tests import fakes
from tests.db.export_record import execute, exported, record

VALIDATORS = Path(__file__).parents[2] / ".venv" / "validators" / "bin"
LICENCE = "https://spdx.org/licenses/CC-BY-4.0"
SHELVE = """
import io, sys, requests, urllib3
from requests_cache import CachedSession

class Shelf(requests.adapters.BaseAdapter):
    def send(self, request, **_):
        answer = requests.Response()
        answer.status_code, answer.url, answer.request = 200, request.url, request
        answer.headers["Content-Type"] = "application/ld+json"
        content = io.BytesIO(open(sys.argv[2], "rb").read())
        answer.raw = urllib3.HTTPResponse(content, answer.headers, status=200, preload_content=False)
        return answer
    def close(self):
        pass

session = CachedSession(sys.argv[1], backend="sqlite", expire_after=-1)
session.mount("https://w3id.org/", Shelf())
session.get("https://w3id.org/ro/crate/1.2/context")
"""
"""Puts the vocabulary where the validator looks for it offline. It is that of 1.3, which rocrate brings and
which only adds words to 1.2."""


@pytest.fixture
def on_record(tmp_path: Path) -> str:
    record(fakes.sqlite_url(tmp_path), tmp_path)
    return fakes.sqlite_url(tmp_path)


def objections(crate: Path, folder: Path, severity: str) -> list[str]:
    """What the validator says against a research object."""
    assert VALIDATORS.is_dir(), "the validator is missing: run `make install`"
    cache, report = folder / "cache", folder / "report.json"
    vocabulary = Path(rocrate.__file__).parent / "data" / "ro-crate.jsonld"
    subprocess.run([VALIDATORS / "python", "-c", SHELVE, cache, vocabulary], check=True)
    words = ["-y", "validate", "--offline", "--cache-path", cache, "-l", severity, "-f", "json", "-o", report]
    subprocess.run([VALIDATORS / "rocrate-validator", *words, crate], capture_output=True, check=False)
    found = json.loads(report.read_text())
    assert found["passed"] is (not found["issues"])
    return sorted({issue["message"] for issue in found["issues"]})


def graph(crate: Path) -> dict[str, dict[str, object]]:
    document = json.loads((crate / "ro-crate-metadata.json").read_text())
    return {entity["@id"]: entity for entity in document["@graph"]}


def test_it_is_valid_and_lacks_only_recommended_things_that_nobody_told_us(on_record, tmp_path):
    exported(on_record, "ro-crate", tmp_path / "crate")
    found = objections(tmp_path / "crate", tmp_path, "recommended")
    assert [message.split(" (")[0] for message in found] == [
        "A License entity SHOULD have an absolute HTTP(S) URL as its @id",
        "A Person entity SHOULD have an ORCID identifier as its @id",
        "The Root Data Entity SHOULD have a `publisher` property",
    ]


def test_nothing_in_the_record_leads_a_copy_out_of_the_folder(on_record, tmp_path):
    curve = tmp_path / "curve.dat"
    curve.write_text("x")
    execute(
        on_record,
        f"UPDATE asset SET path = '{curve}', sha256 = '../../../../x', role = 'curve' WHERE id = 1",
        f"UPDATE asset SET path = '{curve}', role = '../../../out' WHERE id = 2",
    )
    before = set(tmp_path.iterdir())
    exported(on_record, "ro-crate", tmp_path / "crate", campaign="fake", has_files=True)
    assert set(tmp_path.iterdir()) - before == {tmp_path / "crate"}


def test_the_licence_is_the_one_that_was_stated_or_says_that_none_was(on_record, tmp_path):
    exported(on_record, "ro-crate", tmp_path / "free", licence=LICENCE)
    assert graph(tmp_path / "free")["./"]["license"] == {"@id": LICENCE}
    exported(on_record, "ro-crate", tmp_path / "silent")
    entities = graph(tmp_path / "silent")
    assert entities["./"]["license"] == {"@id": "#no-licence-stated"}
    assert "no permission" in str(entities["#no-licence-stated"]["description"])


def test_every_file_is_listed_with_its_hash_size_and_format(on_record, tmp_path):
    crate = tmp_path / "crate"
    exported(on_record, "ro-crate", crate)
    entities = graph(crate)
    files = {path.relative_to(crate).as_posix() for path in crate.rglob("*") if path.is_file()}
    listed = {name for name, entity in entities.items() if entity["@type"] == "File"}
    assert listed == files - {"ro-crate-metadata.json"}
    assert {"fake.jsonl", "other.h5", "tables/decisions.csv", "fake.campaign.json"} <= listed
    for name in listed:
        content = (crate / name).read_bytes()
        assert entities[name]["sha256"] == hashlib.sha256(content).hexdigest()
        assert entities[name]["contentSize"] == str(len(content))
        assert entities[name]["encodingFormat"]


def test_the_campaign_is_an_action_of_the_program_with_an_instrument_and_the_people_beside_it(
    on_record, tmp_path
):
    exported(on_record, "ro-crate", tmp_path / "crate", campaign="fake")
    entities = graph(tmp_path / "crate")
    (action,) = (entity for entity in entities.values() if entity["@type"] == "CreateAction")
    program = entities[action["agent"]["@id"]]
    assert (program["@type"], program["name"]) == ("SoftwareApplication", "Nightbeam")
    assert {"@id": "#instrument-fake"} in action["instrument"]
    assert {"@id": "#person-%40eve"} in action["participant"]
    assert {"@id": "#person-Bob"} in action["participant"]
    assert action["startTime"] < action["endTime"]
    assert {"@id": "fake.jsonl"} in action["result"]
    assert entities["./"]["mentions"] == {"@id": action["@id"]}


def test_files_of_the_record_are_put_in_when_they_are_still_what_it_says(on_record, tmp_path):
    frame, curve = tmp_path / "frame.h5", tmp_path / "..odd name.dat"
    frame.write_bytes(b"frame")
    curve.write_bytes(b"edited")
    execute(
        on_record,
        f"UPDATE asset SET path = '{frame}', sha256 = '{hashlib.sha256(b'frame').hexdigest()}' WHERE id = 1",
        f"UPDATE asset SET path = '{curve}' WHERE id = 2",
    )
    plain = exported(on_record, "ro-crate", tmp_path / "plain", campaign="fake")
    assert not any("frame" in str(path) for path in plain.files)
    assert f"fake: {curve} is left out: it is not the file on record any more" in plain.notes
    assert "fake: /gone/2.dat is left out: it is gone, or may not be read" in plain.notes
    whole = exported(on_record, "ro-crate", tmp_path / "whole", campaign="fake", has_files=True)
    (copied,) = (path for path in whole.files if path.parts[:3] == ("files", "fake", "frame"))
    assert (tmp_path / "whole" / copied).read_bytes() == b"frame"


def test_a_licence_is_a_url(on_record, tmp_path):
    with pytest.raises(BadInput, match="--licence MIT: is no URL"):
        exported(on_record, "ro-crate", tmp_path / "crate", licence="MIT")
