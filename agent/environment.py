"""With what a decision was computed: versions, processor, threads."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version

from models.domain.canonical import canonical_json

PACKAGES = (
    "nightbeam", "bluesky", "ophyd", "event-model", "numpy", "scipy", "torch", "gpytorch", "botorch",
    "pyFAI", "freesas", "h5py", "pydantic", "sqlalchemy",
)  # fmt: skip
"""Packages whose version can change a result."""


def environment_json() -> str:
    """The environment as canonical JSON; it loads none of the packages."""
    return canonical_json(
        {
            "python": platform.python_version(),
            "machine": platform.machine(),
            "system": platform.platform(),
            "processors": os.cpu_count(),
            "decision_threads": 1,
            "packages": {name: _version(name) for name in PACKAGES},
        }
    )


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
