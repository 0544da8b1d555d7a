"""A password in a database URL is shown nowhere."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent.cli import app
from db.urls import shown
from models.domain.errors import BadInput

SECRET = "hunter2"
URLS = [
    f"postgresql+psycopg://ana:{SECRET}@127.0.0.1:1/nights",
    f"postgresql+psycopg://127.0.0.1:1/nights?user=ana&password={SECRET}",
    f"postgresql+psycopg://ana:{SECRET}@127.0.0.1:port/nights",
    f"postgresql+psycopg://ana:x{SECRET}@y@127.0.0.1:port/nights",
    f"oracle+nothing://ana:{SECRET}@h/x",
    f"sqlite://ana:{SECRET}@h/x.db",
    f"ana:{SECRET}@h",
    f"://ana:{SECRET}@h",
]
CAMPAIGN = Path(__file__).parents[2] / "examples" / "first_light.toml"
run = CliRunner()


@pytest.mark.parametrize("url", URLS)
def test_a_password_is_hidden(url):
    assert SECRET not in shown(url)


@pytest.mark.parametrize(
    "url", ["sqlite:///nights.db", "postgresql+psycopg://ana@h:5432/nights", "nights.db"]
)
def test_a_url_without_one_is_shown_as_it_is(url):
    assert shown(url) == url


@pytest.mark.parametrize("url", URLS)
@pytest.mark.parametrize(
    "arguments",
    [
        ("verify",), ("verify", "--json"), ("log",), ("replay", "1"), ("annotate", "x"), ("db", "init"),
        ("db", "upgrade"), ("export", "--format", "csv", "--out", "out"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_no_command_says_it_in_its_answer(url, arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NIGHTBEAM_DB", url)
    done = run.invoke(app, list(arguments))
    assert isinstance(done.exception, BadInput), "refused in one line"
    assert SECRET not in f"{done.output}{done.exception}"


def test_the_tables_are_made_and_upgraded_without_saying_it(postgresql, monkeypatch):
    url = postgresql.set(password=SECRET).render_as_string(hide_password=False)
    for command in ("init", "upgrade"):
        done = run.invoke(app, ["db", command, "--db", url])
        assert done.exit_code == 0
        assert "***" in done.output
        assert SECRET not in done.output
    for arguments in (("check",), ("check", "--json")):
        done = run.invoke(app, [*arguments, str(CAMPAIGN), "--db", url])
        assert done.exit_code == 0, done.exception
        assert SECRET not in done.output
