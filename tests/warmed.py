"""A process that loads and computes once what every run of `nightbeam` needs, and may then be forked.

A run that is forked off it is a process of its own, but spares itself some seconds of loading.
"""

import contextlib
import gc
import importlib
import io
import os
import sys
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path

SINGLE_THREADED = dict.fromkeys(
    (
        "OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
    ),
    "1",
) | {"MPLBACKEND": "agg", "OPHYD_CONTROL_LAYER": "dummy"}  # fmt: skip
"""In this environment no library starts a thread when it is loaded or used, Channel Access among them: only
such a process may be forked."""
LOADED = (
    "bluesky", "ophyd", "pyFAI", "h5py", "hdf5plugin", "psycopg", "alembic", "db.migrations",
    "agent.campaign", "agent.assemble", "agent.summary", "agent.display", "agent.pictures.page",
    "agent.strategy.bayes", "agent.strategy.learned", "models.gp.recommend", "instruments.virtual",
    "models.saxs.pipeline", "models.saxs.features.peak",
)  # fmt: skip
"""What a campaign uses."""


def warm_up(more: Iterable[str] = ()) -> None:
    """Load what a campaign uses, and more; have one campaign run; be ready to be forked."""
    for name in (*LOADED, *more):
        importlib.import_module(name)
    _keep_optics()
    _rehearse()
    gc.collect()
    gc.freeze()
    if n_threads() != 1:
        sys.exit(f"this process has {n_threads()} threads and must not be forked")


def n_threads() -> int:
    return len(os.listdir("/proc/self/task"))  # noqa: PTH208


def _keep_optics() -> None:
    """Compute once what the virtual detector's pixels see, instead of once a run: it never changes."""
    from sims import detector

    detector.make_optics = cache(detector.make_optics)


def _rehearse() -> None:
    """Run a campaign from beginning to end: what it compiled and looked up is kept."""
    from agent import cli
    from agent.commands import run as run_command
    from tests.torture.campaigns import Small

    draw, words, here = run_command._draw, sys.argv, Path.cwd()
    run_command._draw = lambda plan, loop: None
    try:
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            os.chdir(folder)
            sys.argv = ["nightbeam", "run", str(Small().write(Path()))]
            cli.answer()
    except SystemExit as ending:
        if ending.code:
            sys.exit(f"the rehearsal ended with exit status {ending.code}")
    finally:
        os.chdir(here)
        run_command._draw, sys.argv = draw, words
