"""The files that the record names, where they still are what it says."""

import os
import re
import shutil
from pathlib import Path

import sqlalchemy as sa

from db import schema
from db.export.folder import sha256_of
from db.export.source import Source
from db.queries import LoggedCampaign

ALWAYS = ("curve", "document")
"""Roles of files that are small and always copied."""
FRAMES = ("frame", "abandoned")
"""Roles of files that are copied when asked for."""
MEDIA_TYPES = {
    ".csv": "text/csv",
    ".dat": "text/plain",
    ".h5": "application/x-hdf5",
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".nxs": "application/x-hdf5",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".txt": "text/plain",
}
"""Media type by suffix."""


def copy_files(
    source: Source, campaign: LoggedCampaign, folder: Path, has_frames: bool
) -> tuple[list[tuple[Path, str]], list[str]]:
    """Copy the files of a campaign's record into a folder.

    Parameters
    ----------
    source
        The database.
    campaign
        The campaign.
    folder
        They go to ``files/CAMPAIGN/ROLE/`` in it.
    has_frames
        True to copy frames, too.

    Returns
    -------
    copied
        Each copy, and what it is.
    left_out
        Files that are gone or are not what the record says, in plain sentences.
    """
    table = schema.asset
    statement = sa.select(table).where(table.c.campaign_id == campaign.id).order_by(table.c.id)
    roles = (*ALWAYS, *FRAMES) if has_frames else ALWAYS
    rows = [row for row in source.stream(statement) if row.role in roles]
    copied: dict[Path, str] = {}
    left_out: list[str] = []
    for n, row in enumerate(rows, start=1):
        path = Path(row.path)
        name = re.sub(r"[^A-Za-z0-9._-]", "_", f"{row.sha256[:12]}-{path.name}")
        place = folder / "files" / campaign.name / row.role / name
        objection = _copy(path, place, row.sha256)
        if objection is None:
            copied[place] = f"A {row.role} of campaign {campaign.name}."
        else:
            left_out.append(f"{campaign.name}: {path} is left out: {objection}")
        source.tell("files of the record", n, len(rows))
    return list(copied.items()), left_out


def _copy(path: Path, place: Path, sha256: str) -> str | None:
    """Copy a file that is what the record says; else, why not."""
    if not (path.is_file() and os.access(path, os.R_OK)):
        return "it is gone, or may not be read"
    place.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, place)
    if sha256_of(place) != sha256:  # of the copy: the file may be changed at any moment
        place.unlink()
        return "it is not the file on record any more"
    return None
