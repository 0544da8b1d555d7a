"""The environment is told in full and at once, and two environments are told apart in plain sentences."""

import json
import os
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import pytest

from agent import environment
from agent.checkout import PATIENCE_S, checkout_state
from agent.environment import differences, environment_json
from models.domain.canonical import canonical_json

REPOSITORY = Path(__file__).parents[2]


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(
        ["git", "-c", "user.name=n", "-c", "user.email=n@example.org", "-C", str(folder), *arguments],
        check=True,
        capture_output=True,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with one file of source and one note."""
    (tmp_path / "agent").mkdir()
    (tmp_path / "agent" / "loop.py").write_text("one = 1\n")
    (tmp_path / "notes.txt").write_text("nothing\n")
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "Begin")
    return tmp_path


def test_the_environment_names_packages_torch_build_processor_and_threads():
    told = json.loads(environment_json())
    assert told["packages"]["numpy"] == version("numpy")
    assert None not in told["packages"].values()
    assert told["torch"]["version"] == version("torch")
    assert len(told["torch"]["git_version"]) == 40
    assert told["decision_threads"] == 1
    assert {"model", "instruction_sets"} <= told["processor"].keys()


def test_it_agrees_with_what_torch_says_of_itself():
    import torch

    told = json.loads(environment_json())
    assert told["torch"]["version"] == torch.__version__
    assert told["torch"]["git_version"] == torch.version.git_version


def test_it_loads_no_heavy_library_and_takes_no_time():
    code = (
        "import sys, time, agent.environment as e; e.checkout_state = lambda _: None; "
        "began = time.process_time(); e.environment_json(); print(time.process_time() - began); "
        "print(*[m for m in ('torch', 'scipy', 'sqlalchemy', 'bluesky') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY
    )
    seconds, heavy = done.stdout.split("\n")[:2]
    assert heavy == ""
    assert float(seconds) < 0.25  # about 0.05 on a quiet machine


def test_variables_that_choose_routines_are_told(monkeypatch):
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "default")
    assert json.loads(environment_json())["variables"]["ATEN_CPU_CAPABILITY"] == "default"


def test_a_system_without_a_file_of_processors_is_survived(monkeypatch, tmp_path):
    monkeypatch.setattr(environment, "PROCESSOR_FILE", tmp_path / "none")
    assert json.loads(environment_json())["processor"]["instruction_sets"] == []


def test_equal_environments_do_not_differ():
    assert differences(environment_json(), environment_json()) == ()


def test_differences_are_plain_sentences():
    then = canonical_json(
        {
            "packages": {"torch": "2.13.0", "numpy": "2.4.6"},
            "checkout": {"commit": "a" * 40, "uncommitted_sha256": None},
            "processor": {"instruction_sets": ["avx2", "avx512f"]},
        }
    )
    now = canonical_json(
        {
            "packages": {"torch": "2.12.1", "numpy": "2.4.6"},
            "checkout": {"commit": "b" * 40, "uncommitted_sha256": "c" * 64},
            "processor": {"instruction_sets": ["avx2"]},
            "variables": {"MKL_CBWR": "COMPATIBLE"},
        }
    )
    assert differences(then, now) == (
        "the program's commit: aaaaaaaaaaaa then, bbbbbbbbbbbb now",
        "uncommitted changes to the program: none then, cccccccccccc now",
        "torch: 2.13.0 then, 2.12.1 now",
        "instruction sets: avx2 avx512f then, avx2 now",
        "MKL_CBWR: none then, COMPATIBLE now",
    )


def test_an_environment_of_an_older_release_is_compared_by_what_it_has():
    assert "numpy: none then" in "; ".join(differences("{}", environment_json()))


def test_a_clean_checkout_is_its_commit(checkout):
    state = checkout_state(checkout)
    assert state is not None
    assert len(str(state["commit"])) == 40
    assert state["uncommitted_sha256"] is None


def test_an_edited_and_a_new_source_file_show_and_a_note_does_not(checkout):
    (checkout / "notes.txt").write_text("something\n")
    (checkout / "more.txt").write_text("new\n")
    clean = checkout_state(checkout)
    (checkout / "agent" / "loop.py").write_text("one = 2\n")
    edited = checkout_state(checkout)
    (checkout / "agent" / "extra.py").write_text("two = 2\n")
    extended = checkout_state(checkout)
    (checkout / "agent" / "extra.py").write_text("two = 3\n")
    changed = checkout_state(checkout)
    found = [state and state["uncommitted_sha256"] for state in (clean, edited, extended, changed)]
    assert found[0] is None
    assert len(set(found)) == 4


def test_a_program_installed_below_another_checkout_is_no_part_of_it(checkout):
    assert checkout_state(checkout / "agent") is None


def test_variables_of_a_git_hook_do_not_lead_to_another_checkout(checkout, monkeypatch):
    expected = checkout_state(checkout)
    monkeypatch.setenv("GIT_DIR", str(REPOSITORY / ".git"))
    assert checkout_state(checkout) == expected


def test_without_git_there_is_no_commit(checkout, monkeypatch):
    monkeypatch.setenv("PATH", str(checkout))
    assert checkout_state(checkout) is None


def test_a_git_that_hangs_is_given_up(checkout, monkeypatch, tmp_path):
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")
    monkeypatch.setattr("agent.checkout.PATIENCE_S", 0.3)
    began = time.monotonic()
    assert checkout_state(checkout) is None
    assert time.monotonic() - began < PATIENCE_S
