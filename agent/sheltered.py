"""Output that may lose its reader: a closed terminal or pipe must not end a night."""

import os
from typing import Any, TextIO


class Sheltered:
    """A text stream that falls silent, instead of failing, when nobody can read it any more."""

    def __init__(self, stream: TextIO) -> None:
        """Write to a stream as long as that works."""
        self._stream = stream

    def write(self, text: str) -> int:
        """Write, or drop the text."""
        try:
            return self._stream.write(text)
        except OSError:
            self._fall_silent()
            return len(text)

    def flush(self) -> None:
        """Flush, or drop what is left."""
        try:
            self._stream.flush()
        except OSError:
            self._fall_silent()

    def _fall_silent(self) -> None:
        """Point the descriptor at nothing, so that not even the last flush of the process fails."""
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, self._stream.fileno())
        os.close(nothing)

    def __getattr__(self, name: str) -> Any:
        """Everything else is the stream's own."""
        return getattr(self._stream, name)
