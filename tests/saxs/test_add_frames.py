"""Two exposures of one sample, added up, say what one long one would have said."""

import numpy as np
import pytest

from models.domain.errors import BadInput
from models.domain.geometry import Geometry
from models.domain.scattering import Frame
from models.saxs.add_frames import add_frames
from models.saxs.integrate import integrate

GEOMETRY = Geometry(
    distance_mm=1000.0, beam_column_px=40.0, beam_row_px=35.0, pixel_width_um=172.0, pixel_height_um=172.0,
    wavelength_nm=0.1, n_rows=80, n_columns=90,
)  # fmt: skip


def frame(seed: int, exposure_s: float, attenuation: float = 1.0) -> Frame:
    rng = np.random.default_rng(seed)
    counts = rng.poisson(20.0 * exposure_s * attenuation, (80, 90)).astype(np.int32)
    mask = rng.random((80, 90)) < 0.02
    counts[mask] = -1
    return Frame(
        counts=counts, mask=mask, exposure_s=exposure_s, monitor=1e6 * exposure_s * attenuation,
        transmission=0.8, transmission_sigma=0.01, attenuation=attenuation,
    )  # fmt: skip


def test_counts_times_and_monitors_add_up_and_bad_pixels_of_either_are_left_out():
    one, other = frame(1, 0.5), frame(2, 2.0, 0.1)
    both = add_frames(one, other)
    good = ~(one.mask | other.mask)
    assert np.array_equal(both.counts[good], (one.counts + other.counts)[good])
    assert both.mask[~good].all()
    assert (both.counts[~good] == -1).all()
    assert (both.exposure_s, both.monitor) == (2.5, pytest.approx(0.7e6))
    assert both.attenuation * both.exposure_s == pytest.approx(0.7)


def test_the_curve_of_the_sum_is_the_mean_of_the_curves_by_their_light():
    one, other = frame(1, 1.0), frame(2, 3.0)
    same = np.zeros_like(one.mask)
    one, other = (
        Frame(np.maximum(f.counts, 0), same, f.exposure_s, f.monitor, f.transmission) for f in (one, other)
    )
    curves = [integrate(f, GEOMETRY) for f in (one, other, add_frames(one, other))]
    expected = 0.25 * curves[0].intensity + 0.75 * curves[1].intensity
    assert curves[2].intensity == pytest.approx(expected, rel=1e-12)
    spread = np.hypot(0.25 * curves[0].sigma, 0.75 * curves[1].sigma)
    assert curves[2].sigma == pytest.approx(spread, rel=1e-9)


def test_the_error_of_the_transmission_falls_as_it_was_read_twice():
    both = add_frames(frame(1, 1.0), frame(2, 1.0))
    assert both.transmission_sigma == pytest.approx(0.01 / np.sqrt(2.0))


def test_frames_of_two_detectors_are_refused():
    other = Frame(np.zeros((3, 3), np.int32), np.zeros((3, 3), bool), 1.0, 1.0, 1.0, source="b.tif")
    with pytest.raises(BadInput, match=r"b\.tif"):
        add_frames(frame(1, 1.0), other)
