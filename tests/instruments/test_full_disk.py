"""A disk that is full stops the campaign; it does not pass for a broken detector."""

import errno
import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from instruments.frame_writer import write_atomically
from models.domain.errors import BeamlineFault, LogUnavailable

LIMIT_BYTES = 2_000
"""Documents and journal stay below, a frame does not."""


@contextmanager
def small_disk() -> Iterator[None]:
    """No file may grow beyond the limit, as on a disk that is nearly full."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    usual = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT_BYTES, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, usual)


def test_a_frame_that_a_full_disk_refuses_stops_the_campaign_with_the_shutter_closed(
    instrument, beamline, decide, tmp_path
):
    decision = decide(1)
    *before, expose = instrument.actions(decision)
    for action in before:
        instrument.perform(action, decision)
    cannot = r"night-00001-3expose-1\.h5 cannot be written .*free space"
    with pytest.raises(LogUnavailable, match=cannot), small_disk():
        instrument.perform(expose, decision)
    assert not beamline.shutter.is_open
    assert list((tmp_path / "frames").iterdir()) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO])
def test_every_way_in_which_a_disk_refuses_is_told_as_such(start, beamline, decide, measure, world, number):
    def refuse(*_, **__):
        raise OSError(number, os.strerror(number))

    world.expose = refuse
    with pytest.raises(LogUnavailable, match=os.strerror(number)):
        measure(start(beamline), decide(1))


def test_another_error_of_the_system_stays_the_detectors_fault(start, beamline, decide, measure, world):
    def refuse(*_, **__):
        raise OSError(errno.ECONNRESET, "Connection reset by peer")

    world.expose = refuse
    with pytest.raises(BeamlineFault, match=r"pilatus failed: .*Connection reset by peer"):
        measure(start(beamline), decide(1))


def test_what_a_full_disk_cut_off_takes_no_space(tmp_path):
    def fill(partial):
        partial.write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        write_atomically(tmp_path / "frame.h5", fill)
    assert list(tmp_path.iterdir()) == []
