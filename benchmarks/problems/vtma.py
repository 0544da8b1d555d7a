"""Measured ultra-small-angle scattering during a heat treatment, replayed: I q^3 over time and q.

The series is ``VTMA.h5`` of the sasdata package (thermo-mechanical analysis at the APS): a Bonse-Hart camera
scans q point by point, so that both the minute and q are choices.
"""

import importlib.util
import re
from functools import cache
from pathlib import Path

import h5py
import numpy as np

from benchmarks.problems.kind import BenchProblem, Unavailable
from benchmarks.problems.replay import Replay
from models.domain.scattering import Floats

PACKAGE, PLACE = "sasdata", Path("example_data", "1d_data", "VTMA.h5")
ENTRY = re.compile(r"VTMA13b_2_870C_(\d+)min_\d+$")
"""Names of the slit-smeared curves at 870 C; the others are another temperature, or merged with SAXS."""
LOG_Q_LOW, LOG_Q_HIGH, N_Q = -3.6, -1.5, 40
"""Decimal logarithm of q, 1/angstrom: evenly spaced, where all curves have counts."""
EVERY = 4
"""Every fourth curve: one in about 17 minutes, 1,600 points in all."""


def build() -> BenchProblem:
    """Make the problem."""
    replay = read_vtma()
    return replay.problem(
        name="vtma",
        says="Map of log10(I q^3) over minutes at 870 C and log q (measured, replayed).",
        goal="map",
        n_initial=10,
        budget=60,
        good_enough=0.02,
    )


@cache
def read_vtma() -> Replay:
    """Points of all curves, brought to one scale of q."""
    found = importlib.util.find_spec(PACKAGE)
    path = Path(found.origin).parent / PLACE if found and found.origin else PLACE
    if not path.exists():
        raise Unavailable(f"there is no {PLACE.name}; it comes with pip install sasdata==0.11.0")
    log_q = np.linspace(LOG_Q_LOW, LOG_Q_HIGH, N_Q)
    minutes: list[float] = []
    curves: list[tuple[Floats, Floats]] = []
    with h5py.File(path) as series:
        named = [(int(match[1]), name) for name in series if (match := ENTRY.match(str(name)))]
        for minute, name in sorted(named)[::EVERY]:
            curve = series[f"{name}/{name}"]
            assert isinstance(curve, h5py.Group)
            minutes.append(float(minute))
            q, intensity, sigma = (np.asarray(curve[key]) for key in ("Q", "I", "Idev"))
            curves.append(_thin_out(q, intensity, sigma, log_q))
    axes = [
        {"name": "minutes", "low": min(minutes), "high": max(minutes)},
        {"name": "log_q", "low": LOG_Q_LOW, "high": LOG_Q_HIGH},
    ]
    points = np.array([[minute, q] for minute in minutes for q in log_q])
    values, sigmas = (np.concatenate(parts) for parts in zip(*curves, strict=True))
    return Replay.of(axes, points, values, sigmas)


def _thin_out(q: Floats, intensity: Floats, sigma: Floats, log_q: Floats) -> tuple[Floats, Floats]:
    """log10(I q^3) at the nearest measured q, and its standard deviation."""
    rows = np.abs(np.log10(q)[np.newaxis] - log_q[:, np.newaxis]).argmin(axis=1)
    # times q^3, or the fall of four decades along q would hide all that happens in time
    return np.log10(intensity[rows] * q[rows] ** 3), sigma[rows] / intensity[rows] / np.log(10)
