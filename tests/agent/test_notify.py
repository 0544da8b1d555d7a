"""People are called by a program, by mail, by a webhook; a night neither waits for that nor breaks of it."""

import json
import socket
import socketserver
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from agent.caller import Caller, Watchdog
from agent.loop import Loop, Parts
from agent.narrators import Silent
from agent.notices import Notice, ways_of
from agent.notifying import Notifying, calling, hang_after_s
from agent.people import Terms
from db.detail import read_remarks
from db.engine import open_to_read
from models.domain.campaign import BudgetSpec, MeasurementSpec
from models.domain.errors import BadInput
from models.domain.history import Duration, History
from models.domain.people import NotifySpec
from models.domain.records import Event
from models.domain.request import Request
from tests import fakes

NOTICE = Notice(
    kind="alarm", campaign="night", sentence="It is stuck.", utc="2026-01-01T00:00:00+00:00", seq=7
)


class Listening:
    """A server on a free port of this machine, in a thread."""

    def __init__(self, server):
        self.server, self.port = server, server.server_address[1]
        self.thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def mail_server(mails):
    """A small SMTP server (RFC 5321) that takes every mail."""

    class Conversation(socketserver.StreamRequestHandler):
        def say(self, line):
            self.wfile.write(f"{line}\r\n".encode())

        def handle(self):
            self.say("220 here")
            for line in self.rfile:
                word = line.split()[0].upper().decode()
                if word == "DATA":
                    self.say("354 go on")
                    mails.append(b"".join(iter(self.rfile.readline, b".\r\n")).decode())
                self.say("221 bye" if word == "QUIT" else "250 ok")
                if word == "QUIT":
                    return

    return Listening(socketserver.TCPServer(("127.0.0.1", 0), Conversation))


