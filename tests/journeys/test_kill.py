"""kill -9 at any moment, run the same command again: nothing lost, nothing twice, no file orphaned."""

import hashlib
import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import sqlalchemy as sa

from db import schema
from db.engine import open_to_read
from db.queries import read_campaigns, read_history
from models.domain.history import History

POINTS = [
    ("decided", 1),
    ("prepare_started", 2),
    ("mixed", 3),
    ("expose_started", 4),
    ("frame_half_written", 5),
    ("frame_written", 6),
    ("event_emitted", 7),
    ("expose_ended", 8),
    ("curve_written", 9),
    ("observed", 10),
]


def read(folder: Path) -> History:
    with open_to_read(f"sqlite:///{folder / 'nightbeam.db'}").connect() as connection:
        return read_history(connection, read_campaigns(connection)[0].id)


def signature(history: History) -> list[object]:
    """What was decided, why, and what was found."""
    return [
        (d.kind, d.point, d.reason, d.candidates, getattr(history.observation(d.seq), "features", None))
        for d in history.decisions
    ]


def assert_the_record_is_whole(folder: Path) -> None:
    """Nothing was dispensed or exposed twice; every decision has its outcome, every file its record."""
    with open_to_read(f"sqlite:///{folder / 'nightbeam.db'}").connect() as connection:
        ended = connection.execute(
            sa.select(schema.action.c.decision_id, schema.action.c.kind, sa.func.count())
            .join(schema.action_event, schema.action_event.c.action_id == schema.action.c.action_id)
            .where(schema.action_event.c.status == "succeeded", schema.action.c.kind != "load")
            .group_by(schema.action.c.decision_id, schema.action.c.kind)
        ).all()
        assert all(count == 1 for _, _, count in ended)
        assets = dict(connection.execute(sa.select(schema.asset.c.path, schema.asset.c.sha256)).all())
    history = read(folder)
    assert [d.seq for d in history.decisions] == list(range(1, len(history.decisions) + 1))
    measured = [d.seq for d in history.decisions if d.point is not None]
    assert [o.seq for o in history.observations] == measured
    assert [e.seq for e in history.exposures] == measured
    (data,) = (folder / "nightbeam-data").iterdir()
    on_disk = [*(data / "frames").iterdir(), *(data / "curves").iterdir()]
    assert {str(path) for path in on_disk} == set(assets)
    for path in on_disk:
        assert hashlib.sha256(path.read_bytes()).hexdigest() == assets[str(path)]
    mixed = [json.loads(line) for line in (data / "dispenser.journal.jsonl").read_text().splitlines()]
    done = [entry["action_id"] for entry in mixed if "done" in entry.values()]
    assert len(done) == len(set(done))


def test_killed_at_every_named_point_the_night_ends_as_if_nothing_had_happened(
    nightbeam, campaign_file, tmp_path
):
    calm = tmp_path / "calm"
    calm.mkdir()
    assert nightbeam("run", str(campaign_file), folder=calm).returncode == 0
    stormy = tmp_path / "stormy"
    stormy.mkdir()
    for point in POINTS:
        killed = nightbeam("run", str(campaign_file), folder=stormy, trap=point)
        assert killed.returncode == -signal.SIGKILL, f"{point}: {killed.stdout}{killed.stderr}"
    last = nightbeam("run", str(campaign_file), folder=stormy)
    assert last.returncode == 0, last.stderr
    assert signature(read(stormy)) == signature(read(calm))
    assert_the_record_is_whole(stormy)


def test_a_dispense_that_may_have_happened_is_never_repeated(nightbeam, campaign_file, tmp_path):
    killed = nightbeam("run", str(campaign_file), trap=("mixing", 3))
    assert killed.returncode == -signal.SIGKILL
    assert nightbeam("run", str(campaign_file)).returncode == 0
    history = read(tmp_path)
    failure = history.failure(3)
    assert failure is not None
    assert failure.code == "unknown_prepare"
    assert history.decision(4).kind == "repeat"
    assert history.decision(4).point == history.decision(3).point


def test_killed_at_random_moments_nothing_is_lost_or_measured_twice(campaign_file, tmp_path):
    moments = random.Random(20261122)
    command = [sys.executable, "-m", "agent.cli", "run", str(campaign_file)]
    root = str(Path(__file__).parents[2])
    for _ in range(4):
        process = subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={"PYTHONPATH": root, "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
        time.sleep(moments.uniform(3.0, 8.0))
        process.kill()
        process.wait()
    ended = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False,
        env={"PYTHONPATH": root, "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert_the_record_is_whole(tmp_path)


def test_a_night_resumed_from_another_folder_finds_its_journal_and_frames(nightbeam, campaign_file, tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    database = f"sqlite:///{tmp_path / 'nightbeam.db'}"
    killed = nightbeam("run", str(campaign_file), "--db", database, folder=here, trap=("mixing", 3))
    assert killed.returncode == -signal.SIGKILL
    assert nightbeam("run", str(campaign_file), "--db", database, folder=there).returncode == 0
    failure = read(tmp_path).failure(3)
    assert failure is not None
    assert failure.code == "unknown_prepare", "the journal was found, and the mix was not made again"
    assert list(there.iterdir()) == []
