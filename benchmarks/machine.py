"""On what a figure was had: processor, cores, threads, versions."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

from pydantic import JsonValue

THREAD_VARIABLES = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS",
)  # fmt: skip
"""Read by numerical libraries when they are loaded."""
PROCESSOR_FILE = Path("/proc/cpuinfo")


def keep_to_one_thread() -> None:
    """Ask numerical libraries for one thread each; to be called before they are loaded."""
    for name in THREAD_VARIABLES:
        os.environ[name] = "1"


def machine_settings(*packages: str) -> dict[str, JsonValue]:
    """Processor, cores, threads, Python, and the versions of these packages."""
    versions: dict[str, JsonValue] = {"python": platform.python_version()}
    versions |= {name: version(name) for name in packages}
    return {
        "machine": {
            "cpu": _processor(),
            "cores": os.cpu_count(),
            "threads": int(os.environ.get(THREAD_VARIABLES[0], 0)) or None,
            "load_1_min": round(os.getloadavg()[0], 2),
        },
        "versions": versions,
    }


def _processor() -> str:
    if PROCESSOR_FILE.exists():
        for line in PROCESSOR_FILE.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
