import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent import cli
from agent.loop import Loop, Parts
from agent.narrators import Silent
from agent.people import Terms
from agent.ports import Analysis, Instrument, Strategy
from agent.strategy import bayes, space_filling
from agent.strategy.problem import Problem
from db.log import DecisionLog
from models.domain.campaign import CampaignSpec
from tests import fakes


@pytest.fixture
def problem() -> Problem:
    campaign = fakes.spec()
    return Problem(
        space=campaign.space(),
        objective=campaign.objective,
        units={"height": "1/cm"},
        exposure_s=1.0,
        seed=campaign.seed,
    )


@pytest.fixture
def make_loop(tmp_path: Path) -> Iterator[Callable[..., Loop]]:
    """A loop on a real SQLite file, with fakes for what is not given."""
    opened: list[DecisionLog] = []

    def make(
        strategy: Strategy,
        *,
        instrument: Instrument | None = None,
        analysis: Analysis | None = None,
        campaign: CampaignSpec | None = None,
        terms: Terms | None = None,
    ) -> Loop:
        campaign = campaign or fakes.spec()
        url = fakes.sqlite_url(tmp_path)
        clock = fakes.ticking_clock()
        log = fakes.open_log(url, campaign, tmp_path, clock)
        opened.append(log)
        parts = Parts(
            instrument or fakes.FakeInstrument(), analysis or fakes.FakeAnalysis(), strategy, log, Silent(),
            terms=terms or Terms(),
        )  # fmt: skip
        return Loop(parts, campaign.budget, lambda: clock().utc, log.began_utc)

    yield make
    for log in opened:
        log.close()


@pytest.fixture
def even(problem: Problem) -> Strategy:
    return space_filling.build(space_filling.Options(), problem)


@pytest.fixture
def bayesian(problem: Problem) -> Strategy:
    return bayes.build(bayes.Options(initial=4, pool=256), problem)


@pytest.fixture
def nightbeam(tmp_path, monkeypatch, capsys):
    """Run a command in an empty folder: exit status, standard output, standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))  # a command lets modules beside its file be found
    monkeypatch.delenv("NIGHTBEAM_DB", raising=False)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["nightbeam", *arguments])
        status = 0
        try:
            cli.answer()
        except SystemExit as ending:
            status = int(ending.code or 0)
        out, err = capsys.readouterr()
        return status, out, err

    return run
