"""Samples made ahead: what is told where the dispenser cannot, and for how long a night is then foretold."""

import json
import re
from pathlib import Path

import pytest

OVERNIGHT = (Path(__file__).parents[2] / "examples" / "overnight.toml").read_text()
BY_FRACTIONS = '''
from dataclasses import replace

from instruments import virtual


class Mixes:
    """Is told fractions, and nothing of volumes."""

    def __init__(self, inner):
        self.inner = inner
        self.mix, self.components, self.journal_entry = inner.mix, inner.components, inner.journal_entry


def make(options: virtual.Options, context):
    beamline = virtual.build(options, context)
    return replace(beamline, dispenser=DISPENSER)
'''


def night(overlap: bool, **changes: str) -> str:
    text = re.sub(r"^overlap = .*\n", "", OVERNIGHT, flags=re.MULTILINE)
    text = text.replace("[deck]\n", f"[deck]\noverlap = {str(overlap).lower()}\n")
    for key, value in changes.items():
        text = re.sub(rf"^{key} = .*$", value, text, flags=re.MULTILINE)
    return text


@pytest.mark.parametrize(
    ("lab", "dispenser", "why"),
    [
        ("lab_of_fractions", "Mixes(beamline.dispenser)", "Mixes takes no volumes by a signal `transfers`"),
        ("lab_of_vials", "None", "this instrument has no dispenser"),
    ],
)
def test_a_dispenser_that_cannot_make_samples_ahead_is_told_of_before_the_night(
    nightbeam, tmp_path, lab, dispenser, why
):
    (tmp_path / f"{lab}.py").write_text(BY_FRACTIONS.replace("DISPENSER", dispenser))
    own = f'kind = "{lab}:make"'
    for overlap in (True, False):
        text = night(overlap).replace('kind = "virtual"', own, 1)
        (tmp_path / "night.toml").write_text(text)
        status, out, err = nightbeam("check", "night.toml", "--json")
        assert status == 0, err
        told = json.loads(out)["doubts"]
        assert len(told) == overlap
        assert all(why in one and "made one after the other" in one for one in told)


def hours(nightbeam, tmp_path, text: str) -> float:
    (tmp_path / "night.toml").write_text(text)
    status, out, err = nightbeam("check", "night.toml", "--json")
    assert status == 0, err
    return json.loads(out)["estimated_hours"]


def test_the_hours_foretold_leave_out_what_is_made_beside_an_exposure(nightbeam, tmp_path):
    n = 60 + 5  # samples, and a blank after each twelve of them
    serial, beside = (hours(nightbeam, tmp_path, night(one)) for one in (False, True))
    assert serial == pytest.approx(n * (450 + 263) / 3600, abs=1e-3)
    assert beside == pytest.approx(n * (450 + 263 - 180) / 3600, abs=1e-3)
    short = hours(nightbeam, tmp_path, night(True, exposure_s="exposure_s = 50.0"))
    assert short == pytest.approx(n * (50 + 263 - 50) / 3600, abs=1e-3), (
        "what is longer than it is waited for"
    )


def test_making_that_is_longer_than_all_that_is_no_exposure_is_refused(nightbeam, tmp_path):
    (tmp_path / "night.toml").write_text(night(True, making_s="making_s = 264.0"))
    status, _, err = nightbeam("check", "night.toml")
    assert status == 2
    assert "making_s is 264 s, above overhead_s of 263 s" in err
