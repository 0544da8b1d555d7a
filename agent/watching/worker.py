"""How a worker process begins and ends. It loads nothing heavy: what it sets must be set before that."""

import os
import signal
import threading
from multiprocessing import parent_process

from agent.watching.arrivals import Arrival
from agent.watching.outcome import Outcome
from agent.watching.recipe import Announced, Recipe

HDF5_LOCKING = "HDF5_USE_FILE_LOCKING"
"""Variable that HDF5 reads when it is loaded."""


def serve_parent() -> None:
    """Prepare a worker process.

    It leaves Ctrl-C to its parent, and ends when that has died. It takes no locks on HDF5 files: a detector
    that opens its file once more, to write on, must not find it held by somebody who only looks.
    """
    os.environ[HDF5_LOCKING] = "FALSE"
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    parent = parent_process()
    if parent is None:
        return

    def follow() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()


def announce(recipe: Recipe) -> Announced:
    """What `agent.watching.reducer.announce` says."""
    from agent.watching import reducer

    return reducer.announce(recipe)


def reduce_frame(recipe: Recipe, arrival: Arrival) -> Outcome:
    """What `agent.watching.reducer.reduce_frame` makes."""
    from agent.watching import reducer
    from models.gp.threads import use_one_thread

    use_one_thread()  # each core has a process of its own, and a fit comes out the same in all of them
    return reducer.reduce_frame(arrival, recipe)
