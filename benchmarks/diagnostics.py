"""How often each check of a frame finds its fault, and how often it cries out over a clean frame."""

import math
from dataclasses import replace

import numpy as np
from pydantic import JsonValue
from scipy.optimize import minimize
from scipy.stats import binomtest

from benchmarks.fault_sizes import FINDS, SIZES
from benchmarks.machine import machine_settings
from benchmarks.row import Row, make_row
from benchmarks.struck_nights import ready_to_judge, run_clean, run_faulty
from benchmarks.task import Task
from benchmarks.timing import time_turn_about
from models.saxs.checks.catalogue import check_frame
from sims.faults import FaultKind

N_CLEAN, N_SIZES = 1000, 27
"""Clean frames, and sizes of each fault: 513 faulty frames in all."""
MS = 1e3


def measure(task: Task) -> list[Row]:
    """False alarms over clean frames, detection over faults of graded size, and what all checks take."""
    made, false = run_clean(task, task.repeats(N_CLEAN, 30))
    rows = [
        make_row(f"diagnostics.{check}.false_alarms", false[check] / n, "1", _share(false[check], n))
        for check, n in made.items()
    ]
    for kind, hits in run_faulty(task, task.repeats(N_SIZES, 3)).items():
        rows += _rows_of_fault(kind, hits)
    return [*rows, _time(task)]


def _rows_of_fault(kind: FaultKind, hits: list[tuple[float, bool]]) -> list[Row]:
    """How often a fault was found, and from which size on it is found in 95 %."""
    check, n_found = FINDS[kind], sum(is_found for _, is_found in hits)
    found: list[JsonValue] = [[severity, is_found] for severity, is_found in hits]
    about: dict[str, JsonValue] = {"fault": kind, "found": found}
    rows = [
        make_row(
            f"diagnostics.{check}.detected", n_found / len(hits), "1", _share(n_found, len(hits)) | about
        )
    ]
    severity = _found_in_95(hits)
    if kind in SIZES and severity is not None:
        size, unit = SIZES[kind]
        tried: list[JsonValue] = [float(size(0.0)), float(size(1.0))]
        rows.append(
            make_row(
                f"diagnostics.{check}.found_in_95_percent", size(severity), unit,
                {"fault": kind, "tried": tried},
            )
        )  # fmt: skip
    return rows


def _found_in_95(hits: list[tuple[float, bool]]) -> float | None:
    """Severity above which 95 % are found, by logistic regression; None above all that were tried.

    The slope is kept finite by a weak prior, since a sharp limit separates found from missed.
    """
    x, y = np.array([one for one, _ in hits]), np.array([is_found for _, is_found in hits])

    def loss(parameters: np.ndarray) -> float:
        logit = math.exp(parameters[1]) * (x - parameters[0])
        return float(np.logaddexp(0, np.where(y, -logit, logit)).sum() + 0.02 * (parameters[1] - 3.5) ** 2)

    middle, log_slope = minimize(loss, [0.3, 3.5], method="Nelder-Mead").x.tolist()
    severity = middle + math.log(19) / math.exp(log_slope)
    return None if severity > 1 else max(severity, 0.0)


def _share(k: int, n: int) -> dict[str, JsonValue]:
    """A count, and the 95 % interval of its share (Clopper & Pearson 1934, Biometrika 26, 404)."""
    interval = binomtest(k, n).proportion_ci()
    return {"k": k, "n": n, "interval_95": [float(interval.low), float(interval.high)]}


def _time(task: Task) -> Row:
    """Milliseconds of all checks on a frame of 1 megapixel that has all there is to be held against."""
    night, shot = ready_to_judge()
    full = night.subject(shot, is_blank=False)

    def judge(number: int) -> None:
        del number
        check_frame(replace(full))  # a new subject, which has not been counted yet

    steps = task.track(range(task.repeats(100, 5)), "time of all checks")
    (timing,) = time_turn_about((judge,), steps, n_warm_ups=3)
    settings: dict[str, JsonValue] = {
        "pixels": list(shot.frame.counts.shape),
        "repeats": timing.wall_s.n,
        "quartiles": [timing.wall_s.low * MS, timing.wall_s.high * MS],
        "cpu_ms": timing.cpu_s * MS,
        **machine_settings("numba", "numpy"),
    }
    return make_row("diagnostics.all_checks", timing.wall_s.median * MS, "ms", settings)
