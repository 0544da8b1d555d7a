"""Sixty to a hundred kills: nothing lost, nothing twice, the same night as if nothing had happened."""

from collections.abc import Callable
from pathlib import Path

from tests.torture.points import POINTS
from tests.torture.runs import Nursery
from tests.torture.torture import Torture

SEED = 20261122
N_AT_RANDOM = 8


def test_killed_at_every_named_point_and_at_random_times_a_campaign_ends_as_if_in_peace(
    raise_nursery: Callable[[], Nursery], tmp_path: Path
):
    torture = Torture(SEED, len(POINTS) + N_AT_RANDOM, tmp_path, raise_nursery=raise_nursery)
    figures = torture.carry_out()
    print(figures.as_json())
    assert figures.objections == []
    assert figures.points_never_passed == []
    assert figures.quarantined == figures.unknown_dispenses > 0
    assert figures.resume_longest_s < 5.0
