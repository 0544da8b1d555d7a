"""The loop of every adapter: one line of JSON in, one line of JSON out. Needs only the standard library.

Lines in: ``{"begin": {...}}`` once per campaign, then ``{"tell": [points, values, sigmas]}``, ``{"ask": n}``
and ``{"predict": points}`` in any order. Lines out say ``{"is_ready": true}``, ``{"points": [...]}``,
``{"mean": [...], "sigma": [...]}`` or ``{"none": "why"}``; ``{"error": "..."}`` when the peer raised; all of
them with the seconds that it took, ``wall_s`` and ``cpu_s``. Several observations and what follows from them
can be timed as one: ``{"tell": ..., "ask": n}``.
"""

import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any, Protocol, TextIO

Rows = list[list[float]]
"""Points, one a row, in the order and the units of the axes."""


class Lacking(Exception):
    """The peer has no means for what was asked; the message says what is missing."""


class Adapter(Protocol):
    """Speaks for one peer in one campaign."""

    def tell(self, points: Rows, values: list[float], sigmas: list[float]) -> None:
        """Take in observations, each with one standard deviation."""
        ...

    def ask(self, n: int) -> Rows:
        """Where to measure next."""
        ...

    def predict(self, points: Rows) -> tuple[list[float], list[float]]:
        """Posterior mean and standard deviation of the noise-free value; raises `Lacking` without one."""
        ...


Make = Callable[[dict[str, Any]], Adapter]
"""Begins a campaign, told the space, the goal, the seed and the setting."""


def serve(make: Make) -> None:
    """Answer until the standard input ends.

    Whatever a library prints goes to the standard error: the standard output carries answers only.
    """
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    answer_all(make, sys.stdin, answers)


def answer_all(make: Make, questions: TextIO, answers: TextIO) -> None:
    """Answer line by line."""
    adapter: Adapter | None = None
    for line in questions:
        message: dict[str, Any] = json.loads(line)
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        try:
            if "begin" in message:
                adapter = make(message["begin"])
                answer: dict[str, Any] = {"is_ready": True, "says": getattr(adapter, "says", "")}
            else:
                answer = _answer(adapter, message)
        except Lacking as reason:
            answer = {"none": str(reason)}
        except Exception as error:
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"}
        answer["wall_s"] = time.perf_counter() - wall_s
        answer["cpu_s"] = time.process_time() - cpu_s
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _answer(adapter: Adapter | None, message: dict[str, Any]) -> dict[str, Any]:
    if adapter is None:
        raise RuntimeError("nothing was begun yet")
    answer: dict[str, Any] = {"is_ready": True}
    if "tell" in message:
        adapter.tell(*message["tell"])
    if "ask" in message:
        answer["points"] = [[float(value) for value in row] for row in adapter.ask(message["ask"])]
    if "predict" in message:
        mean, sigma = adapter.predict(message["predict"])
        answer |= {"mean": [float(value) for value in mean], "sigma": [float(value) for value in sigma]}
    return answer
