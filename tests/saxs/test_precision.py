"""What goes on record of a curve is what features are read from, and it is as good as the curve."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.domain.curve_text import curve_from_text, curve_to_text
from models.domain.scattering import Curve
from models.saxs.precision import as_recorded, round_digits

FLOATS = st.floats(min_value=-1e300, max_value=1e300, allow_subnormal=False)


@given(st.lists(FLOATS, max_size=20), st.integers(2, 12))
def test_rounding_to_digits_errs_by_less_than_half_of_the_last_one_and_only_once(values, n_digits):
    exact = np.array(values, dtype=np.float64)
    rounded = round_digits(exact, n_digits)
    assert np.all(np.abs(rounded - exact) <= np.abs(exact) * 0.5001 * 10.0 ** (1 - n_digits))
    assert np.array_equal(round_digits(rounded, n_digits), rounded)


def test_a_curve_comes_back_from_its_text_as_it_was_recorded():
    q = np.linspace(0.1, 3.0, 50) + 1e-12
    curve = as_recorded(Curve(q, np.pi * q**-4, np.sqrt(q) / 3, "1/cm", 0.003, "a.h5"))
    again = curve_from_text(curve_to_text(curve))
    for name in ("q_inv_nm", "intensity", "sigma"):
        assert np.array_equal(getattr(again, name), getattr(curve, name))
    assert max(len(line) for line in curve_to_text(curve).splitlines()[5:]) <= 36


def test_a_value_that_is_no_number_stays_none():
    assert np.isnan(round_digits(np.array([np.nan]), 5)[0])
    assert np.isposinf(round_digits(np.array([np.inf]), 5)[0])
