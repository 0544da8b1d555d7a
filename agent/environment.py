"""With what a decision was computed: versions, source, processor, threads; and how two such differ."""

import json
import os
import platform
import re
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from agent.checkout import checkout_state
from models.domain.canonical import canonical_json

PACKAGES = (
    "nightbeam", "alembic", "bluesky", "botorch", "event-model", "fabio", "freesas", "gpytorch", "h5py",
    "hdf5plugin", "linear-operator", "llvmlite", "numba", "numpy", "ophyd", "pydantic", "pyFAI", "sasmodels",
    "scikit-learn", "scipy", "sqlalchemy", "threadpoolctl", "torch",
)  # fmt: skip
"""Packages whose version can change a result or how it is kept."""
INSTRUCTION_SETS = (
    "sse4_2", "avx", "avx2", "fma", "avx512f", "avx512bw", "avx512dq", "avx512vl", "amx_tile",
    "asimd", "sve", "sve2",
)  # fmt: skip
"""Instruction sets among which numerical libraries choose their routines when they start."""
VARIABLES = (
    "ATEN_CPU_CAPABILITY", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "MKL_CBWR", "MKL_ENABLE_INSTRUCTIONS",
    "OPENBLAS_NUM_THREADS", "OPENBLAS_CORETYPE", "NPY_DISABLE_CPU_FEATURES", "NPY_ENABLE_CPU_FEATURES",
    "NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES", "NUMBA_OPT",
)  # fmt: skip
"""Environment variables that choose routines or threads."""
DECISION_THREADS = 1
"""Threads of the decision maths, see `models.gp.threads.use_one_thread`."""
PROCESSOR_FILE = Path("/proc/cpuinfo")
CHECKOUT = Path(__file__).resolve().parents[1]
"""Where the program's own source lies."""

NAMES = {
    "checkout commit": "the program's commit",
    "checkout uncommitted_sha256": "uncommitted changes to the program",
    "decision_threads": "threads of the decision maths",
    "processor instruction_sets": "instruction sets",
    "processor model": "processor",
    "torch git_version": "the source of torch",
    "torch version": "the build of torch",
}
"""What people call the entries that have no plain name."""


def environment_json() -> str:
    """The environment as canonical JSON; it loads none of the packages."""
    return canonical_json(
        {
            "python": platform.python_version(),
            "machine": platform.machine(),
            "system": platform.platform(),
            "processors": os.cpu_count(),
            "processor": _processor(),
            "decision_threads": DECISION_THREADS,
            "variables": {name: os.environ[name] for name in VARIABLES if name in os.environ},
            "packages": {name: _version(name) for name in PACKAGES},
            "torch": _torch_build(),
            "checkout": checkout_state(CHECKOUT),
        }
    )


def differences(then_json: str, now_json: str) -> tuple[str, ...]:
    """How two environments differ, one plain sentence each, in alphabetical order of what differs.

    Parameters
    ----------
    then_json, now_json
        Environments as `environment_json` writes them; entries that only one of them has count as none
        in the other.
    """
    then, now = _leaves(json.loads(then_json)), _leaves(json.loads(now_json))
    return tuple(
        f"{_name(key)}: {_said(then.get(key))} then, {_said(now.get(key))} now"
        for key in sorted(then.keys() | now.keys())
        if then.get(key) != now.get(key)
    )


def _leaves(node: Any, path: str = "") -> dict[str, Any]:
    """Entries of nested tables by their path, such as ``packages numpy``."""
    if not isinstance(node, dict):
        return {path: node}
    found: dict[str, Any] = {}
    for key, value in node.items():
        found |= _leaves(value, f"{path} {key}".lstrip())
    return found


def _name(key: str) -> str:
    return NAMES.get(key) or key.removeprefix("packages ").removeprefix("variables ")


def _said(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, list):
        return " ".join(map(str, value)) or "none"
    text = str(value)
    return text[:12] if re.fullmatch("[0-9a-f]{40,64}", text) else text


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _torch_build() -> dict[str, str]:
    """What torch says of its own build, read from its file of versions: importing torch takes seconds."""
    found = find_spec("torch")
    if found is None or found.origin is None:
        return {}
    try:
        text = Path(found.origin).with_name("version.py").read_text(encoding="utf-8")
    except OSError:
        return {}
    said = re.findall(r"^(__version__|git_version|cuda)\b[^=\n]*=\s*['\"]([^'\"]*)['\"]", text, re.MULTILINE)
    return {name.strip("_"): value for name, value in said}


def _processor() -> dict[str, Any]:
    """The processor's name and the instruction sets that matter; empty where the system does not tell."""
    try:
        text = PROCESSOR_FILE.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {"model": platform.processor() or None, "instruction_sets": []}
    told = dict(re.findall(r"^([\w ]+?)\s*:\s*(.*)$", text.split("\n\n", 1)[0], re.MULTILINE))
    flags = told.get("flags", told.get("Features", "")).split()
    return {
        "model": told.get("model name"),
        "family": told.get("cpu family"),
        "stepping": told.get("model") and f"{told.get('model')}.{told.get('stepping')}",
        "instruction_sets": [name for name in INSTRUCTION_SETS if name in flags],
    }
