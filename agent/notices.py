"""What people are called for, and the ways by which a notice reaches them."""

import json
import shutil
import smtplib
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from pathlib import Path

from models.domain.canonical import canonical_json
from models.domain.errors import BadInput
from models.domain.frozen import Frozen
from models.domain.people import EmailSpec, NoticeKind, NotifySpec

TIMEOUT_S = 10.0
"""How long one try at one way may take, s."""
Way = Callable[["Notice"], None]
"""Sends a notice, or raises."""


class Notice(Frozen):
    """One thing that somebody is called for."""

    kind: NoticeKind
    """What for."""
    campaign: str
    """Which campaign."""
    sentence: str
    """One plain sentence."""
    utc: str
    """When, ISO 8601."""
    seq: int | None = None
    """The decision that it belongs to, if any."""


def ways_of(spec: NotifySpec | None, home: Path, environ: Mapping[str, str]) -> dict[str, Way]:
    """The ways that a campaign file names, by what each is called.

    Parameters
    ----------
    spec
        The table ``[notify]``.
    home
        The campaign file's folder, where a program that is named with a folder starts.
    environ
        The environment's variables.

    Raises
    ------
    BadInput
        When a program or an environment variable that it names is not there.
    """
    ways: dict[str, Way] = {}
    if spec is None:
        return ways
    if spec.command:
        secret = {spec.webhook_env, None if spec.email is None else spec.email.password_env}
        told = {name: value for name, value in environ.items() if name not in secret}
        command = (_program(spec.command[0], home), *spec.command[1:])
        ways[f"the command {spec.command[0]}"] = lambda notice: run_command(command, notice, told)
    if spec.email is not None:
        mail, password = spec.email, _secret("notify.email.password_env", spec.email.password_env, environ)
        ways[f"mail to {', '.join(mail.to)}"] = lambda notice: send_mail(mail, password, notice)
    address = spec.webhook or _secret("notify.webhook_env", spec.webhook_env, environ)
    if address is not None:
        ways["the webhook"] = lambda notice: post(address, notice)
    return ways


def _secret(where: str, name: str | None, environ: Mapping[str, str]) -> str | None:
    if name is not None and not environ.get(name):
        raise BadInput(
            where, f"names the environment variable {name}, which is not set", f"export {name}=..."
        )
    return None if name is None else environ[name]


def _program(name: str, home: Path) -> str:
    program = str(home.absolute() / name) if "/" in name else name
    if shutil.which(program) is None:
        raise BadInput(
            f"notify.command: {program}",
            "there is no such program, or it may not be run",
            "Correct the name, or make it executable with chmod +x",
        )
    return program


def run_command(command: tuple[str, ...], notice: Notice, environ: Mapping[str, str]) -> None:
    """Give a notice to a program as one line on its standard input, without a shell."""
    done = subprocess.run(
        command, input=f"{canonical_json(notice)}\n", text=True, errors="replace", timeout=TIMEOUT_S,
        env=dict(environ), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False,
        start_new_session=True,  # so that Ctrl-C at the run does not cut it short
    )  # fmt: skip
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise OSError(f"it ended with exit status {done.returncode} ({last})")


def send_mail(spec: EmailSpec, password: str | None, notice: Notice) -> None:
    """Send a notice by mail."""
    mail = EmailMessage()
    mail["Subject"] = f"[nightbeam] {notice.campaign}: {notice.kind.replace('_', ' ')}"
    mail["From"], mail["To"] = spec.sender, ", ".join(spec.to)
    place = "" if notice.seq is None else f" (decision {notice.seq})"
    mail.set_content(f"{notice.sentence}\n\nCampaign {notice.campaign}{place}, {notice.utc}\n")
    context = ssl.create_default_context()
    if spec.tls == "always":
        server = smtplib.SMTP_SSL(spec.server, spec.port, timeout=TIMEOUT_S, context=context)
    else:
        server = smtplib.SMTP(spec.server, spec.port, timeout=TIMEOUT_S)
    with server:
        if spec.tls == "starttls":
            server.starttls(context=context)
        if spec.user is not None and password is not None:
            server.login(spec.user, password)
        server.send_message(mail)


def post(address: str, notice: Notice) -> None:
    """Send a notice as JSON by POST."""
    body = json.dumps(notice.model_dump(), ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json", "User-Agent": "nightbeam"}
    request = urllib.request.Request(address, data=body, headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S):
            return
    except urllib.error.HTTPError as error:
        error.close()
        raise OSError(f"it answered {error.code} {error.reason}") from None
