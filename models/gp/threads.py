"""Keep the arithmetic behind decisions the same, whatever else runs in the process."""

import ctypes
import sys
from functools import lru_cache

from threadpoolctl import ThreadpoolController

DEFAULT_ENVIRONMENT = ctypes.c_void_p(-1)
"""FE_DFL_ENV of the C library on Linux: rounding to nearest, no number switched off."""


def use_one_thread() -> None:
    """Keep the BLAS behind numpy and scipy on one thread from here on, and the smallest numbers.

    OpenBLAS takes other routines when it may use more than one thread, even for matrices of three rows: two
    threads changed a fit in the tenth digit. Numbers below the smallest normal one are kept too: a library
    that was built for speed switches them off for its whole thread when it is loaded, and what is loaded
    beside the model must not change a decision.
    """
    _libraries(len(sys.modules)).limit(limits=1, user_api="blas")
    if sys.platform == "linux":
        ctypes.CDLL(None).fesetenv(DEFAULT_ENVIRONMENT)


@lru_cache(maxsize=1)
def _libraries(n_modules: int) -> ThreadpoolController:
    """The libraries that are loaded; they are sought again, which takes a millisecond, after more imports."""
    del n_modules
    return ThreadpoolController()
