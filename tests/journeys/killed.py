"""Runs `nightbeam` in this process and kills it, without mercy, at a named point.

Usage: ``python -m tests.journeys.killed POINT COUNT -- run CAMPAIGN.toml``; the points are those of
`tests.torture.points`, and it dies when it passes one for the COUNTth time.
"""

import sys
from pathlib import Path

from agent import cli
from tests.torture.traps import arm
from tests.torture.witness import Witness

if __name__ == "__main__":
    point, count = sys.argv[1], int(sys.argv[2])
    sys.argv = ["nightbeam", *sys.argv[sys.argv.index("--") + 1 :]]
    arm(Witness(Path()), {"trap": point, "count": count})
    cli.main()
