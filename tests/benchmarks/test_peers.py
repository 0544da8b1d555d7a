"""A peer in a process of its own is spoken to in lines of JSON; what goes wrong with it is recorded."""

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.peers import conversation as room
from benchmarks.peers.catalog import OWN, PEERS, PeerSpec, find_peer
from benchmarks.peers.conversation import Conversation, PeerFailed, PeerLacks
from benchmarks.peers.environments import NotInstalled, python_of
from benchmarks.problems.catalog import find_problem
from benchmarks.thrift import Contest, run_contest
from benchmarks.trajectory import Method, place_of, read_trajectory, run_campaign, write_trajectory

SHARP = find_problem("sharp_map")
BEGIN = {"begin": SHARP.begin(0, "default")}


@pytest.fixture
def sobol(tmp_path: Path):
    with Conversation(find_peer("sobol"), tmp_path / "log.txt") as talk:
        yield talk


def answer_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> Conversation:
    """A peer whose adapter is written here."""
    monkeypatch.setattr(room, "ADAPTERS", tmp_path)
    (tmp_path / "odd.py").write_text(body)
    return Conversation(PeerSpec("odd", "odd.py"), tmp_path / "log.txt")


def test_a_peer_is_told_and_asked(sobol: Conversation):
    sobol.request(BEGIN, 30)
    answer = sobol.request({"tell": [[[1.0, 2.0]], [0.5], [0.1]], "ask": 3}, 30)
    assert len(answer["points"]) == 3
    assert answer["wall_s"] >= 0


def test_a_peer_says_what_it_lacks(sobol: Conversation):
    sobol.request(BEGIN, 30)
    with pytest.raises(PeerLacks, match="no posterior"):
        sobol.request({"predict": [[1.0, 2.0]]}, 30)
    assert sobol.is_alive


def test_a_peer_that_raises_is_recorded_and_lives(sobol: Conversation):
    with pytest.raises(PeerFailed, match="nothing was begun"):
        sobol.request({"ask": 1}, 30)
    sobol.request(BEGIN, 30)


def test_a_peer_that_crashes_is_recorded_with_its_last_words(tmp_path, monkeypatch):
    with (
        answer_of(tmp_path, monkeypatch, "raise SystemExit('the moon is full')") as odd,
        pytest.raises(PeerFailed, match="exit 1: the moon is full"),
    ):
        odd.request(BEGIN, 30)


def test_a_peer_that_is_too_slow_is_ended(tmp_path, monkeypatch):
    slow = (
        "import sys, time\nfor line in sys.stdin:\n"
        "    time.sleep(60 if 'ask' in line else 0)\n    print('{}', flush=True)"
    )
    with answer_of(tmp_path, monkeypatch, slow) as odd:
        odd.request(BEGIN, 30)
        with pytest.raises(PeerFailed, match=r"timed out after 0\.5 s"):
            odd.request({"ask": 1}, 0.5)
        assert not odd.is_alive


def test_a_peer_that_leaves_the_space_is_recorded(tmp_path, monkeypatch):
    outside = (
        "import sys\nfor line in sys.stdin:\n"
        '    print(\'{"says": "", "wall_s": 0, "points": [[11.0, 5.0]]}\', flush=True)'
    )
    with answer_of(tmp_path, monkeypatch, outside) as odd:
        found = run_campaign(SHARP, Method(PeerSpec("odd", "odd.py")), 0, lambda: odd)
    assert "does not allow" in found.ended
    assert len(found.points) == SHARP.n_initial


def test_answers_are_one_line_each_whatever_a_library_prints():
    sys.path.insert(0, str(room.ADAPTERS))
    try:
        from wire import answer_all  # pyright: ignore
    finally:
        sys.path.pop(0)

    class Loud:
        def tell(self, *told):
            assert len(told) == 3

        def ask(self, n):
            return [[0.5, 0.5]] * n

        def predict(self, points):
            raise ZeroDivisionError(points)

    asked = [{"begin": {}}, {"tell": [[], [], []]}, {"ask": 2}, {"predict": [[0.0]]}]
    out = io.StringIO()
    answer_all(lambda begin: Loud(), io.StringIO("".join(json.dumps(m) + "\n" for m in asked)), out)
    ready, told, points, error = map(json.loads, out.getvalue().splitlines())
    assert ready["is_ready"]
    assert told["is_ready"]
    assert points["points"] == [[0.5, 0.5], [0.5, 0.5]]
    assert error["error"].startswith("ZeroDivisionError")


def test_a_peer_that_was_not_installed_says_how_to_install_it(monkeypatch, tmp_path):
    monkeypatch.setattr("benchmarks.peers.environments.FOLDER", tmp_path)
    with pytest.raises(NotInstalled, match="install gpcam"):
        python_of(find_peer("gpcam"))


def test_every_peer_has_an_adapter_and_pins_its_version():
    for peer in PEERS:
        assert (room.ADAPTERS / peer.adapter).exists()
        assert peer.package is None or "==" in peer.requirements[0]


def test_a_campaign_is_kept_and_read_again(tmp_path: Path, sobol: Conversation, monkeypatch):
    monkeypatch.setattr("benchmarks.trajectory.FOLDER", tmp_path)
    method = Method(find_peer("sobol"))
    found = run_campaign(SHARP, method, 2, lambda: sobol)
    assert found.ended == "budget"
    assert len(found.points) == SHARP.budget
    assert found.no_posterior == "it has no posterior"
    place = place_of(SHARP, method, 2)
    assert place != place_of(SHARP, method, 3)
    write_trajectory(place, found)
    assert read_trajectory(place) == found


@pytest.mark.parametrize("name", ["decoy_mixture", "boundary"])
def test_a_random_peer_is_driven_through_whole_problems_and_beside_ours(name, tmp_path, monkeypatch):
    monkeypatch.setattr("benchmarks.trajectory.FOLDER", tmp_path)
    monkeypatch.setattr("benchmarks.thrift.FOLDER", tmp_path)
    monkeypatch.setattr("benchmarks.tally.N_COUNTS", 3)
    said: list[str] = []
    # ours is stood in for by an even sequence: its engine has tests of its own
    contest = Contest((name,), (Method(find_peer("sobol")), Method(find_peer("random"))), 2)
    (row,) = run_contest(contest, lambda steps, label: steps, said.append)
    assert row.peer is not None
    assert row.peer.startswith("random")
    assert row.settings["seeds"] == 2
    assert any("no posterior" in line for line in said)
    assert len(list(tmp_path.rglob("*.json"))) == 4
    (again,) = run_contest(contest, lambda steps, label: steps, said.append)
    assert (again.value, again.ratio) == (row.value, row.ratio)


def test_our_own_strategy_answers_over_the_wire(tmp_path: Path):
    with Conversation(find_peer(OWN), tmp_path / "log.txt") as talk:
        talk.request(BEGIN, 60)
        points = SHARP.initial(0)
        values, sigmas = SHARP.measure(points, 0, 0)
        answer = talk.request({"tell": [points.tolist(), values.tolist(), sigmas.tolist()], "ask": 1}, 60)
        assert SHARP.region.is_allowed(SHARP.region.to_free(np.array(answer["points"]))).all()
        believed = talk.request({"predict": points.tolist()}, 60)
        assert np.abs(np.array(believed["mean"]) - values).max() < 0.5
