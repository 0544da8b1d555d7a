"""Pixels that no Poisson statistics explains are found, others are left alone."""

from dataclasses import replace

import numpy as np
import pytest

from models.domain.errors import BadInput
from models.domain.geometry import Geometry
from models.domain.scattering import Frame
from models.saxs.zingers import find_zingers
from tests.saxs.test_frames import make_frame, pixel_q


def draw(geometry: Geometry, strength: float, seed: int) -> Frame:
    """A steep pattern: q^-4 towards the beam."""
    mean = strength * (0.1 + 1 / (1 + (pixel_q(geometry) / 0.05) ** 4))
    counts = np.random.default_rng(seed).poisson(mean).astype(np.int32)
    return make_frame(geometry, counts=counts)


@pytest.mark.parametrize("strength", [0.3, 20.0, 3000.0])
def test_frames_without_zingers_keep_their_pixels(geometry: Geometry, strength: float):
    n_found = sum(np.count_nonzero(find_zingers(draw(geometry, strength, k), geometry)) for k in range(30))
    assert n_found <= 3  # 0.3 are expected


def test_zingers_are_found_where_they_are_large_ones_and_small_ones(geometry: Geometry):
    frame = draw(geometry, 20.0, 1)
    counts = frame.counts.copy()
    for row, column, added in ((10, 10, 10**6), (11, 9, 40), (80, 100, 300)):
        counts[row, column] += added
    found = find_zingers(replace(frame, counts=counts), geometry)
    assert sorted(zip(*np.nonzero(found), strict=True)) == [(10, 10), (11, 9), (80, 100)]


def test_a_masked_pixel_is_no_zinger(geometry: Geometry):
    frame = draw(geometry, 20.0, 1)
    counts, mask = frame.counts.copy(), frame.mask.copy()
    counts[10, 10], mask[10, 10] = 10**6, True
    assert not np.any(find_zingers(replace(frame, counts=counts, mask=mask), geometry))


def test_a_pattern_with_directions_is_not_taken_for_zingers(geometry: Geometry):
    frame = draw(geometry, 100.0, 2)
    counts = frame.counts.copy()
    counts[45:52] *= 5
    with pytest.raises(BadInput, match=r"frame: zingers.*depends on direction"):
        find_zingers(replace(frame, counts=counts), geometry)
