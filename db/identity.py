"""Which campaign a file means: one on record, begun with the same file, or a new one."""

import secrets
from dataclasses import dataclass

import sqlalchemy as sa

from db import schema
from db.engine import is_new, open_to_read
from models.domain.campaign import CampaignSpec
from models.domain.canonical import canonical_json
from models.domain.errors import BadInput

MAY_CHANGE = {"budget", "folder"}
"""Keys of a campaign file that may be changed between two runs of one campaign."""


@dataclass(frozen=True)
class CampaignIdentity:
    """Which campaign this is."""

    name: str
    """Its name in the database."""
    uid: str
    """Its name for all time, 16 hexadecimal digits."""
    is_new: bool
    """True when nothing of it is on record."""

    @property
    def label(self) -> str:
        """Name for files and documents: no other campaign ever has it."""
        return f"{self.name}-{self.uid[:6]}"


def identify(url: str, spec: CampaignSpec) -> CampaignIdentity:
    """Which campaign a file means in a database: the one on record, or a new one. Nothing is written.

    Raises
    ------
    BadInput
        When the database cannot be read, or the campaign on record was begun with another file.
    """
    if is_new(url):
        return CampaignIdentity(spec.name, secrets.token_hex(8), is_new=True)
    table = schema.campaign
    with open_to_read(url).connect() as connection:
        row = connection.execute(sa.select(table).where(table.c.name == spec.name)).one_or_none()
    if row is None:
        return CampaignIdentity(spec.name, secrets.token_hex(8), is_new=True)
    _refuse_changes(spec, CampaignSpec.model_validate_json(row.spec_json))
    return CampaignIdentity(spec.name, row.uid, is_new=False)


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
