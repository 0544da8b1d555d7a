"""Play many campaigns at once, on processes of this machine or on any Dask cluster."""

import logging
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from agent.rehearsal.jobs import Job, Rehearsed
from agent.rehearsal.one import rehearse
from agent.rehearsal.worlds import Scene
from models.domain.errors import BadInput

CONNECT_S = 5.0
"""How long a cluster may take to answer, s."""
IN_PLACE = 0
"""Count of processes where a thread of this one plays: nothing has to be loaded anew."""
AHEAD = 3
"""Campaigns that are handed to each worker before it asks for more."""
MOST_SENT_AGAIN = 5
"""How often a scene that was lost with all workers is sent again, before campaigns are given up."""


@dataclass(frozen=True)
class Broken:
    """A campaign that could not be played to its end."""

    job: Job
    """The job."""
    why: str
    """What was raised, in one line."""


@contextmanager
def crew(address: str | None, n_workers: int | None = None) -> Generator[Any]:
    """Workers: those of a cluster, or processes of this machine with one thread each.

    Parameters
    ----------
    address
        Of a Dask scheduler; None starts processes here.
    n_workers
        Processes to start here; as many as there are processors when None. `IN_PLACE` starts none: a thread
        of this one plays.

    Raises
    ------
    BadInput
        When nobody answers at that address, or its workers cannot load this program.
    """
    from dask.distributed import Client, LocalCluster

    if address is not None:
        with _client(address) as client:
            _refuse_strangers(client, address)
            yield client
        return
    n = n_workers if n_workers is not None else os.cpu_count() or 1
    nowhere = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}  # else a port that others may hold
    options: dict[str, Any] = {
        "threads_per_worker": 1,
        "processes": n != IN_PLACE,
        "scheduler_kwargs": nowhere,
    }
    with _deaf_to_interrupts():
        cluster = LocalCluster(n_workers=max(n, 1), silence_logs=logging.CRITICAL, **options)
    with cluster, Client(cluster) as client:
        yield client


@contextmanager
def _deaf_to_interrupts() -> Generator[None]:
    """Let processes that start now leave Ctrl-C to this one, which ends them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _client(address: str) -> Any:
    from dask.distributed import Client

    quiet = logging.getLogger("distributed")
    quiet.setLevel(logging.CRITICAL)
    try:
        return Client(address, timeout=CONNECT_S)
    except (OSError, TimeoutError, ValueError) as error:
        raise BadInput(
            f"--dask {address}",
            f"nobody answers within {CONNECT_S:g} s ({type(error).__name__})",
            "Start dask scheduler there, or leave --dask out to use this machine",
        ) from None


def _refuse_strangers(client: Any, address: str) -> None:
    """Refuse a cluster without workers, or with workers that cannot load this program."""
    n_workers = len(client.scheduler_info()["workers"])
    if n_workers == 0:
        raise BadInput(f"--dask {address}", "has no workers", f"Start dask worker {address}")
    try:
        client.submit(_load, pure=False).result(timeout=60)
    except Exception as error:
        said = " ".join(str(error).split())
        raise BadInput(
            f"--dask {address}", f"its workers cannot load nightbeam ({said})", "Install it for them"
        ) from error


def _load() -> None:
    """Nothing: to find it, a worker has to load this module and all below."""


def play(client: Any, jobs: Iterable[Job], scene: Scene) -> Iterator[Rehearsed | Broken]:
    """Play campaigns; each comes as soon as it is over.

    A worker that dies costs the campaigns that it was playing: others play them again. Where it was the only
    one, the scene is lost with it, and is sent again to the one that takes its place.

    Parameters
    ----------
    client
        As of `crew`.
    jobs
        The campaigns.
    scene
        What they play on.
    """
    from dask.distributed import as_completed

    sent = [client.scatter(scene, broadcast=True, hash=False)]
    waiting, jobs_of = iter(jobs), dict[str, tuple[Job, int]]()

    def submit(job: Job) -> Any:
        future = client.submit(rehearse, job, sent[-1], pure=False)
        jobs_of[future.key] = job, len(sent)
        return future

    n_ahead = AHEAD * max(len(client.scheduler_info()["workers"]), 1)
    first = [submit(job) for _, job in zip(range(n_ahead), waiting, strict=False)]
    done = as_completed(first)
    for future in done:
        job, n_sent = jobs_of.pop(future.key)
        if future.cancelled() and n_sent <= MOST_SENT_AGAIN:
            if n_sent == len(sent):
                sent.append(client.scatter(scene, broadcast=True, hash=False))
            done.add(submit(job))
            continue
        yield _outcome(future, job)
        future.release()
        following = next(waiting, None)
        if following is not None:
            done.add(submit(following))


def _outcome(future: Any, job: Job) -> Rehearsed | Broken:
    try:
        return future.result()
    except Exception as error:
        said = " ".join(str(error).split())
        return Broken(job, f"{type(error).__name__}: {said}")


def ask_each(client: Any, ask: Callable[..., Any], scene: Scene, over: Sequence[Any]) -> list[Any]:
    """What a function of a scene and one thing more says of each of many things, in their order."""
    from dask.distributed import as_completed

    shared = client.scatter(scene, broadcast=True, hash=False)
    asked = [client.submit(ask, shared, one, pure=False) for one in over]
    for _ in as_completed(asked):  # a gathering that Ctrl-C breaks off leaves tracebacks behind
        pass
    return [one.result() for one in asked]
