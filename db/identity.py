"""Which campaign a file means: one on record, begun with the same file, or a new one."""

import secrets
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from db import schema
from db.engine import is_new, open_to_read
from db.readable import refuse_edited
from models.domain.campaign import CampaignSpec
from models.domain.canonical import canonical_json
from models.domain.errors import BadInput

MAY_CHANGE = {"budget", "notify", "people", "record", "rehearsal", "stop"}
"""Keys of a campaign file that may be changed between two runs of one campaign."""


@dataclass(frozen=True)
class CampaignIdentity:
    """Which campaign this is."""

    name: str
    """Its name in the database."""
    uid: str
    """Its name for all time, 16 hexadecimal digits."""
    folder: Path
    """Where its files lie: the folder on record, wherever the program is started from."""
    is_new: bool
    """True when nothing of it is on record."""

    @property
    def label(self) -> str:
        """Name for files and documents: no other campaign ever has it."""
        return label(self.name, self.uid)


def identify(url: str, spec: CampaignSpec, root: Path) -> CampaignIdentity:
    """Which campaign a file means in a database: the one on record, or a new one. Nothing is written.

    Parameters
    ----------
    url
        The database.
    spec
        The campaign file.
    root
        Where the folder of a new campaign goes.

    Raises
    ------
    BadInput
        When the database cannot be read, or the campaign on record was begun with another file.
    """
    if is_new(url):
        return _new_identity(spec, root)
    table = schema.campaign
    with open_to_read(url).connect() as connection, refuse_edited(connection, "the table of campaigns"):
        row = connection.execute(sa.select(table).where(table.c.name == spec.name)).one_or_none()
        if row is None:
            return _new_identity(spec, root)
        begun_with = CampaignSpec.model_validate_json(row.spec_json)
        folder = Path(row.folder)
        if not isinstance(row.uid, str):
            raise ValueError("its uid is no text")
    _refuse_changes(spec, begun_with)
    if not folder.is_dir():
        raise BadInput(
            f"campaign {spec.name!r}",
            f"has its frames and journals in {folder}, which is not there",
            "Bring that folder back, or give the campaign a new name to begin anew",
        )
    return CampaignIdentity(spec.name, row.uid, folder, is_new=False)


def _new_identity(spec: CampaignSpec, root: Path) -> CampaignIdentity:
    uid = secrets.token_hex(8)
    return CampaignIdentity(spec.name, uid, root.absolute() / label(spec.name, uid), is_new=True)


def label(name: str, uid: str) -> str:
    """Name for files and documents: no other campaign ever has it."""
    return f"{name}-{uid[:6]}"


def _refuse_changes(spec: CampaignSpec, begun_with: CampaignSpec) -> None:
    now, then = spec.model_dump(mode="json"), begun_with.model_dump(mode="json")
    changed = [key for key in now if key not in MAY_CHANGE and now[key] != then.get(key)]
    if changed:
        key = changed[0]
        raise BadInput(
            f"campaign {spec.name!r}: {key}",
            f"is {canonical_json(now[key])}, but the campaign began with {canonical_json(then.get(key))}",
            f"Restore it, or give the changed campaign a new name (only {' and '.join(sorted(MAY_CHANGE))} "
            "may change during a campaign)",
        )
