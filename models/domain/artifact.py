"""Content that the log itself keeps, known by its SHA-256: curves, fits, maps of belief, rehearsals."""

import hashlib
from typing import Literal

from models.domain.frozen import Frozen


class Artifact(Frozen):
    """A piece of content that belongs to a decision."""

    role: Literal["curve", "fit", "posterior_grid", "rehearsal"]
    """What it is."""
    name: str
    """Which of its role: the feature extractor that made a fit, else the role again."""
    media_type: str
    """Such as ``text/plain`` or ``application/json``."""
    content: bytes
    """The content, never a pickle."""

    @property
    def sha256(self) -> str:
        """SHA-256 of the content, 64 hexadecimal digits: the name under which it is kept."""
        return hashlib.sha256(self.content).hexdigest()
