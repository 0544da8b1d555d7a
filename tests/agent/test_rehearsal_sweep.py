"""A sweep on processes: a lost worker, an interruption, one writer, a record like any other."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest

from agent.rehearsal.engine import Broken, crew, play
from agent.rehearsal.jobs import Track
from agent.rehearsal.one import ALL
from agent.rehearsal.record import not_on_record, open_record, read_tracks, url_of
from agent.rehearsal.sweep import Order, carry_out
from agent.rehearsal.yardsticks.standard import Standard
from db.engine import open_to_read
from db.histories import read_history
from db.queries import read_campaigns
from models.domain.errors import BadInput
from tests.agent.test_rehearsal import setting_of, small

SHORT = {"strategy": {"kind": "bayes", "initial": 2, "pool": 64}, "budget": {"measurements": 3}}


class Listener:
    """Remembers what it is told, and may break in."""

    def __init__(self, after: int | None = None) -> None:
        self.stages: list[tuple[str, int, int]] = []
        self.n_done, self._after = 0, after

    def stage(self, name: str, n_all: int, n_done: int) -> None:
        self.stages.append((name, n_all, n_done))

    def advance(self) -> None:
        self.n_done += 1
        if self.n_done == self._after:
            raise KeyboardInterrupt

    def say(self, sentence: str) -> None:
        pass


def quick_standard(*_: object) -> dict[int, Standard]:
    return {ALL: Standard(np.random.default_rng(0).random((8, 3)), np.linspace(-9.0, -1.0, 8), -9.0, 8.0)}


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr("agent.rehearsal.sweep.find_standards", quick_standard)


@pytest.fixture(scope="module")
def two_workers():
    with crew(None, 2) as client:
        yield client


@pytest.fixture
def order(two_workers):
    """Of a cluster by its address, as on any machine."""

    def of(folder: Path, n_seeds: int = 2) -> Order:
        return Order(folder, n_seeds, address=two_workers.scheduler.address, is_contest_only=True)

    return of


def test_an_interrupted_sweep_goes_on_where_it_was(tmp_path, quick, order):
    setting = setting_of(small(**SHORT), named=("random",))
    with pytest.raises(KeyboardInterrupt):
        carry_out(setting, order(tmp_path), Listener(after=3))
    before = read_tracks(tmp_path)
    assert len(before) == 3
    listener = Listener()
    sweep = carry_out(setting, order(tmp_path), listener)
    assert listener.stages == [("contest", 6, 3)]
    assert listener.n_done == 3
    after = read_tracks(tmp_path)
    assert {name: after[name] for name in before} == before
    assert {(t.contender, t.place) for t in sweep.tracks} == {
        (name, place) for name in ("random", "grid", "sobol") for place in (0, 1)
    }
    again = Listener()
    carry_out(setting, order(tmp_path), again)
    assert again.stages == [("contest", 6, 6)]


def test_a_rehearsed_night_is_on_record_like_any_other(tmp_path):
    from agent.rehearsal.one import rehearse
    from agent.replay import Circumstances, replay
    from agent.strategy.problem import Problem
    from db.verify.record import verify

    setting = setting_of(small(**SHORT | {"budget": {"measurements": 4}}))
    setting.scene.standards[ALL] = quick_standard()[ALL]
    rehearsed = rehearse(setting.job("bayes", 1), setting.scene)
    with open_record(tmp_path, setting.scene) as recorder:
        recorder.write(rehearsed)
    with open_to_read(url_of(tmp_path)).connect() as connection:
        (campaign,) = read_campaigns(connection)
        history = read_history(connection, campaign.id)
    assert campaign.name == "first_light.bayes.001"
    assert history.decisions[-1].kind == "stop"
    problem = Problem.model_validate_json(campaign.problem_json)
    asked = next(d for d in history.decisions if d.kind == "suggest")
    under = Circumstances(campaign.spec, campaign.utc, campaign.utc, asked.model.sha256)
    assert replay(problem, history, asked.seq, under).verdict == "exact"
    (kept, track) = read_tracks(tmp_path)["first_light.bayes.001"]
    assert track == rehearsed.track
    assert isinstance(track, Track)
    assert kept.instrument.startswith("rehearsal fast")
    with open_to_read(url_of(tmp_path)).connect() as connection:
        assert verify(connection) == []


def test_a_folder_of_another_rehearsal_is_refused_and_so_is_a_second_writer(tmp_path, quick, order):
    setting = setting_of(small(**SHORT), named=("random",))
    carry_out(setting, order(tmp_path, n_seeds=1), Listener())
    other = setting_of(small(**SHORT, measurement={"exposure_s": 2.0}), named=("random",))
    with pytest.raises(BadInput, match="rehearsed with another campaign file"):
        not_on_record([other.job("random", 0)], other.scene, tmp_path)
    with (
        open_record(tmp_path, setting.scene),
        pytest.raises(BadInput, match="is in use by process"),
        open_record(tmp_path, setting.scene),
    ):
        pass


def test_a_killed_worker_costs_only_what_it_was_playing(two_workers):
    setting = setting_of(small(**SHORT))
    setting.scene.standards[ALL] = quick_standard()[ALL]
    jobs = [setting.job(name, place) for place in range(6) for name in ("random", "sobol")]
    pids = list(two_workers.run(os.getpid).values())
    assert len(set(pids)) == 2
    found = []
    for one in play(two_workers, jobs, setting.scene):
        found.append(one)
        if len(found) == 2:
            assert pids[0] != os.getpid()
            os.kill(pids[0], signal.SIGKILL)
    assert not [one for one in found if isinstance(one, Broken)]
    assert {one.job.name for one in found} == {job.name for job in jobs}
    assert pids[0] not in two_workers.run(os.getpid).values()


def test_the_only_worker_may_be_killed_and_no_campaign_is_given_up():
    setting = setting_of(small(**SHORT))
    setting.scene.standards[ALL] = quick_standard()[ALL]
    jobs = [setting.job("random", place) for place in range(5)]
    found = []
    with crew(None, 1) as client:
        for one in play(client, jobs, setting.scene):
            found.append(one)
            if len(found) == 1:
                (pid,) = client.run(os.getpid).values()
                assert pid != os.getpid()
                os.kill(pid, signal.SIGKILL)
    assert not [one for one in found if isinstance(one, Broken)]
    assert {one.job.name for one in found} == {job.name for job in jobs}