def web_server(posts, statuses=()):
    """A web server that answers with the given statuses first, and 200 then."""
    left = list(statuses)

    class Page(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            posts.append((self.headers["Content-Type"], json.loads(body)))
            self.send_response(left.pop(0) if left else 200)
            self.end_headers()

        def log_message(self, *_):
            return

    return Listening(HTTPServer(("127.0.0.1", 0), Page))


def writing_program(path):
    """A program that appends what it is given to a file."""
    return [sys.executable, "-c", f"import sys; open({str(path)!r}, 'a').write(sys.stdin.read())"]


def send(spec, tmp_path, environ=None):
    for way in ways_of(NotifySpec.model_validate(spec), tmp_path, environ or {}).values():
        way(NOTICE)


def test_a_program_gets_a_notice_as_one_line_of_json(tmp_path):
    send({"command": writing_program(tmp_path / "said")}, tmp_path)
    (line,) = (tmp_path / "said").read_text().splitlines()
    assert json.loads(line) == NOTICE.model_dump()


def test_mail_is_sent_to_everybody(tmp_path):
    mails = []
    with mail_server(mails) as server:
        mail = {"server": "127.0.0.1", "port": server.port, "from": "a@b.org", "to": ["c@d.org", "e@f.org"]}
        send({"email": mail | {"tls": "never"}}, tmp_path)
    (mail,) = mails
    assert "Subject: [nightbeam] night: alarm" in mail
    assert "To: c@d.org, e@f.org" in mail
    assert "It is stuck." in mail


def test_a_webhook_gets_json_and_its_address_may_be_a_secret(tmp_path):
    posts = []
    with web_server(posts) as server:
        send({"webhook_env": "HOOK"}, tmp_path, {"HOOK": f"http://127.0.0.1:{server.port}/x"})
    assert posts == [("application/json", NOTICE.model_dump())]


def test_a_variable_and_a_program_that_are_not_there_are_refused_before_the_night(tmp_path):
    mail = {
        "server": "mx",
        "from": "a@b.org",
        "to": ["c@d.org"],
        "user": "me",
        "password_env": "MAIL_PASSWORD",
    }
    for spec, words in (
        ({"webhook_env": "HOOK"}, "HOOK, which is not set"),
        ({"email": mail}, "MAIL_PASSWORD, which is not set"),
        ({"command": ["./no-such-program"]}, "there is no such program"),
    ):
        with pytest.raises(BadInput, match=words):
            ways_of(NotifySpec.model_validate(spec), tmp_path, {})


def test_a_secret_is_not_handed_to_the_program(tmp_path):
    program = [
        sys.executable,
        "-c",
        f"import os; open({str(tmp_path / 'said')!r}, 'w').write(str(dict(os.environ)))",
    ]
    spec = NotifySpec.model_validate({"command": program, "webhook_env": "HOOK"})
    ways_of(spec, tmp_path, {"HOOK": "http://secret.org"})[f"the command {sys.executable}"](NOTICE)
    assert "secret" not in (tmp_path / "said").read_text()


def test_a_failed_notice_is_tried_twice_more_and_then_told_once():
    tried, sent = [], []

    def failing(notice):
        tried.append(notice)
        raise TimeoutError("no answer")

    caller = Caller({"the webhook": failing, "mail": sent.append}, pauses_s=(0.01, 0.01))
    caller.call(NOTICE)
    caller.close()
    assert (len(tried), sent) == (3, [NOTICE])
    (event,) = caller.came_up()
    assert event.code == "not_notified"
    assert event.sentence == "alarm could not be sent by the webhook, tried 3 times (TimeoutError: no answer)"
    assert caller.came_up() == ()


def test_a_webhook_that_answers_late_is_asked_again(tmp_path):
    posts = []
    with web_server(posts, statuses=(500, 503)) as server:
        spec = NotifySpec.model_validate({"webhook": f"http://127.0.0.1:{server.port}/x"})
        caller = Caller(ways_of(spec, tmp_path, {}), pauses_s=(0.01, 0.01))
        caller.call(NOTICE)
        caller.close()
    assert len(posts) == 3
    assert caller.came_up() == ()


def test_nobody_waits_for_a_way_that_hangs():
    release = threading.Event()
    caller = Caller({"slow": lambda _: release.wait(10.0)}, last_s=0.05)
    began = time.monotonic()
    for _ in range(150):
        caller.call(NOTICE)
    caller.close()
    assert time.monotonic() - began < 2.0
    said = " ".join(event.sentence for event in caller.came_up())
    assert "was dropped, 100 wait already" in said
    assert "not sent within 0.05 s" in said
    release.set()


def test_nothing_listens_and_the_night_goes_on_and_says_so(tmp_path, even):
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
    _, loop, log = night(tmp_path, even, {"webhook": f"http://127.0.0.1:{port}/"})
    log.close()
    assert loop.history.n_measured == 6
    with open_to_read(fakes.sqlite_url(tmp_path)).connect() as connection:
        (remark,) = [one for one in read_remarks(connection, 1) if "could not be sent" in one.text]
    assert remark.text.startswith("finish could not be sent by the webhook, tried 3 times (URLError: ")


def night(tmp_path, strategy, spec, *, during=None, campaign=None, instrument=None, sent=None):
    """A night with fakes that calls people; what was sent, when nothing real sends it."""
    campaign = campaign or fakes.spec()
    campaign = campaign.model_copy(update={"notify": NotifySpec.model_validate(spec)})
    clock = fakes.ticking_clock()
    log = fakes.open_log(fakes.sqlite_url(tmp_path), campaign, tmp_path, clock)
    sent = [] if sent is None else sent
    ways = {"a list": sent.append} if "webhook" not in spec else ways_of(campaign.notify, tmp_path, {})
    with calling(campaign, ways, Silent(), log, lambda: clock().utc) as (narrator, outbox):
        parts = Parts(
            instrument or fakes.FakeInstrument(), fakes.FakeAnalysis(), strategy, log, narrator,
            terms=Terms(sleep=lambda _: log.append(Request(kind="resume", who="Bob", why="done"))),
            outbox=outbox,
        )  # fmt: skip
        loop = Loop(parts, campaign.budget, lambda: clock().utc, log.began_utc)
        if during is not None:
            during(loop)
        loop.run()
    return sent, loop, log


def test_people_are_called_for_a_pause_a_low_stock_and_the_end_each_once(tmp_path, even):
    def during(loop):
        loop._parts.log.append(Request(kind="pause", who="Ana", why="hutch search"))

    campaign = fakes.spec(
        budget=BudgetSpec(measurements=6, stock={"water": 4.0}),
        measurement=MeasurementSpec(sample_amount=1.0),
    )
    sent, _, log = night(tmp_path, even, {"low_stock": 0.6}, during=during, campaign=campaign)
    assert [notice.kind for notice in sent] == ["pause", "low_stock", "finish"]
    assert "Ana: hutch search" in sent[0].sentence
    assert sent[1].sentence.startswith("water runs low: ")
    log.close()


def test_only_what_was_asked_for_is_sent(tmp_path, even):
    sent, _, log = night(tmp_path, even, {"on": ["alarm"]})
    assert sent == []
    log.close()


def test_a_run_that_breaks_off_calls_people(tmp_path, even):
    class Broken:
        def propose(self, history):
            raise RuntimeError("no model")

    sent = []
    with pytest.raises(RuntimeError):
        night(tmp_path, Broken(), {}, sent=sent)
    assert [(notice.kind, notice.sentence) for notice in sent] == [("alarm", "The run broke off: no model")]


def test_a_command_that_hangs_calls_once_and_is_put_on_record(tmp_path, even):
    instrument = fakes.FakeInstrument()
    perform = instrument.perform

    def slow(action, decision):
        if action.action_id == "fake-00002-2expose-1":
            time.sleep(1.2)
        return perform(action, decision)

    instrument.perform = slow
    sent, _, log = night(tmp_path, even, {"hang_s": 0.6, "on": ["hang"]}, instrument=instrument)
    (notice,) = sent
    assert notice.sentence == "expose of decision 2 takes longer than 0.6 s, and is not over"
    assert notice.seq == 2
    log.close()


def test_how_long_a_command_may_take_follows_from_what_such_commands_took():
    action = fakes.FakeInstrument().actions(_decision(5.0))[1]
    assert hang_after_s(History(), action, _decision(5.0)) == 60.0
    assert hang_after_s(History(), action, _decision(100.0)) == 300.0
    took = tuple(Duration(seq=1, kind="expose", seconds=s) for s in (10.0, 40.0, 900.0))
    assert hang_after_s(History(durations=took), action, _decision(5.0)) == 120.0


def _decision(exposure_s):
    from tests.db.test_log import decision

    return decision(1).model_copy(update={"exposure_s": exposure_s})


def test_an_alarm_calls_and_a_watchdog_that_rests_does_not():
    sent, barked = [], []
    caller = Caller({"a list": sent.append})
    notifying = Notifying(Silent(), caller, fakes.spec(), lambda: "2026-01-01T00:00:00+00:00")
    notifying.noted(Event(level="alarm", code="unsafe", sentence="The shutter is open.", seq=3))
    notifying.noted(Event(level="info", code="resumed", sentence="resumed"))
    dog = Watchdog(barked.append)
    dog.watch("load", 0.05)
    dog.rest()
    time.sleep(0.1)
    caller.close()
    assert [(notice.kind, notice.seq) for notice in sent] == [("alarm", 3)]
    assert barked == []
