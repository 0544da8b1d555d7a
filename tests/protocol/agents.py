"""An agent of the real parts: log, lease, loop and Bluesky instrument, in a thread that can be stopped."""

import threading
from pathlib import Path
from typing import Any, Literal
from unittest import mock

from agent.loop import Loop, Parts
from db.engine import open_to_write
from db.holder import Holder
from db.lease import Lease, Ways, take_lease
from db.log import DecisionLog, Opening, Process
from instruments import runner
from instruments.documents import DocumentWriter
from instruments.fence import Permit
from models.domain.campaign import CampaignSpec
from models.domain.canonical import canonical_json
from models.domain.decision import Decision, ModelState, Reason
from models.domain.history import History
from models.domain.records import LoggedAction, Record
from models.domain.request import LoggedRequest
from models.domain.space import Point
from tests import fakes
from tests.protocol.laboratory import Bench
from tests.protocol.life import Death, How, Life

State = Literal["unborn", "stopped", "ended", "dead"]


class Mortal(DocumentWriter):
    """Writes documents as long as the process lives."""

    def __init__(self, folder: Path, life: Life) -> None:
        super().__init__(folder)
        self._life = life

    def __call__(self, name: str, document: dict[str, Any]) -> None:
        if self._life.is_dead:
            return
        super().__call__(name, document)
        # Bluesky writes an event and what comes with it in one go, after one look at the fence.
        self._life.passes(f"{name} document written", may_stop=name in ("start", "event", "stop"))


class WatchedLog:
    """The real log, with a point before and after each record; what it acknowledged is noted."""

    def __init__(self, log: DecisionLog, life: Life, acknowledged: list[Record]) -> None:
        self._log, self._life, self._acknowledged = log, life, acknowledged

    def append(self, record: Record) -> None:
        name = type(record).__name__
        self._life.passes(f"before {name}")
        self._log.append(record)
        self._acknowledged.append(record)
        self._life.passes(f"after {name}")

    def history(self) -> History:
        self._life.must_live()
        return self._log.history()

    def actions(self, seq: int) -> tuple[LoggedAction, ...]:
        self._life.must_live()
        return self._log.actions(seq)

    def requests(self) -> tuple[LoggedRequest, ...]:
        self._life.must_live()
        return self._log.requests()


class Silent:
    """A narrator that says nothing."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None


class Counted:
    """A strategy that walks over a grid, and says which measurements it learned from."""

    def propose(self, history: History) -> Decision:
        seq = history.next_seq
        learned = [decision.seq for decision, _ in history.accepted()]
        surfactant = 0.05 * (1 + seq % 9)
        point = {"surfactant": surfactant, "cosurfactant": 0.1, "water": 0.9 - surfactant}
        model = ModelState(
            acquisition="count", canonical_json=canonical_json(learned), training_sha256="0" * 64
        )
        return Decision(
            seq=seq, kind="suggest", point=Point(coordinates=point), exposure_s=0.1, model=model,
            reason=Reason(code="count", sentence="It is the next one."), watermark=history.watermark,
        )  # fmt: skip


class Agent:
    """One process that runs the campaign."""

    def __init__(self, world: Any, number: int) -> None:
        self.world, self.life = world, Life(number)
        self.loop: Loop | None = None
        self.lease: Lease | None = None
        self.error: BaseException | None = None
        """Why it ended; None when it reached an ending."""
        self.left_open = False
        """True when it ended by itself and left the shutter open."""
        self._thread = threading.Thread(target=self._live, name=f"agent {number}", daemon=True)
        self._thread.start()

    @property
    def state(self) -> State:
        if self.life.is_dead:
            return "dead"
        if not self._thread.is_alive():
            return "ended"
        return "unborn" if self.life.where == "not born" else "stopped"

    def go(self, n_points: int, how: How = "stop", until: str = "") -> "Agent":
        """Let it live on past so many points."""
        if self.state in ("unborn", "stopped"):
            self.life.go(n_points, how, until)
            if self.life.is_dead or not self.life.is_stopped:
                self._thread.join(60)
        return self

    def bury(self) -> None:
        """Make sure that it has no effect any more, and that its thread is gone."""
        if self._thread.is_alive():
            self.life.bury()
            self._thread.join(60)

    def _live(self) -> None:
        self.life.wait_for_birth()
        instrument = log = engine = None
        try:
            self.life.passes("born")
            engine = open_to_write(self.world.url)
            self.world.opened(engine)
            clock = self.world.clock
            self.lease = take_lease(engine, "laboratory", self._holder(), Ways(clock, self.world.sleep))
            self.life.fence = self.lease.fence
            self.life.passes("lease taken")
            log = DecisionLog(engine, self.lease, self.world.opening, self._process())
            instrument = self._instrument()
            self.life.passes("log opened")
            self._run(instrument, log)
        except Death:
            pass
        except BaseException as error:
            self.error = error
        finally:
            if instrument is not None:
                instrument.close()
            self._let_go(log, engine)
            self.life.rest()

    def _run(self, instrument: runner.BlueskyInstrument, log: DecisionLog) -> None:
        watched = WatchedLog(log, self.life, self.world.acknowledged)
        parts = Parts(instrument, self.world.analysis, Counted(), watched, Silent())  # pyright: ignore
        campaign: CampaignSpec = self.world.campaign
        try:
            self.loop = Loop(parts, campaign.budget, lambda: self.world.clock().utc, log.began_utc)
            self.loop.run()
        finally:
            self.left_open = not self.life.is_dead and self.world.laboratory.is_open

    def _instrument(self) -> runner.BlueskyInstrument:
        assert self.lease is not None
        lease, life = self.lease, self.life

        def check() -> None:
            life.passes("before a command")
            lease.check()

        def renew() -> None:
            if not life.is_stopped and not life.is_dead:
                lease.renew()

        bench, folder = Bench(self.world.laboratory, life), self.world.laboratory.folder
        with mock.patch.object(runner, "DocumentWriter", lambda folder: Mortal(folder, life)):
            label = self.world.opening.identity.label
            return runner.BlueskyInstrument(
                bench.beamline(), label, folder, Permit(lease.fence, check, renew)
            )

    def _process(self) -> Process:
        world = self.world
        return Process(world.clock, '{"python":"3.11"}', monotonic_s=world.monotonic_s, sleep=world.sleep)

    def _holder(self) -> Holder:
        """A process in a container of its own: that it is gone shows only when its term has run out."""
        number = self.life.number
        return Holder(
            campaign="fake", host="h", boot_id=self.world.boot_id, pid_space=f"container {number}",
            pid=number, started="once",
        )  # fmt: skip

    def _let_go(self, log: DecisionLog | None, engine: Any) -> None:
        """Close as a run does; a dead process gives nothing back."""
        if engine is not None and (log is None or self.life.is_dead):
            engine.dispose()
        elif log is not None:
            log.close()


def opening_of(campaign: CampaignSpec, url: str, root: Path) -> Opening:
    """What each agent opens the log for."""
    return Opening(fakes.identified(url, campaign, root), campaign, "{}")
