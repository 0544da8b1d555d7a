"""A night that readjusts itself: counted as long as needed, decided again, its doses kept."""

import json
import re
from pathlib import Path

import sqlalchemy as sa

EXAMPLE = Path(__file__).parents[2] / "examples" / "counting.toml"
SPOT_DOSE_S = 20.0


def short(folder: Path) -> Path:
    text = EXAMPLE.read_text()
    text = re.sub(r"^initial = \d+", "initial = 4", text, flags=re.MULTILINE)
    text = re.sub(r"^measurements = \d+", "measurements = 5", text, flags=re.MULTILINE)
    text = text.replace("[measurement]", "[instrument.world.faults]\nbubble = { at = [2] }\n\n[measurement]")
    path = folder / "counting.toml"
    path.write_text(text)
    return path


def test_each_sample_is_seen_well_enough_within_its_dose_and_every_step_is_on_record(nightbeam, tmp_path):
    done = nightbeam("run", str(short(tmp_path)))
    assert done.returncode == 0, done.stdout + done.stderr
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'nightbeam.db'}")
    with engine.connect() as connection:
        rows = connection.execute(
            sa.text(
                "SELECT seq, kind, exposure_s, repeats, setup_json, reason_code FROM decision ORDER BY seq"
            )
        ).all()
    engine.dispose()
    setups = [row for row in rows if row.kind == "setup"]
    assert {row.reason_code for row in setups} >= {"extend", "fresh_spot"}
    doses: dict[tuple[int, int], float] = {}
    for row in rows:
        if row.kind in ("initial_design", "suggest", "setup"):
            setup = json.loads(row.setup_json)
            spot = (row.repeats or row.seq, setup["spot"])
            doses[spot] = doses.get(spot, 0.0) + row.exposure_s * setup["attenuation"]
    assert max(doses.values()) <= SPOT_DOSE_S * (1 + 1e-9)
    again = nightbeam("replay", "all")
    assert f"{len(rows)} decisions: {len(rows)} exact" in again.stdout, again.stdout + again.stderr
    said = nightbeam("log", "--seq", str(setups[0].seq)).stdout
    assert "the full beam, spot" in said
    assert f"decision {setups[0].repeats}" in said
