"""RO-Crate: the export as a research object, which says of each file what it is and how it came about.

After the RO-Crate metadata specification, version 1.2 (https://w3id.org/ro/crate/1.2).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from rocrate.model import ContextEntity
from rocrate.rocrate import ROCrate

from db import schema
from db.export.folder import sha256_of
from db.export.record_files import MEDIA_TYPES, copy_files
from db.export.source import Source
from db.queries import LoggedCampaign
from models.domain.canonical import canonical_json

SPECIFICATION = "1.2"
OCTETS = "application/octet-stream"
NXCANSAS = "https://manual.nexusformat.org/classes/applications/NXcanSAS.html"
MEANINGS = {
    ".jsonl": "The ledger of campaign {}, entry by entry with its rows; it can be proven by itself.",
    ".h5": "The accepted curves of campaign {}, blank subtracted, as NXcanSAS.",
    ".campaign.json": "The campaign file that campaign {} began with.",
    ".environment.json": "With which program, versions and machine each session of campaign {} computed.",
}
"""What the files of a campaign are, by the ending of their names."""
NO_LICENCE = (
    "Nobody stated a licence when this was exported. That is no permission: ask the owner of the data, or "
    "export again with --licence URL."
)


@dataclass(frozen=True)
class Crating:
    """How a research object is made."""

    utc: str
    """Now, ISO 8601."""
    has_files: bool
    """True to put frames into it, too."""
    licence: str | None
    """URL of the licence that its owner gives; None when none was given."""


def write_ro_crate(source: Source, crating: Crating, folder: Path) -> tuple[str, ...]:
    """Describe an export as a research object, and put the files of the record into it.

    Parameters
    ----------
    source
        The database.
    crating
        How it is made.
    folder
        The folder, with the exports of each campaign and the tables in it.

    Returns
    -------
    tuple of str
        Files of the record that are not in it, and why.
    """
    crate = ROCrate(version=SPECIFICATION)
    _describe_root(crate, source, crating)
    tables = [
        _file(crate, folder, path, f"Table of {path.stem}, for spreadsheets.")
        for path in sorted((folder / "tables").iterdir())
    ]
    notes: list[str] = []
    actions: list[Any] = []
    for campaign in source.campaigns:
        _write_beginnings(source, campaign, folder)
        own = _own_files(crate, folder, campaign)
        copied, left_out = copy_files(source, campaign, folder, crating.has_files)
        kept = [_file(crate, folder, path, meaning) for path, meaning in copied]
        notes += left_out
        action = _action(crate, source, campaign)
        _name_agents(crate, source, campaign, action, own[".environment.json"])
        action["object"] = [own[".campaign.json"], own[".environment.json"]]
        action["result"] = [own[".jsonl"], own[".h5"], *tables, *kept]
        actions.append(action)
    crate.root_dataset["mentions"] = _unpacked(actions)
    crate.write(folder)
    return tuple(notes)


def _describe_root(crate: Any, source: Source, crating: Crating) -> None:
    names = ", ".join(campaign.name for campaign in source.campaigns)
    sought = "; ".join(f"{one.name}: {one.spec.objective.text()}" for one in source.campaigns)
    crate.name = f"Small-angle X-ray scattering: {names}"
    crate.description = (
        f"What an autonomous experiment agent decided, measured and found ({sought}). "
        "Ledger, curves, tables, and the files of the record."
    )
    crate.datePublished = crating.utc
    if crating.licence is not None:
        crate.license = _entity(
            crate, crating.licence, "CreativeWork", name=crating.licence,
            description="The licence that was stated when this was exported.",
        )  # fmt: skip
    else:
        crate.license = _entity(
            crate, "#no-licence-stated", "CreativeWork", name="No licence stated", description=NO_LICENCE
        )


def _write_beginnings(source: Source, campaign: LoggedCampaign, folder: Path) -> None:
    """Write what a campaign began with, and with what each of its sessions computed."""
    table = schema.session
    statement = sa.select(table.c.utc, table.c.environment_json).where(table.c.campaign_id == campaign.id)
    sessions = [
        {"utc": row.utc, "environment": json.loads(row.environment_json)}
        for row in source.connection.execute(statement.order_by(table.c.id))
    ]
    for ending, value in ((".campaign.json", campaign.spec), (".environment.json", sessions)):
        (folder / f"{campaign.name}{ending}").write_text(canonical_json(value) + "\n", encoding="utf-8")


def _own_files(crate: Any, folder: Path, campaign: LoggedCampaign) -> dict[str, Any]:
    """The exports of a campaign, by the ending of their names."""
    files = {
        ending: _file(crate, folder, folder / f"{campaign.name}{ending}", meaning.format(campaign.name))
        for ending, meaning in MEANINGS.items()
    }
    files[".h5"]["conformsTo"] = _entity(crate, NXCANSAS, "CreativeWork", name="NXcanSAS", version="1.1")
    return files


def _action(crate: Any, source: Source, campaign: LoggedCampaign) -> Any:
    """The campaign as what it was: an action, from its beginning to its last record."""
    action = _entity(
        crate, f"#campaign-{campaign.uid}", "CreateAction",
        name=f"Campaign {campaign.name}", startTime=campaign.utc,
        description=f"To {campaign.spec.objective.text()}, over {source.last_seq(campaign)} decisions.",
    )  # fmt: skip
    action["identifier"] = campaign.uid
    ended = source.connection.scalar(
        sa.select(sa.func.max(schema.ledger.c.utc)).where(schema.ledger.c.campaign_id == campaign.id)
    )
    if ended is not None:
        action["endTime"] = ended
    return action


def _name_agents(crate: Any, source: Source, campaign: LoggedCampaign, action: Any, environment: Any) -> None:
    """Say who acted: the program in each of its versions, with which instruments, beside which people."""
    table = schema.session
    statement = sa.select(table.c.instrument, table.c.environment_json).where(
        table.c.campaign_id == campaign.id
    )
    sessions = source.connection.execute(statement).all()
    programs = [
        _entity(
            crate, f"#nightbeam-{quote(version, safe='')}", "SoftwareApplication", name="Nightbeam",
            version=version, softwareVersion=version, url=environment.id,
            description="An autonomous experiment agent for small-angle X-ray scattering.",
        )
        for version in sorted({_version(row.environment_json) for row in sessions})
    ]  # fmt: skip
    instruments = [
        _entity(crate, f"#instrument-{quote(name, safe='')}", "IndividualProduct", name=name)
        for name in sorted({row.instrument for row in sessions})
    ]
    people = [
        _entity(crate, f"#person-{quote(name, safe='')}", "Person", name=name)
        for name in sorted(set(_people(source, campaign)))
    ]
    action["agent"] = _unpacked(programs)
    action["instrument"] = [*programs, *instruments]
    if people:
        action["participant"] = _unpacked(people)


def _version(environment_json: str) -> str:
    """Version of the program in a session."""
    return str(json.loads(environment_json).get("packages", {}).get("nightbeam") or "unknown")


def _people(source: Source, campaign: LoggedCampaign) -> Iterator[str]:
    """Everyone who decided, said or asked something."""
    decision = schema.decision
    deciders = sa.select(decision.c.actor_name).where(
        decision.c.campaign_id == campaign.id, decision.c.actor_kind == "human"
    )
    yield from source.connection.scalars(deciders)
    for said in (schema.annotation, schema.request):
        yield from source.connection.scalars(sa.select(said.c.who).where(said.c.campaign_id == campaign.id))


def _file(crate: Any, folder: Path, path: Path, meaning: str) -> Any:
    place = path.relative_to(folder).as_posix()
    return crate.add_file(
        path,
        place,
        properties={
            "name": path.name,
            "description": meaning,
            "encodingFormat": MEDIA_TYPES.get(path.suffix.lower(), OCTETS),
            "contentSize": str(path.stat().st_size),
            "sha256": sha256_of(path),
        },
    )


def _unpacked(entities: list[Any]) -> Any:
    """A single entity on its own, as the specification wants it."""
    return entities[0] if len(entities) == 1 else entities


def _entity(crate: Any, place: str, kind: str, **properties: str) -> Any:
    return crate.add(ContextEntity(crate, place, properties={"@type": kind, **properties}))
