"""An eyewitness outside the agent: what was acknowledged, and what a dispenser without memory had done."""

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WITNESS = "witness.jsonl"


class Witness:
    """Writes lines that outlive the process."""

    def __init__(self, folder: Path) -> None:
        self._descriptor = os.open(folder / WITNESS, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def say(self, word: str, **what: Any) -> None:
        line = json.dumps({"word": word, "pid": os.getpid(), "t_s": time.monotonic(), **what})
        os.write(self._descriptor, line.encode() + b"\n")
        if word in ("commanded", "pumped"):
            os.fsync(self._descriptor)


@dataclass(frozen=True)
class Said:
    """One line of the witness."""

    word: str
    pid: int
    t_s: float
    what: dict[str, Any]


def read_witness(folder: Path) -> list[Said]:
    """All lines, oldest first; one that a kill cut short is left out."""
    path = folder / WITNESS
    said: list[Said] = []
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            what = json.loads(line)
        except ValueError:
            continue
        said.append(Said(what.pop("word"), what.pop("pid"), what.pop("t_s"), what))
    return said
