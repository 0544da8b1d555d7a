"""Check for parts of the detector that do not count."""

import numpy as np

from models.saxs.checks.census import TILE_PX
from models.saxs.checks.check import Check, Finding, Subject

MIN_EXPECTED_COUNTS = 200.0
"""A square in which fewer are expected is not judged: at 2 %, 4 are left, and none is 1 in 50."""
MIN_FILLED_SHARE = 0.25
"""Nor is one of which less is usable."""


def has_no_dead_module(subject: Subject) -> Finding | None:
    """Usable pixels in squares that count next to nothing of what their rings do elsewhere."""
    census = subject.census
    if census is None:
        return None
    tiling = census.tiling
    expected = tiling.expect(census.ring_mean)
    is_judged = (expected >= MIN_EXPECTED_COUNTS) & (tiling.n_pixels >= MIN_FILLED_SHARE * TILE_PX**2)
    if not np.any(is_judged):
        return None
    is_dead = is_judged & (census.tiles <= subject.limits.dead_module_share * expected)
    n_dead = int(tiling.n_pixels[is_dead].sum())
    return Finding(n_dead == 0, n_dead, 0.0)


CHECKS = (
    Check(
        "dead_module", "pixels", "Part of the detector reads nothing: restart it, or mask that part.",
        has_no_dead_module,
    ),
)  # fmt: skip
"""The only one."""
