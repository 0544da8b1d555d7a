"""A night in which the cell slips and the mirror is knocked: both are found again, on record."""

from pathlib import Path

import pytest

from db.engine import open_to_read
from db.histories import read_history
from db.queries import read_campaigns

EXAMPLE = Path(__file__).parents[2] / "examples" / "aligned.toml"
SLIPPED_MM, KNOCKED_MRAD = 1.4, 0.06
STEP_MM = 0.5


def test_a_cell_that_slips_and_a_mirror_that_is_knocked_are_found_again_and_every_look_is_on_record(
    nightbeam, tmp_path
):
    done = nightbeam("run", str(EXAMPLE))
    assert done.returncode == 0, done.stdout + done.stderr
    with open_to_read(f"sqlite:///{tmp_path / 'nightbeam.db'}").connect() as connection:
        history = read_history(connection, read_campaigns(connection, "aligned")[0].id)
    found = {
        decision.reason.code: decision
        for decision in history.decisions
        if decision.reason.code in ("centre", "steer")
    }
    assert found["centre"].setup.offset_mm == pytest.approx(-SLIPPED_MM, abs=STEP_MM / 2)
    assert found["steer"].setup.steering == pytest.approx(-KNOCKED_MRAD, abs=0.003)
    for decision in found.values():
        looks = [one for one in history.readjustments(decision.repeats) if one.is_look]
        assert 3 <= len(looks) <= 8
        assert history.observation(decision.seq).is_accepted
    assert history.exposure(found["centre"].seq).transmission < 0.8
    settled = [observation for _, observation in history.accepted()]
    assert len(settled) == history.n_measured == 10
    said = nightbeam("log", "--seq", str(found["centre"].seq - 1)).stdout
    assert "a look for the sample" in " ".join(said.split())
    again = nightbeam("replay", "all").stdout
    n = len(history.decisions)
    assert f"{n} decisions: {n} exact" in again, again
