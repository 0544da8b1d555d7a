"""LAPACK's own routines, for which the library gives no types."""

from typing import Any

from scipy.linalg import lapack as untyped

lapack: Any = untyped
"""Each takes and gives Fortran-ordered arrays of float64, and says with its last value whether it failed."""
