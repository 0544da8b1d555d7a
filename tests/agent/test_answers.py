"""Whatever a person or a lab's own code does, the answer is one line and an exit status that says which."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
import typer

from agent import cli
from agent.assemble import open_loop
from agent.campaign import Campaign
from agent.narrators import Silent
from agent.signals import Signals
from db.engine import open_to_read
from instruments.kinds import BuildContext
from instruments.virtual import Options, build
from models.domain.errors import BadInput
from models.domain.scattering import Absence
from models.saxs.extractor import Extractor
from models.saxs.reading import read_features
from tests import fakes
from tests.db.export_record import curve, record

ROOT = Path(__file__).parents[2]
FIRST_LIGHT = ROOT / "examples" / "first_light.toml"
LAB = """
class Unspeakable(Exception):
    def __str__(self):
        raise ValueError("not even that")

def build(options, context):
    raise {error}
"""


@pytest.fixture
def virtual(tmp_path):
    return build(Options(), BuildContext("night", 1, tmp_path))


@pytest.mark.parametrize("error", ["RuntimeError('no crate')", "Unspeakable()", "SystemExit(9)"])
def test_a_beamline_that_cannot_be_built_is_told_in_one_line(nightbeam, tmp_path, error, monkeypatch):
    (tmp_path / "broken_lab.py").write_text(LAB.format(error=error))
    monkeypatch.delitem(sys.modules, "broken_lab", raising=False)
    (tmp_path / "night.toml").write_text(
        FIRST_LIGHT.read_text().replace('kind = "virtual"', 'kind = "broken_lab:build"')
    )
    status, out, err = nightbeam("run", "night.toml")
    assert (status, out) == (2, "")
    assert f"instrument.kind: its devices cannot be made ({error.partition('(')[0]}" in err
    assert err.count("\n") == 1


def test_a_name_too_long_for_files_is_bad_input(nightbeam, tmp_path):
    text = FIRST_LIGHT.read_text().replace('"first_light"', f'"{"n" * 300}"')
    (tmp_path / "night.toml").write_text(text)
    status, _, err = nightbeam("run", "night.toml")
    assert status == 2
    assert "name: has 300 letters, at most 180" in err


def test_words_that_are_no_utf_8_are_bad_input(nightbeam):
    status, _, err = nightbeam("annotate", "night", "3", os.fsdecode(b"\xff\xfe"))
    assert status == 2
    assert err.count("\n") == 1
    assert "is not UTF-8 text" in err


def test_an_error_that_cannot_say_what_it_is_is_told_all_the_same(nightbeam, monkeypatch):
    class Unspeakable(Exception):
        def __str__(self):
            raise ValueError("not even that")

    def fail():
        raise Unspeakable

    monkeypatch.setattr(cli, "app", fail)
    status, _, err = nightbeam("run")
    assert status == 1
    assert "a fault in the program" in err
    assert "Unspeakable" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [(SystemExit(9), 1, "SystemExit: 9"), (KeyboardInterrupt(), 3, "what was on record stays on record")],
    ids=repr,
)
def test_neither_an_exit_nor_an_interrupt_ends_the_program_without_a_word(
    nightbeam, monkeypatch, error, status, words
):
    def leave():
        raise error

    app = typer.Typer()
    app.command()(cli.answering(leave))
    monkeypatch.setattr(cli, "app", app)
    found, _, err = nightbeam()
    assert found == status
    assert words in err
    assert err.count("\n") == 1


def test_an_exit_that_an_extractor_asks_for_makes_its_features_absent():
    def leave(_):
        raise SystemExit(9)

    (found,) = read_features([Extractor(makes={"total": "1/cm"}, extract=leave)], curve(1))
    assert isinstance(found, Absence)
    assert "SystemExit: 9" in found.why


def test_a_run_that_is_refused_leaves_no_folder_behind(tmp_path, virtual):
    url, beamline = fakes.sqlite_url(tmp_path), replace(virtual, name="station 1")
    for name in ("one", "two"):
        text = FIRST_LIGHT.read_text().replace('"first_light"', f'"{name}"')
        (tmp_path / f"{name}.toml").write_text(f'folder = "{tmp_path / "kept"}"\n{text}')
    one, two = (
        Campaign.from_toml(tmp_path / f"{name}.toml", db=url, beamline=beamline).check()
        for name in ("one", "two")
    )
    is_refused = pytest.raises(BadInput, match="is in use by")
    with open_loop(one, Silent()), is_refused, open_loop(two, Silent()):
        pass
    assert one.folder.is_dir()
    assert not two.folder.exists()


def test_a_folder_that_cannot_be_made_is_bad_input(tmp_path, virtual):
    (tmp_path / "night.toml").write_text(f'folder = "{tmp_path / "file"}"\n{FIRST_LIGHT.read_text()}')
    (tmp_path / "file").write_text("")
    plan = Campaign.from_toml(
        tmp_path / "night.toml", db=fakes.sqlite_url(tmp_path), beamline=virtual
    ).check()
    with pytest.raises(BadInput, match="cannot be made"), open_loop(plan, Silent()):
        pass


class AskedLoop:
    def __init__(self):
        self.asked: list[str] = []
        self.is_over = False

    def request_stop(self, who):
        self.asked.append(who)


def test_a_signal_asks_first_then_breaks_off_once_and_never_while_all_is_being_closed():
    signals, loop = Signals(), AskedLoop()
    signals.open()
    signals.follow(loop)
    signals.hear(signal.SIGTERM, None)
    assert loop.asked == ["SIGTERM"]
    with pytest.raises(KeyboardInterrupt):
        signals.hear(signal.SIGINT, None)
    signals.hear(signal.SIGINT, None)
    signals.hear(signal.SIGTERM, None)
    assert loop.asked == ["SIGTERM"]


def test_a_signal_to_a_loop_that_is_over_breaks_nothing_off():
    signals, loop = Signals(), AskedLoop()
    signals.follow(loop)
    signals.hear(signal.SIGTERM, None)
    loop.is_over = True
    signals.hear(signal.SIGTERM, None)
    assert loop.asked == ["SIGTERM"]


def test_a_signal_while_a_run_is_being_opened_breaks_off_or_is_not_forgotten():
    signals, loop = Signals(), AskedLoop()
    signals.open()
    with pytest.raises(KeyboardInterrupt):
        signals.hear(signal.SIGTERM, None)
    assert "before anything moved" in signals.last_words
    signals.follow(loop)  # some library swallowed the interrupt
    assert loop.asked == ["SIGTERM"]


FULL_DISK = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
from agent import cli
sys.argv = ["nightbeam", *sys.argv[1:]]
cli.main()
"""


def test_curves_that_a_full_disk_refuses_are_told_in_one_line(tmp_path):
    url, words = (
        fakes.sqlite_url(tmp_path),
        ["export", "--out", str(tmp_path / "out"), "--format", "nxcansas"],
    )
    record(url, tmp_path)
    with open_to_read(url).connect() as connection:
        connection.execute(
            sa.text("SELECT 1 FROM campaign")
        )  # whoever else reads needs no new file beside it
        done = subprocess.run(
            [sys.executable, "-c", FULL_DISK, *words, "--db", url], cwd=tmp_path, capture_output=True,
            text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False, timeout=120,
        )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert f"--out {tmp_path / 'out'}: cannot be written" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()
