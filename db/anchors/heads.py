"""Heads of the record, published outside the database: a chain whose tail was cut off is whole in itself."""

import json
from collections.abc import Callable
from pathlib import Path

from pydantic import Field, ValidationError

from db.anchors.keys import Signer, is_signed_by
from models.domain.canonical import canonical_json
from models.domain.errors import BadInput
from models.domain.frozen import Frozen

BEGINNING = '{"head":'
"""How each line begins; what a system's log puts before it is passed over."""
HEX_32_BYTES = r"^[0-9a-f]{64}$"
HEX_64_BYTES = r"^[0-9a-f]{128}$"


class Head(Frozen):
    """How far the record of a campaign went at one moment."""

    campaign: str
    """The campaign's label, its name and the beginning of its uid: no other campaign ever has it."""
    uid: str
    """The campaign's name for all time."""
    n: int = Field(ge=1)
    """Place of the last entry of its ledger."""
    seq: int = Field(ge=0)
    """`seq` of the last decision; 0 when there is none."""
    sha256: str = Field(pattern=HEX_32_BYTES)
    """Hash of that entry, which covers all before it."""
    utc: str
    """When."""

    @property
    def name(self) -> str:
        """The campaign's name: its label without the beginning of its uid."""
        return self.campaign.rpartition("-")[0] or self.campaign

    def text(self) -> str:
        """Short form for people."""
        return f"the head of {self.utc[:19].replace('T', ' ')}Z (entry {self.n}, decision {self.seq})"


class Anchor(Frozen):
    """A head as it is published, signed where there is a key."""

    head: Head
    """How far the record went."""
    public_key: str | None = Field(default=None, pattern=HEX_32_BYTES)
    """Ed25519 public key, hexadecimal."""
    signature: str | None = Field(default=None, pattern=HEX_64_BYTES)
    """Ed25519 signature over the canonical JSON of `head`, hexadecimal."""

    @property
    def is_signed(self) -> bool:
        """True when it claims a signature, genuine or not."""
        return self.public_key is not None or self.signature is not None

    @property
    def is_genuine(self) -> bool:
        """True when the signature is that of `public_key` over `head`."""
        if self.public_key is None or self.signature is None:
            return False
        return is_signed_by(self.public_key, self.signature, canonical_json(self.head))


def anchor(head: Head, signer: Signer | None) -> Anchor:
    """Sign a head; without a key it stays unsigned."""
    if signer is None:
        return Anchor(head=head)
    return Anchor(head=head, public_key=signer.public_key, signature=signer.sign(canonical_json(head)))


def read_anchors(path: Path, say: Callable[[str], None] = lambda _: None) -> tuple[Anchor, ...]:
    """The heads in a file, in its order.

    Parameters
    ----------
    path
        A file that heads were appended to, or lines of a system's log.
    say
        Told, in one sentence each, of lines that a crash cut short; they are passed over.

    Raises
    ------
    BadInput
        When the file cannot be read, holds no head, or a line that is none.
    """
    where = f"--anchors {path}"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        raise BadInput(
            where, f"cannot be read ({why})", "Name the file that heads were published to"
        ) from error
    anchors: list[Anchor] = []
    for place, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        if _is_cut_short(line):
            say(f"line {place} of {path} was cut short, as by a crash, and is passed over")
            continue
        try:
            anchors.append(Anchor.model_validate_json(_from_beginning(line)))
        except ValidationError as error:
            raise BadInput(
                f"{where}: line {place}", "is no head of a record", "Name the file of the heads"
            ) from error
    if not anchors:
        raise BadInput(where, "holds no head", "Name the file that heads were published to")
    return tuple(anchors)


def _from_beginning(line: str) -> str:
    """The line without what a system's log put before it."""
    return line[max(0, line.find(BEGINNING)) :]


def _is_cut_short(line: str) -> bool:
    """True for the first part of a line, which is no JSON by itself."""
    text = _from_beginning(line)
    if not text.startswith(BEGINNING) and not BEGINNING.startswith(text):
        return False
    try:
        json.loads(text)
    except ValueError:
        return True
    return False
