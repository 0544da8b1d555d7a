"""The curves that the record keeps, with what it knows of how each came about."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Row

from db import schema
from db.export.folder import sha256_of
from db.export.outcomes import Outcome, read_outcomes
from db.export.source import Source
from db.queries import LoggedCampaign
from models.domain.curve_text import curve_from_text
from models.domain.scattering import Curve
from models.domain.space import Point


@dataclass(frozen=True, eq=False)
class KeptCurve:
    """An accepted curve, blank subtracted where there was one."""

    outcome: Outcome
    """Its decision."""
    curve: Curve
    """The curve."""
    sha256: str
    """SHA-256 of its text on record."""
    point: Point
    """Where it was measured, as read back from the devices."""
    sample: str | None
    """Name of the sample that was exposed, where it has one."""
    instrument: str
    """The instrument, as the record names it."""
    raw: tuple[Row[Any], ...]
    """Rows of the files that the exposure brought."""


@dataclass(frozen=True)
class LeftOut:
    """A decision whose curve cannot be given, and why."""

    seq: int
    """The decision."""
    why: str
    """Why, in words."""


def read_curves(source: Source, campaign: LoggedCampaign) -> Iterator[KeptCurve | LeftOut]:
    """The curve of every accepted observation of a campaign, in order.

    Parameters
    ----------
    source
        The database.
    campaign
        The campaign.

    Yields
    ------
    KeptCurve or LeftOut
        One for each accepted observation.
    """
    sessions = schema.session
    statement = sa.select(sessions.c.id, sessions.c.instrument).where(sessions.c.campaign_id == campaign.id)
    instruments = {row.id: row.instrument for row in source.connection.execute(statement)}
    for outcome in read_outcomes(source, campaign):
        if outcome.code != "accepted" or outcome.exposure is None:
            continue
        seq = outcome.row.seq
        try:
            content, sha256 = _content(source, outcome.row.id)
            curve = curve_from_text(content.decode())
        except (ValueError, zlib.error, OSError) as error:
            yield LeftOut(seq, str(error))
            continue
        yield KeptCurve(
            outcome=outcome,
            curve=curve,
            sha256=sha256,
            point=Point.model_validate_json(outcome.exposure.point_json),
            sample=_sample(source, outcome.exposure),
            instrument=instruments.get(outcome.row.session_id) or campaign.spec.instrument.kind,
            raw=_raw(source, outcome.exposure),
        )


def _content(source: Source, decision_id: int) -> tuple[bytes, str]:
    """Text of a decision's curve, and its hash: from the record itself, else from its file."""
    artifact, link = schema.artifact, schema.decision_artifact
    row = source.connection.execute(
        sa.select(artifact)
        .join(link, link.c.sha256 == artifact.c.sha256)
        .where(link.c.decision_id == decision_id, link.c.role == "curve")
    ).first()
    if row is not None:
        return zlib.decompress(row.content), row.sha256
    asset, observation = schema.asset, schema.observation
    row = source.connection.execute(
        sa.select(asset)
        .join(observation, observation.c.curve_asset_id == asset.c.id)
        .where(observation.c.decision_id == decision_id)
    ).first()
    if row is None:
        raise ValueError("no curve is on record")
    path = Path(row.path)
    if not path.is_file():
        raise ValueError(f"its curve was kept in {path} only, which is gone")
    if sha256_of(path) != row.sha256:
        raise ValueError(f"{path} is not the file on record any more")
    return path.read_bytes(), row.sha256


def _sample(source: Source, exposure: Row[Any]) -> str | None:
    table = schema.action
    return source.connection.scalar(sa.select(table.c.sample).where(table.c.action_id == exposure.action_id))


def _raw(source: Source, exposure: Row[Any]) -> tuple[Row[Any], ...]:
    table = schema.asset
    statement = sa.select(table).where(table.c.action_id == exposure.action_id).order_by(table.c.id)
    return tuple(source.connection.execute(statement).all())
