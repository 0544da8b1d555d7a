"""How loops over arrays are compiled: one way for all."""

from collections.abc import Callable
from typing import Any

import numba

compiled: Callable[..., Any] = numba.njit(cache=True, nogil=True)
"""Compile without reordering of sums: the same bits on every run. Other threads may go on meanwhile."""
