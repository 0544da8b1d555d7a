"""One agent an instrument: a living holder keeps it, a dead or a silent one loses it."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from agent.clock import system_clock
from db import lease as leasing
from db import schema
from db.engine import open_to_read, open_to_write
from db.holder import Holder, this_process
from db.lease import Ways, take_lease
from models.domain.clock import Stamp
from models.domain.errors import BadInput, LeaseLost
from models.domain.records import Event

TERM_S = 30.0


class Time:
    """A clock that stands until it is told to move; sleeping moves it."""

    def __init__(self, boot_id: str = "boot") -> None:
        self.seconds, self.boot_id = 1000.0, boot_id

    def __call__(self) -> Stamp:
        return Stamp(
            utc="2026-01-01T00:00:00.000000+00:00", monotonic_ns=int(self.seconds * 1e9), boot_id=self.boot_id
        )

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def ways(self) -> Ways:
        return Ways(self, self.sleep, TERM_S)


def me(**changes: object) -> Holder:
    """This very process, which lives."""
    return this_process("night", Stamp(utc="", monotonic_ns=0, boot_id="boot")).model_copy(update=changes)


@pytest.fixture
def engine(url):
    opened = open_to_write(url)
    yield opened
    opened.dispose()


def test_a_living_holder_keeps_the_instrument_and_is_named(engine):
    now = Time()
    take_lease(engine, "saxs1", me(), now.ways())
    with pytest.raises(BadInput, match=f"saxs1.*process {os.getpid()}.*campaign 'night'"):
        take_lease(engine, "saxs1", me(pid=1), now.ways())
    take_lease(engine, "another", me(pid=1), now.ways())


def test_what_was_given_back_is_free_at_once_under_a_higher_fence(engine):
    now = Time()
    first = take_lease(engine, "saxs1", me(), now.ways())
    first.give_back()
    second = take_lease(engine, "saxs1", me(host="elsewhere", machine="m3", boot_id="other"), now.ways())
    assert second.fence == first.fence + 1


def test_a_holder_whose_process_is_gone_is_followed_at_once(engine):
    now = Time()
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    take_lease(engine, "saxs1", me(pid=dead.pid), now.ways())
    assert take_lease(engine, "saxs1", me(), now.ways()).fence == 2


def test_a_process_number_that_was_used_again_is_not_the_holder(engine):
    now = Time()
    take_lease(engine, "saxs1", me(started="long ago"), now.ways())
    assert take_lease(engine, "saxs1", me(), now.ways()).fence == 2


def test_a_holder_of_an_earlier_boot_of_this_machine_is_followed_at_once(engine):
    take_lease(engine, "saxs1", me(boot_id="before"), Time("before").ways())
    assert take_lease(engine, "saxs1", me(), Time().ways()).fence == 2


def test_a_holder_in_another_container_is_not_called_dead_for_its_number(engine):
    now = Time()
    take_lease(engine, "saxs1", me(pid=4_000_000, pid_space="pid:[1]"), now.ways())
    with pytest.raises(BadInput, match="in use"):
        take_lease(engine, "saxs1", me(), now.ways())


def test_a_silent_holder_loses_the_instrument_after_its_term_and_can_do_nothing_more(engine):
    now = Time()
    first = take_lease(engine, "saxs1", me(pid_space="pid:[1]"), now.ways())
    now.seconds += TERM_S - 1
    with pytest.raises(BadInput):
        take_lease(engine, "saxs1", me(), now.ways())
    now.seconds += 2
    second = take_lease(engine, "saxs1", me(), now.ways())
    assert second.taken_from == f"process {os.getpid()} on {me().host} (campaign 'night'), silent for 31 s"
    second.check()
    for use in (first.check, first.renew):
        with pytest.raises(LeaseLost, match="another agent"):
            use()
    first.give_back()
    second.check()


def test_a_process_that_runs_on_this_machine_keeps_it_however_long_it_thinks(engine):
    now = Time()
    take_lease(engine, "saxs1", me(), now.ways())
    now.seconds += 100 * TERM_S
    with pytest.raises(BadInput, match="in use"):
        take_lease(engine, "saxs1", me(), now.ways())


def test_a_process_that_was_stopped_loses_it_after_its_term(engine):
    now = Time()
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    started = Path(f"/proc/{sleeper.pid}/stat").read_text().rpartition(")")[2].split()[19]
    take_lease(engine, "saxs1", me(pid=sleeper.pid, started=started), now.ways())
    now.seconds += 2 * TERM_S
    try:
        with pytest.raises(BadInput, match="in use"):
            take_lease(engine, "saxs1", me(), now.ways())
        sleeper.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, sleeper.pid, os.WSTOPPED | os.WNOWAIT)
        assert take_lease(engine, "saxs1", me(), now.ways()).fence == 2
    finally:
        sleeper.kill()
        sleeper.wait()


def test_signs_of_life_go_on_while_the_agent_thinks(engine, monkeypatch):
    monkeypatch.setattr(leasing, "BEAT_S", 0.02)
    lease = take_lease(engine, "saxs1", me(), Ways(system_clock()))

    def n_beats() -> int:
        with engine.connect() as connection:
            return connection.scalar(sa.select(schema.lease.c.beat)) or 0

    with lease.kept_alive():
        time.sleep(0.5)
    n = n_beats()
    assert n > 3
    time.sleep(0.1)
    assert n_beats() == n, "the thread has ended"


def test_a_sign_of_life_keeps_the_instrument(engine):
    now = Time()
    lease = take_lease(engine, "saxs1", me(), now.ways())
    for _ in range(5):
        now.seconds += 0.9 * TERM_S
        lease.renew()
    with pytest.raises(BadInput):
        take_lease(engine, "saxs1", me(), now.ways())


def test_a_holder_on_another_machine_is_watched_for_a_whole_term(engine):
    there, here = Time("other"), Time()
    take_lease(engine, "saxs1", me(host="h2", machine="m2", boot_id="other"), there.ways())
    here.seconds = 5.0  # the clocks of two machines do not compare
    assert take_lease(engine, "saxs1", me(), here.ways()).fence == 2
    assert here.seconds >= 5.0 + TERM_S


def test_a_holder_on_another_machine_that_lives_keeps_it(engine):
    there, here = Time("other"), Time()
    lease = take_lease(engine, "saxs1", me(host="h2", machine="m2", boot_id="other"), there.ways())

    def sleep(seconds: float) -> None:
        here.seconds += seconds
        lease.renew()

    with pytest.raises(BadInput, match="on h2"):
        take_lease(engine, "saxs1", me(), Ways(here, sleep, TERM_S))


def test_a_wall_clock_that_jumps_changes_nothing(engine):
    now = Time()
    take_lease(engine, "saxs1", me(), now.ways())
    an_hour_on = Ways(lambda: now().model_copy(update={"utc": "2026-01-01T01:00:00"}), now.sleep, TERM_S)
    with pytest.raises(BadInput):
        take_lease(engine, "saxs1", me(), an_hour_on)


def test_a_commit_without_the_lease_leaves_no_trace(open_log):
    stale, current = open_log(), open_log()
    n = current.head.n
    with pytest.raises(LeaseLost):
        stale.append(Event(level="info", code="stale", sentence="I am still here."))
    current.append(Event(level="info", code="current", sentence="So am I."))
    assert current.head.n == n + 1


def race(url: str, start: float, won) -> None:
    clock = system_clock()
    engine = open_to_write(url)
    time.sleep(max(0.0, start - time.time()))
    try:
        lease = take_lease(engine, "saxs1", this_process("race", clock()), Ways(clock))
    except BadInput:
        won.put(0)
    else:
        won.put(lease.fence)
    time.sleep(1.0)


def test_of_agents_that_start_at_the_same_moment_exactly_one_gets_it(url):
    open_to_write(url).dispose()
    context = multiprocessing.get_context("spawn")
    won = context.Queue()
    agents = [context.Process(target=race, args=(url, time.time() + 3.0, won)) for _ in range(4)]
    for agent in agents:
        agent.start()
    fences = [won.get(timeout=60) for _ in agents]
    for agent in agents:
        agent.join()
    assert sorted(fences) == [0, 0, 0, 1]


def test_the_log_of_a_campaign_says_under_which_fence_it_was_written(open_log, url):
    open_log()
    open_log()
    with open_to_read(url).connect() as connection:
        fences = connection.scalars(sa.select(schema.session.c.fence).order_by(schema.session.c.id)).all()
    assert fences == [1, 2]
