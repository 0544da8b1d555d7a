"""Heads of the record are published outside the database, signed; what fails is said and stops nothing."""

import json
import os
import socket
import subprocess
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from db.anchors import publish
from db.anchors.heads import Anchor, Head, anchor, read_anchors
from db.anchors.keys import KEY_VARIABLE, load_public_key, load_signer
from db.anchors.publish import ANCHOR_FILE, open_publisher, run_command
from models.domain.canonical import canonical_json
from models.domain.errors import BadInput
from models.domain.record_spec import AnchorSpec

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


def pem(key=KEY, encryption=None) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key.pem"
    path.write_bytes(pem())
    path.chmod(0o600)
    return path


def head(n: int = 312, seq: int = 34) -> Head:
    return Head(
        campaign="first_light-ab12cd", uid="ab12cd34ab12cd34", n=n, seq=seq, sha256="5" * 64,
        utc="2026-01-01T03:00:00.000000+00:00",
    )  # fmt: skip


def signer_of(spec: AnchorSpec, home: Path, **environ: str):
    return load_signer(spec, environ, home)


def test_a_signed_head_comes_back_from_its_file_and_proves_genuine(tmp_path, key_file):
    publisher = open_publisher(AnchorSpec(key_file="key.pem"), tmp_path, tmp_path, {})
    assert publisher.publish(head(1, 0)) == ()
    assert publisher.publish(head(2, 1)) == ()
    found = read_anchors(tmp_path / ANCHOR_FILE)
    assert [one.head for one in found] == [head(1, 0), head(2, 1)]
    assert all(one.is_genuine for one in found)
    assert found[0].public_key == KEY.public_key().public_bytes_raw().hex()
    assert (tmp_path / ANCHOR_FILE).read_text() == "".join(f"{canonical_json(one)}\n" for one in found)


def test_openssl_makes_the_key_and_verifies_the_signature_by_hand(tmp_path):
    subprocess.run(
        ["openssl", "genpkey", "-algorithm", "ed25519", "-out", "key.pem"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    (tmp_path / "key.pem").chmod(0o600)
    one = anchor(head(), signer_of(AnchorSpec(key_file="key.pem"), tmp_path))
    (tmp_path / "head.json").write_text(canonical_json(one.head))
    (tmp_path / "signature").write_bytes(bytes.fromhex(str(one.signature)))
    subprocess.run(
        ["openssl", "pkey", "-in", "key.pem", "-pubout", "-out", "public.pem"], cwd=tmp_path, check=True
    )
    assert load_public_key(tmp_path / "public.pem") == one.public_key
    done = subprocess.run(
        ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "public.pem", "-rawin", "-in", "head.json",
         "-sigfile", "signature"],
        cwd=tmp_path, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("change", [{"n": 313}, {"seq": 33}, {"sha256": "6" * 64}, {"uid": "f" * 16}])
def test_a_head_that_was_edited_does_not_fit_its_signature(tmp_path, key_file, change):
    one = anchor(head(), signer_of(AnchorSpec(key_file=str(key_file)), tmp_path))
    assert not one.model_copy(update={"head": head().model_copy(update=change)}).is_genuine


def test_without_a_key_heads_are_published_unsigned(tmp_path):
    open_publisher(AnchorSpec(), tmp_path, tmp_path, {}).publish(head())
    (one,) = read_anchors(tmp_path / ANCHOR_FILE)
    assert one == Anchor(head=head())
    assert not one.is_signed
    assert not one.is_genuine


def test_the_key_may_stand_in_the_environment_with_its_line_ends_written_out(tmp_path):
    for text in (pem().decode(), pem().decode().replace("\n", "\\n")):
        signer = signer_of(AnchorSpec(), tmp_path, **{KEY_VARIABLE: text})
        assert signer is not None
        assert signer.public_key == KEY.public_key().public_bytes_raw().hex()


def test_a_signer_shows_no_key_material(tmp_path, key_file):
    signer = signer_of(AnchorSpec(key_file=str(key_file)), tmp_path)
    assert bytes(range(32)).hex() not in repr(signer)
    assert repr(signer) == f"Signer({signer.public_key})"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_key_that_others_can_reach_is_refused(tmp_path, key_file, mode):
    key_file.chmod(mode)
    with pytest.raises(BadInput, match=f"mode {mode:04o}.*must be 0600. chmod 600 {key_file}"):
        signer_of(AnchorSpec(key_file="key.pem"), tmp_path)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_key_that_only_its_owner_can_reach_is_taken(tmp_path, key_file, mode):
    key_file.chmod(mode)
    assert signer_of(AnchorSpec(key_file="key.pem"), tmp_path) is not None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_key_of_another_user_is_refused(tmp_path, key_file, monkeypatch):
    os.chown(key_file, 12345, -1)
    with pytest.raises(BadInput, match="belongs to user 12345"):
        signer_of(AnchorSpec(key_file="key.pem"), tmp_path)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "holds no private key in PEM"),
        (b"secret", "holds no private key in PEM"),
        (pem(encryption=BestAvailableEncryption(b"word")), "with a password"),
        (pem(generate_private_key(SECP256R1())), "not Ed25519"),
        (KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), "no private key"),
    ],
    ids=["empty", "text", "password", "elliptic", "public"],
)
def test_what_is_no_signing_key_is_refused_and_not_quoted(tmp_path, key_file, content, problem):
    key_file.write_bytes(content)
    with pytest.raises(BadInput, match=problem) as refusal:
        signer_of(AnchorSpec(key_file="key.pem"), tmp_path)
    assert "secret" not in str(refusal.value)
    assert refusal.value.__cause__ is None


