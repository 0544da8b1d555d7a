"""kill -9 as a user meets it, each run in a process of its own; `tests/torture` does it a hundred times."""

import signal
from pathlib import Path

from db.engine import open_to_read
from db.histories import read_history
from db.queries import read_campaigns
from models.domain.history import History


def read(folder: Path) -> History:
    with open_to_read(f"sqlite:///{folder / 'nightbeam.db'}").connect() as connection:
        return read_history(connection, read_campaigns(connection)[0].id)


def test_a_dispense_that_may_have_happened_is_never_repeated(nightbeam_afresh, campaign_file, tmp_path):
    killed = nightbeam_afresh("run", str(campaign_file), trap=("mixing", 3))
    assert killed.returncode == -signal.SIGKILL
    resumed = nightbeam_afresh("run", str(campaign_file))
    assert resumed.returncode == 0
    assert "resumed: 3 decisions, 1 dispense unknown -> sample S3 quarantined" in resumed.stdout
    history = read(tmp_path)
    failure = history.failure(3)
    assert failure is not None
    assert failure.code == "unknown_prepare"
    assert [quarantine.sample for quarantine in history.quarantines] == ["S3"]
    assert history.decision(4).kind == "repeat"
    assert history.decision(4).point == history.decision(3).point


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


def test_a_night_that_decides_ahead_is_killed_resumed_and_computed_again(nightbeam, campaign_file, tmp_path):
    ahead = campaign_file.read_text().replace('kind = "bayes"', 'kind = "bayes"\nahead = true')
    campaign_file.write_text(ahead)
    killed = nightbeam("run", str(campaign_file), trap=("mixing", 9))
    assert killed.returncode == -signal.SIGKILL
    assert nightbeam("run", str(campaign_file)).returncode == 0
    decisions = read(tmp_path).decisions
    assert decisions[9].watermark == 8, "the tenth was decided without what came of the ninth"
    assert {d.kind for d in decisions} >= {"suggest", "repeat"}
    replayed = nightbeam("replay", "all")
    assert replayed.returncode == 0, replayed.stdout
    assert f"{len(decisions)} exact" in replayed.stdout
