"""``python -m tests.protocol``: put each fault into the protocol, and print what caught it."""

import sys
import tempfile
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from tests.protocol.invariants import Broken, check
from tests.protocol.mutants import MUTANTS, Mutant
from tests.protocol.scenarios import SCENARIOS, WITH_JOURNAL
from tests.protocol.world import World, empty_database


def main() -> int:
    table = Table(title=f"{len(MUTANTS)} faults of the protocol")
    for heading in ("mutant", "in", "caught by"):
        table.add_column(heading)
    n_survived = 0
    with tempfile.TemporaryDirectory() as folder:
        template = empty_database(Path(folder))
        for mutant in MUTANTS:
            caught = caught_by(mutant, template)
            n_survived += caught is None
            table.add_row(mutant.install.__name__, mutant.scenario, caught or "NOTHING")
    Console(width=132).print(table)
    return 1 if n_survived else 0


def caught_by(mutant: Mutant, template: Path) -> str | None:
    """The invariant that breaks with a mutant; None when it survives."""
    has_journal = mutant.scenario in WITH_JOURNAL
    with pytest.MonkeyPatch.context() as patch, World(has_journal=has_journal, template=template) as world:
        mutant.install(patch)
        try:
            SCENARIOS[mutant.scenario](world)
            check(world)
        except Broken as broken:
            return broken.invariant
    return None


if __name__ == "__main__":
    sys.exit(main())
