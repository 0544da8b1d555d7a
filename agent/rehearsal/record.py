"""What is on record of a rehearsal, and the one writer that adds to it."""

import os
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.clock import system_clock
from agent.environment import environment_json
from agent.rehearsal.jobs import TRACK_ROLE, Job, Rehearsed, Track
from agent.rehearsal.worlds import Scene
from db.anchors.heads import Head
from db.anchors.publish import Publisher, open_publisher
from db.engine import is_new, open_to_read, open_to_write
from db.holder import this_process
from db.identity import CampaignIdentity
from db.lease import Ways, take_lease
from db.log import Opening
from db.whole import Kept, Origin, read_kept, write_whole
from models.domain.canonical import canonical_json, sha256_text
from models.domain.errors import BadInput
from models.domain.record_spec import AnchorSpec
from models.domain.records import Decided

DATABASE = "rehearsal.db"
"""File of the record, in the folder of the rehearsal."""
HOLDER = "rehearsal"
"""Under which name the lease of the record is held."""
PATIENCE_S = 60.0
"""How long a database that refuses is tried again, s."""


def url_of(folder: Path) -> str:
    """The database of a rehearsal's folder."""
    return f"sqlite:///{folder.absolute() / DATABASE}"


def read_tracks(folder: Path) -> dict[str, tuple[Kept, Track]]:
    """Campaigns on record with how they fared, by name; none where there is no record yet."""
    url = url_of(folder)
    if not folder.is_dir() or is_new(url):
        return {}
    with open_to_read(url).connect() as connection:
        return {
            kept.name: (kept, Track.model_validate_json(kept.content))
            for kept in read_kept(connection, TRACK_ROLE)
        }


def not_on_record(jobs: list[Job], scene: Scene, folder: Path) -> tuple[list[Job], list[Track]]:
    """Which campaigns are still to be played, and how those on record fared.

    Raises
    ------
    BadInput
        When one is on record that was played with another file, or on another world.
    """
    known = read_tracks(folder)
    left: list[Job] = []
    tracks: list[Track] = []
    for job in jobs:
        if job.name not in known:
            left.append(job)
            continue
        kept, track = known[job.name]
        is_same = kept.spec_sha256 == sha256_text(canonical_json(job.spec))
        if not is_same or kept.instrument != instrument_of(scene):
            raise BadInput(
                f"--out {folder}",
                f"holds {job.name}, which was rehearsed with another campaign file or on another world",
                "Name another folder, or restore the file",
            )
        tracks.append(track)
    return left, tracks


def instrument_of(scene: Scene) -> str:
    """What rehearsed campaigns were played on, as it goes on record."""
    return f"rehearsal {scene.kind} {scene.key[:12]}"


@dataclass(frozen=True)
class Recorder:
    """Writes rehearsed campaigns, each in one transaction."""

    engine: Any
    """The open database."""
    origin: Origin
    """The right to write, and with what was computed."""
    publisher: Publisher
    """Publishes the head of each record."""
    folder: Path
    """The rehearsal's folder."""

    def write(self, one: Rehearsed) -> None:
        """Write one campaign."""
        spec = one.job.spec
        identity = CampaignIdentity(spec.name, secrets.token_hex(8), self.folder.absolute(), is_new=True)
        opening = Opening(identity, spec, one.job.problem_json)
        sealed = write_whole(self.engine, self.origin, opening, one.stamped)
        last = next(r.decision.seq for r, _ in reversed(one.stamped) if isinstance(r, Decided))
        self.publisher.publish(
            Head(
                campaign=identity.label,
                uid=identity.uid,
                n=sealed.n,
                seq=last,
                sha256=sealed.sha256,
                utc=one.stamped[-1][1].utc,
            )
        )


@contextmanager
def open_record(folder: Path, scene: Scene) -> Generator[Recorder]:
    """Open a rehearsal's record for writing; nobody else writes there meanwhile.

    Raises
    ------
    BadInput
        When another process rehearses into the same folder, or it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"--out {folder}", f"cannot be made ({error.strerror})", "Name another") from error
    clock = system_clock()
    engine = open_to_write(url_of(folder), PATIENCE_S)
    ways = Ways(clock, patience_s=PATIENCE_S)
    lease = take_lease(engine, instrument_of(scene), this_process(HOLDER, clock()), ways)
    publisher = open_publisher(AnchorSpec(), folder, folder, os.environ)
    try:
        with lease.kept_alive():
            yield Recorder(engine, Origin(lease, environment_json()), publisher, folder)
    finally:
        lease.give_back()
        engine.dispose()