def test_a_key_file_that_is_not_there_is_refused_with_the_way_to_make_one(tmp_path):
    with pytest.raises(BadInput, match=r"cannot be read.*openssl genpkey -algorithm ed25519"):
        signer_of(AnchorSpec(key_file="missing.pem"), tmp_path)


def test_a_private_key_is_not_taken_where_a_public_one_is_asked_for(key_file):
    with pytest.raises(BadInput, match=r"only the agent may have.*-pubout"):
        load_public_key(key_file)


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        (AnchorSpec(file="missing/anchors.jsonl"), "its folder is not there"),
        (AnchorSpec(command=("no-such-program-here",)), "there is no such program"),
        (AnchorSpec(command=("./not_there.sh",)), "there is no such program"),
    ],
)
def test_a_place_that_cannot_be_published_to_is_refused_before_the_night(tmp_path, spec, problem):
    with pytest.raises(BadInput, match=problem):
        open_publisher(spec, tmp_path, tmp_path, {})


def test_relative_files_and_programs_start_at_the_campaign_files_folder(tmp_path, monkeypatch):
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    home.mkdir(), elsewhere.mkdir()
    program = home / "keep.sh"
    program.write_text('#!/bin/sh\ncat > "$1"\n')
    program.chmod(0o755)
    monkeypatch.chdir(elsewhere)
    spec = AnchorSpec(file="heads.jsonl", command=("./keep.sh", str(tmp_path / "kept")))
    assert open_publisher(spec, home, elsewhere, {}).publish(head()) == ()
    assert read_anchors(home / "heads.jsonl") == read_anchors(tmp_path / "kept")


def test_a_command_gets_no_shell_and_no_signing_key(tmp_path, monkeypatch, key_file):
    monkeypatch.setenv(KEY_VARIABLE, pem().decode())
    out = tmp_path / "out"
    script = (
        f"import os, sys; open({str(out)!r}, 'w').write(str(os.environ.get({KEY_VARIABLE!r})) + sys.argv[1])"
    )
    run_command(("python3", "-c", script, "$HOME; ls"), "line")
    assert out.read_text() == "None$HOME; ls"


