"""How the record is kept, as a campaign file says it."""

from pydantic import Field

from models.domain.frozen import Frozen


class AnchorSpec(Frozen):
    """Where the heads of the record are published, so that nobody can cut its tail off unnoticed."""

    every: int = Field(default=25, ge=1)
    """Decisions between two heads; one more is published whenever a run ends."""
    file: str | None = None
    """File to which heads are appended; ``anchors.jsonl`` in the campaign's folder when left out."""
    syslog: bool = False
    """Publish to the system's log as well."""
    command: tuple[str, ...] = ()
    """Program and arguments that receive each head as one line on standard input."""
    key_file: str | None = None
    """File of the Ed25519 private key that signs them (PEM, mode 0600); without it, the environment variable
    NIGHTBEAM_SIGNING_KEY."""


class RecordSpec(Frozen):
    """How the record is kept."""

    patience_s: float = Field(default=60.0, ge=0)
    """How long a database that refuses is tried again before the run ends, shutter closed, s."""
    anchors: AnchorSpec = AnchorSpec()
    """Where heads are published."""
