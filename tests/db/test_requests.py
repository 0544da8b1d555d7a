"""Requests are rows like all others: sealed, read back as they were asked, answered once a sort."""

import pytest

from db.asking import add_request
from db.engine import open_to_read
from db.queries import read_campaigns
from db.requests import read_requests
from db.verify.record import verify
from models.domain.clock import Stamp
from models.domain.errors import LogUnavailable
from models.domain.point import Point
from models.domain.records import Answered
from models.domain.request import Answer, Request
from tests import fakes

PIN = Request(
    kind="pin", who="Ana", why="a ring, »by eye«", point=Point(coordinates={"x": 0.1 + 0.2}), exposure_s=2.5
)
PAUSE = Request(kind="pause", who="Bob", why="hutch")


def ask(url, request, stamp=None):
    with open_to_read(url).connect() as connection:
        (campaign,) = read_campaigns(connection)
    return add_request(url, campaign, request, stamp or fakes.ticking_clock()())


def test_a_request_beside_a_run_is_seen_by_its_log_and_sealed(url, open_log):
    log = open_log()
    assert log.requests() == ()
    numbers = [ask(url, PIN), ask(url, PAUSE)]
    assert [(one.id, one.request, one.is_open) for one in log.requests()] == [
        (numbers[0], PIN, True), (numbers[1], PAUSE, True),
    ]  # fmt: skip
    log.append(Answered(answers=(Answer(request=numbers[1], seq=1, code="obeyed", sentence="Paused."),)))
    assert [one.is_open for one in log.requests()] == [True, False]
    with open_to_read(url).connect() as connection:
        assert verify(connection, (), None, None) == []
        assert [one.request for one in read_requests(connection, 1)] == [PIN, PAUSE]


def test_a_request_is_answered_once_in_each_way(url, open_log):
    log = open_log()
    answer = Answer(request=ask(url, PAUSE), seq=1, code="obeyed", sentence="Paused.")
    log.append(Answered(answers=(answer,)))
    with pytest.raises(LogUnavailable, match="holds this Answered already"):
        log.append(Answered(answers=(answer,)))


def test_the_age_of_a_request_does_not_jump_with_the_clock_of_one_boot(url, open_log):
    log = open_log()
    ask(url, PAUSE, Stamp(utc="2031-01-01T00:00:00.000000+00:00", monotonic_ns=10**9, boot_id="boot"))
    ask(url, PAUSE, Stamp(utc="2025-12-31T23:00:00.000000+00:00", monotonic_ns=10**9, boot_id="other"))
    same, other = log.requests()
    assert 0 <= same.age_s < 60
    assert 3600 <= other.age_s < 3660
