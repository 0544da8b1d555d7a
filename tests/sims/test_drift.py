"""A cell that slips and a mirror that is knocked: what still reaches the sample."""

import numpy as np
import pytest

from sims.drift import CellSpec, MirrorSpec, Shove
from sims.stand import Stand
from sims.world import World, WorldSpec

MIXTURE = {"surfactant": 0.3, "cosurfactant": 0.2, "water": 0.5}


def test_a_cell_that_has_not_slipped_changes_no_bit_of_a_frame():
    plain, narrow = World(WorldSpec(), 7), World(WorldSpec(cell=CellSpec(shoves=(Shove(at=9, by=5.0),))), 7)
    one, other = (world.expose(MIXTURE, seq=3, exposure_s=0.1) for world in (plain, narrow))
    assert np.array_equal(one.counts, other.counts)
    assert one.transmission == other.transmission


def test_half_a_beam_beside_the_cell_is_half_as_much_scattering_and_more_transmission():
    cell = CellSpec(shoves=(Shove(at=2, by=1.0),))
    world = World(WorldSpec(cell=cell), 7)
    assert cell.share_in_beam(2, 0.0) == pytest.approx(0.5)
    missed, hit = (
        world.expose(MIXTURE, seq=2, exposure_s=1.0, stand=Stand(offset_mm=mm)) for mm in (0.0, -1.0)
    )
    assert missed.transmission == pytest.approx(0.5 * (1 + hit.transmission), abs=0.01)
    usable = ~world.station.pixel_mask
    share = missed.counts[usable].sum() / hit.counts[usable].sum()
    assert share == pytest.approx(0.5, abs=0.05)


def test_a_cell_stays_where_it_slipped_until_it_is_shifted_back():
    cell = CellSpec(shoves=(Shove(at=5, by=3.0), Shove(at=8, by=-1.0)))
    assert [cell.share_in_beam(seq, 0.0) for seq in (4, 5, 7)] == pytest.approx([1.0, 0.0, 0.0])
    assert cell.share_in_beam(8, -2.0) == pytest.approx(1.0)


def test_a_mirror_is_knocked_and_creeps_and_is_steered_back():
    mirror = MirrorSpec(shoves=(Shove(at=3, by=0.05),), mrad_per_h=0.1)
    assert mirror.share_steered(1, 0.0, 0.0) == 1.0
    assert mirror.share_steered(3, 0.0, 0.0) == pytest.approx(np.exp(-0.5))
    assert mirror.share_steered(3, 1800.0, -0.1) == pytest.approx(1.0)


def test_a_weak_beam_is_weak_on_the_monitor_too():
    world = World(WorldSpec(mirror=MirrorSpec(shoves=(Shove(at=2, by=0.1),))), 7)
    weak, strong = (
        world.expose(MIXTURE, seq=2, exposure_s=1.0, stand=Stand(pitch_mrad=p)) for p in (0, -0.1)
    )
    assert weak.monitor / strong.monitor == pytest.approx(np.exp(-2.0), rel=0.01)
