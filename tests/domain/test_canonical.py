"""One text for one value, and one seed for one purpose, for ever."""

import json
import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.domain.canonical import canonical_json, sha256_text
from models.domain.seeds import derive_seed
from models.domain.space import Point

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**63), FLOATS, st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(VALUES)
def test_canonical_json_gives_every_value_back_exactly(value):
    text = canonical_json(value)
    assert json.loads(text) == value
    assert canonical_json(json.loads(text)) == text


@given(st.dictionaries(st.text(max_size=5), FLOATS, min_size=2, max_size=6))
def test_the_order_in_which_keys_were_given_does_not_matter(table):
    reversed_table = dict(reversed(table.items()))
    assert canonical_json(reversed_table) == canonical_json(table)


def test_a_model_and_its_plain_form_have_one_text():
    point = Point(coordinates={"water": 0.1 + 0.2, "oil": 0.7})
    text = '{"coordinates":{"oil":0.7,"water":0.30000000000000004},"sample":null}'
    assert canonical_json(point) == text
    assert canonical_json({"sample": None, "coordinates": point.coordinates}) == text


def test_letters_beyond_ascii_stay_readable():
    assert canonical_json({"why": "größer"}) == '{"why":"größer"}'


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_has_no_place_in_a_record(value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json({"deep": [{"inside": value}]})


def test_a_hash_is_that_of_the_utf8_text():
    assert sha256_text("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert sha256_text("ä") == sha256_text(b"\xc3\xa4".decode())


@pytest.mark.parametrize(
    ("seed", "labels", "expected"),
    [
        (0, (), 3_456_079_177_858_693_020),
        (7, ("decision", 1), 8_488_112_368_277_010_341),
        (20261122, ("design",), 3_577_437_306_659_134_884),
    ],
)
def test_seeds_are_what_they_were_when_the_first_campaign_ran(seed, labels, expected):
    assert derive_seed(seed, *labels) == expected


@given(st.integers(0, 2**63 - 1), st.lists(st.one_of(st.text(max_size=6), st.integers()), max_size=3))
def test_every_seed_fits_a_signed_64_bit_column(seed, labels):
    assert 0 <= derive_seed(seed, *labels) < 2**63


def test_neighbouring_decisions_have_seeds_that_share_nothing():
    seeds = [derive_seed(7, "decision", seq) for seq in range(1, 1001)]
    assert len(set(seeds)) == 1000
    bits = [(a ^ b).bit_count() for a, b in pairwise(seeds)]
    assert 30 < sum(bits) / len(bits) < 33
