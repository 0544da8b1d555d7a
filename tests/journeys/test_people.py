"""People beside a night in a process of its own: they pause, pin, veto, stop, and outlive a kill."""

import os
import subprocess
import time

import pytest

from db.engine import open_to_read
from db.histories import read_history
from db.queries import read_campaigns
from db.requests import read_requests
from db.verify.record import verify
from tests.db.conftest import postgresql, url
from tests.journeys.conftest import CAMPAIGN
from tests.journeys.test_signals import WAIT_S

__all__ = ["postgresql", "url"]

PLACE = ("surfactant=0.2", "cosurfactant=0.1", "water=0.7")
PINNED = {"surfactant": 0.2, "cosurfactant": 0.1, "water": 0.7}


class Night:
    """A night that goes on in another process, and what people type beside it."""

    def __init__(self, folder, url, quick):
        self.folder, self.url, self.quick = folder, url, quick
        text = CAMPAIGN.replace('kind = "virtual"', 'kind = "virtual"\ntime_scale = 1.0')
        text = text.replace("exposure_s = 1.0", "exposure_s = 0.3").replace("initial = 5", "initial = 9")
        (folder / "night.toml").write_text(text)
        self.process = None

    def go_on(self):
        self.process = self.begin("run", "night.toml")

    def begin(self, *words):
        return subprocess.Popen(
            [self.quick / "nightbeam", *words, "--db", self.url], cwd=self.folder, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )  # fmt: skip

    def type(self, *words, who="Ana", status=0):
        process = self.begin(*words, "--who", who, "--why", "because")
        out, err = process.communicate(timeout=WAIT_S)
        assert process.returncode == status, err
        return out + err

    def wait_for(self, words):
        """Read what the night says until the words come."""
        said = []
        while words not in (line := self.process.stdout.readline()):
            said.append(line)
            assert line, f"it ended and never said {words!r}: {said} {self.process.stderr.read()}"
        return line

    def end(self):
        out, err = self.process.communicate(timeout=WAIT_S)
        return self.process.returncode, out + err

    def read(self):
        with open_to_read(self.url).connect() as connection:
            campaign = read_campaigns(connection)[0].id
            return read_history(connection, campaign), read_requests(connection, campaign)

    def verify(self):
        with open_to_read(self.url).connect() as connection:
            return list(verify(connection, (), None, None))


@pytest.fixture
def night(tmp_path, url, quick):
    night = Night(tmp_path, url, quick)
    night.go_on()
    yield night
    night.process.kill()
    night.process.communicate()


def test_people_pause_pin_veto_resume_and_stop_a_night_and_replay_computes_the_rest(night):
    night.wait_for("2 initial_design")
    night.type("pause")
    assert "by Ana: because" in night.wait_for("paused before decision")
    before, _ = night.read()
    pin = night.begin("pin", *PLACE, "--who", "Bob", "--why", "a ring")  # two people at once
    veto = night.begin(
        "veto", "--point", "surfactant=0.5", "--radius", "0.2", "--who", "Ana", "--why", "clogs"
    )
    assert [one.communicate(timeout=WAIT_S)[1] for one in (pin, veto)] == ["", ""]
    assert "is vetoed" in night.type("pin", "surfactant=0.5", "cosurfactant=0.1", "water=0.4", status=2)
    assert night.read()[0].decisions == before.decisions, "nothing was decided, and nothing moved"
    night.type("resume", who="Bob")
    night.wait_for("human_override")
    night.wait_for("Left out as vetoed")
    night.type("stop", who="Eve")
    status, said = night.end()
    assert status == 3
    assert "Eve asked to stop: because" in said
    history, asked = night.read()
    first = len(before.decisions)
    assert history.decisions[first].kind == "human_override"
    assert history.decisions[first].point.coordinates == PINNED
    assert history.observation(first + 1) is not None
    for decision in history.decisions[first + 1 : -1]:
        assert decision.point is None or not 0.38 < decision.point["surfactant"] < 0.62
    assert sorted(one.request.kind for one in asked) == ["pause", "pin", "resume", "stop", "veto"]
    assert all([answer.code for answer in one.answers] == ["obeyed"] for one in asked)
    assert night.verify() == []
    replayed = night.begin("replay", "all")
    out, _ = replayed.communicate(timeout=WAIT_S)
    assert f"{len(history.decisions) - 2} exact, 2 not computed" in out


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_a_night_that_is_killed_while_paused_pauses_again_until_somebody_resumes(night):
    night.wait_for("2 initial_design")
    night.type("pause")
    night.wait_for("paused before decision")
    night.process.kill()
    night.process.communicate()
    before, _ = night.read()
    night.go_on()
    night.wait_for("paused before decision")
    time.sleep(2.5)
    assert night.read()[0].decisions == before.decisions
    night.process.terminate()  # a signal ends it still
    assert night.end()[0] == 3
    night.go_on()
    night.wait_for("paused before decision")
    night.type("resume")
    night.wait_for("initial_design")
    night.process.terminate()
    assert night.end()[0] == 3
    assert [[a.code for a in one.answers] for one in night.read()[1]] == [["obeyed"], ["obeyed"]]
    assert night.verify() == []


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
def test_each_measurement_may_wait_for_a_veto(tmp_path, url, quick):
    night = Night(tmp_path, url, quick)
    file = tmp_path / "night.toml"
    file.write_text(f"{file.read_text()}\n[people]\nveto_s = 15\n")
    night.go_on()
    night.wait_for("decision 2 waits 15 s for a veto")
    night.type("veto")
    assert "failed: Vetoed by Ana: because" in night.wait_for("2 -> ")
    night.wait_for("decision 3 waits 15 s for a veto")
    night.type("stop")
    assert night.end()[0] == 3
    history, _ = night.read()
    assert [history.failure(seq).code for seq in (2, 3)] == ["vetoed", "withdrawn"]
    assert history.decision(3).point != history.decision(2).point
    assert not list(tmp_path.glob("nightbeam-data/*/frames/*00002*"))
