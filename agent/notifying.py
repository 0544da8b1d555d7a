"""A narrator that also calls people for what they want to be called for."""

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from statistics import median

from agent.caller import Caller, Watchdog
from agent.notices import Notice, Way
from agent.parts import nothing_came_up
from agent.ports import DecisionLog, Narrator
from agent.running_low import running_low
from agent.stopping import Ending
from models.domain.action import Action
from models.domain.campaign import CampaignSpec
from models.domain.decision import Decision
from models.domain.errors import NightbeamError
from models.domain.history import History
from models.domain.people import NoticeKind, NotifySpec
from models.domain.records import Event

TIMES_LONGER = 3.0
"""How many times longer than usual a command may take before it counts as hanging."""
LEAST_HANG_S = 60.0
"""No command counts as hanging before, s."""


class Notifying:
    """Tells another narrator everything, and a caller what people asked to be called for."""

    def __init__(
        self, narrator: Narrator, caller: Caller, campaign: CampaignSpec, now_utc: Callable[[], str]
    ) -> None:
        """Take whom to tell, and the campaign whose file names what for.

        Parameters
        ----------
        narrator
            Is told everything.
        caller
            Calls people.
        campaign
            The campaign, with ``[notify]``.
        now_utc
            Tells the time, ISO 8601.
        """
        self._narrator, self._caller, self._now_utc = narrator, caller, now_utc
        self._campaign, self._spec = campaign, campaign.notify or NotifySpec()
        self._low: set[str] = set()
        self._decision: Decision | None = None
        self._watchdog = Watchdog(self._hangs)
        self.history = History()
        """What happened, as far as it was told; for what is usual."""

    def decided(self, decision: Decision) -> None:
        """Keep the decision."""
        self._decision = decision
        self._watchdog.rest()
        self._narrator.decided(decision)

    def acting(self, action: Action) -> None:
        """Watch the command."""
        limit_s = self._spec.hang_s or hang_after_s(self.history, action, self._decision)
        self._watchdog.watch(f"{action.kind} of decision {action.seq}", limit_s)
        self._narrator.acting(action)

    def learned(self, decision: Decision, history: History) -> None:
        """Look at the stock."""
        self._watchdog.rest()
        self.history = history
        self._narrator.learned(decision, history)
        for name, sentence in running_low(self._campaign, history, self._spec.low_stock).items():
            if name not in self._low:
                self._low.add(name)
                self._call("low_stock", sentence, decision.seq)

    def noted(self, event: Event) -> None:
        """Call for an alarm or a pause."""
        self._narrator.noted(event)
        if event.level == "alarm":
            self._call("alarm", event.sentence, event.seq)
        elif event.code == "paused":
            self._call("pause", event.sentence, event.seq)

    def stopping(self, who: str) -> None:
        """Tell it."""
        self._narrator.stopping(who)

    def ended(self, ending: Ending) -> None:
        """Call for the end."""
        self._watchdog.rest()
        self._narrator.ended(ending)
        self._call("finish" if ending.is_finished else "stop", ending.sentence, None)

    def broken_off(self, error: BaseException) -> None:
        """Call for an end that nobody planned."""
        self._watchdog.rest()
        if isinstance(error, KeyboardInterrupt):
            self._call("stop", "A person ended the run at once.", None)
        else:
            said = " ".join(str(error).split()) or type(error).__name__
            self._call("alarm", f"The run broke off: {said}", None)

    def _hangs(self, sentence: str) -> None:
        """From the watchdog's thread: call, and have it put on record when the loop is free again."""
        seq = None if self._decision is None else self._decision.seq
        self._caller.record(sentence, seq, "hang")
        self._call("hang", sentence, seq)

    def _call(self, kind: NoticeKind, sentence: str, seq: int | None) -> None:
        if kind in self._spec.on:
            name, utc = self._campaign.name, self._now_utc()
            self._caller.call(Notice(kind=kind, campaign=name, sentence=sentence, utc=utc, seq=seq))


def hang_after_s(history: History, action: Action, decision: Decision | None) -> float:
    """From when on a command counts as hanging, s: by what such commands took, and by its exposure."""
    took_s = [one.seconds for one in history.durations if one.kind == action.kind]
    usual_s = median(took_s) if took_s else 0.0
    exposed_s = decision.exposure_s if decision is not None and action.kind == "expose" else 0.0
    return max(LEAST_HANG_S, TIMES_LONGER * usual_s, TIMES_LONGER * exposed_s)


@contextmanager
def calling(
    campaign: CampaignSpec,
    ways: Mapping[str, Way],
    told: Narrator,
    log: DecisionLog,
    now_utc: Callable[[], str],
) -> Generator[tuple[Narrator, Callable[[], tuple[Event, ...]]]]:
    """A narrator that calls people as well, and what comes up beside it, until the end of the block.

    What breaks the block off is called for, too. The last notices are waited for, though not for long.
    """
    if not ways:
        yield told, nothing_came_up
        return
    caller = Caller(ways)
    notifying = Notifying(told, caller, campaign, now_utc)
    notifying.history = log.history()
    try:
        yield notifying, caller.came_up
    except BaseException as error:
        notifying.broken_off(error)
        raise
    finally:
        caller.close()
        with suppress(NightbeamError):  # who lost the lease, or the log, cannot say so there
            for event in caller.came_up():
                log.append(event)
