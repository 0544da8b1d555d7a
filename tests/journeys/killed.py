"""Runs `nightbeam` in this process and kills it, without mercy, at a named point.

Usage: ``python -m tests.journeys.killed POINT COUNT -- run CAMPAIGN.toml``; the points are those of
`tests.torture.points`, and it dies when it passes one for the COUNTth time.
"""

import sys
from pathlib import Path

from agent import cli
from tests.torture.traps import arm
from tests.torture.witness import Witness


def run(point: str, count: int, words: list[str]) -> None:
    """Run `nightbeam` and die at a point."""
    arm(Witness(Path()), {"trap": point, "count": count})
    sys.argv = ["nightbeam", *words]
    cli.main()


if __name__ == "__main__":
    run(sys.argv[1], int(sys.argv[2]), sys.argv[sys.argv.index("--") + 1 :])