def test_a_command_that_hangs_is_killed_with_all_that_it_started(tmp_path):
    began = time.monotonic()
    with pytest.raises(subprocess.SubprocessError, match=r"did not end within 0.3 s"):
        run_command(("sh", "-c", f"(sleep 1; touch {tmp_path}/late) & sleep 3"), "line", timeout_s=0.3)
    assert time.monotonic() - began < 2.0
    time.sleep(1.0)
    assert not (tmp_path / "late").exists()


def test_nothing_that_fails_stops_a_night(tmp_path, monkeypatch):
    monkeypatch.setattr(publish, "SYSLOG_SOCKETS", (tmp_path / "no-log",))
    spec = AnchorSpec(syslog=True, command=("sh", "-c", "echo no route to host >&2; exit 3"))
    said = open_publisher(spec, tmp_path, tmp_path / "gone", {}).publish(head())
    assert len(said) == 3
    assert "gone/anchors.jsonl: No such file or directory" in said[0]
    assert "the system's log: nothing listens at" in said[1]
    assert "exit status 3 (no route to host)" in said[2]
    assert all("(entry 312, decision 34)" in sentence for sentence in said)


def test_a_full_disk_is_said(tmp_path):
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    (said,) = open_publisher(AnchorSpec(file="/dev/full"), tmp_path, tmp_path, {}).publish(head())
    assert "No space left on device" in said


def test_the_systems_log_receives_the_line(tmp_path, monkeypatch):
    path = tmp_path / "log"
    monkeypatch.setattr(publish, "SYSLOG_SOCKETS", (path,))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(str(path))
        log.settimeout(5.0)
        assert open_publisher(AnchorSpec(syslog=True), tmp_path, tmp_path, {}).publish(head()) == ()
        text = log.recv(4096).decode()
    assert text.startswith("<13>nightbeam[")
    lines = tmp_path / "syslog"
    lines.write_text(f"Jan  1 03:00:00 beamline {text.removeprefix('<13>')}\n")
    assert read_anchors(lines) == (Anchor(head=head()),)


def test_each_line_is_on_the_disk_and_so_is_the_name_of_a_new_file(tmp_path, monkeypatch):
    synced: list[str] = []
    real = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda fd: (synced.append(str(Path(f"/proc/self/fd/{fd}").readlink())), real(fd))[1]
    )
    publisher = open_publisher(AnchorSpec(), tmp_path, tmp_path, {})
    publisher.publish(head())
    assert synced == [str(tmp_path / ANCHOR_FILE), str(tmp_path)]
    publisher.publish(head())
    assert synced[2:] == [str(tmp_path / ANCHOR_FILE)]
    assert (tmp_path / ANCHOR_FILE).stat().st_mode & 0o777 == 0o644 & ~_umask()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.parametrize("n_kept", [1, 5, 40, 150, -2])
def test_a_line_that_a_crash_cut_short_is_passed_over_and_the_next_one_stands_alone(tmp_path, n_kept):
    path = tmp_path / ANCHOR_FILE
    publisher = open_publisher(AnchorSpec(), tmp_path, tmp_path, {})
    publisher.publish(head(1, 0))
    whole = path.read_text()
    path.write_text(whole + whole[:n_kept])
    said: list[str] = []
    assert [one.head.n for one in read_anchors(path, said.append)] == [1]
    publisher.publish(head(3, 2))
    assert [one.head.n for one in read_anchors(path)] == [1, 3]
    assert said == [f"line 2 of {path} was cut short, as by a crash, and is passed over"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "holds no head"),
        ("hello\n", "line 1: is no head"),
        ('{"head": {}}\n', "line 1: is no head"),
        (json.dumps({"head": {}}, separators=(",", ":")) + "\n", "line 1: is no head"),
        (b"\xff\xfe\x00", "it is not text"),
    ],
)
def test_a_file_without_heads_is_refused(tmp_path, content, problem):
    path = tmp_path / "other"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(BadInput, match=problem):
        read_anchors(path)
    with pytest.raises(BadInput, match="cannot be read"):
        read_anchors(tmp_path / "missing")
