"""The live display of a run: where it is, why, how good so far, and when it will end."""

import time
from collections.abc import Callable

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from agent.lasting import deck_lasts
from agent.narrators import stopping_text
from agent.stopping import Ending
from models.domain.action import Action
from models.domain.campaign import CampaignSpec
from models.domain.decision import MEASURING_KINDS, Decision
from models.domain.history import History
from models.domain.ranking import ranked
from models.domain.records import Event
from models.domain.wording import features_text, outcome_text

N_RECENT = 6
"""Lines of recent decisions that stay in view."""
DOING = {"prepare": "preparing the sample", "load": "loading", "expose": "exposing"}
"""What each kind of action is called while it lasts."""
STYLES = {"info": "cyan", "warning": "yellow", "alarm": "bold red"}


class LiveDisplay:
    """A panel that is redrawn in place; use it as a context."""

    def __init__(
        self, console: Console, spec: CampaignSpec, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        """Prepare the panel.

        Parameters
        ----------
        console
            Where it is drawn.
        spec
            The campaign.
        monotonic_s
            A clock, s; handed in by tests.
        """
        self._spec, self._now = spec, monotonic_s
        self._began = monotonic_s()
        self._n_before: int | None = None
        self._history = History()
        self._current: Decision | None = None
        self._doing = "starting"
        self._asked: str | None = None
        self._lasts: list[str] = []
        self._recent: list[Text] = []
        self._progress = Progress(
            TextColumn("measurements"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}", style="dim"),
            console=console,
            expand=True,
        )
        self._bar = self._progress.add_task("", total=spec.budget.measurements, left="")
        self._live = Live(console=console, get_renderable=self._render, refresh_per_second=8)

    def __enter__(self) -> "LiveDisplay":
        """Start drawing."""
        self._live.__enter__()
        return self

    def __exit__(self, *details: object) -> None:
        """Draw once more and stop."""
        self._live.__exit__(None, None, None)
        del details

    def decided(self, decision: Decision) -> None:
        """Show the new decision."""
        self._current, self._doing = decision, "deciding"

    def acting(self, action: Action) -> None:
        """Show what is being done."""
        self._doing = DOING[action.kind]

    def learned(self, decision: Decision, history: History) -> None:
        """Show what came of it."""
        is_measurement = decision.kind in MEASURING_KINDS
        if self._n_before is None:
            self._n_before = history.n_measured - is_measurement
        self._history, self._doing = history, "deciding what is next"
        self._lasts = deck_lasts(self._spec, history)
        observation = history.observation(decision.seq)
        is_good = observation is not None and observation.is_accepted
        line = Text(f"{decision.seq:4d}  {decision.kind:<15}", style="default" if is_good else "red")
        line.append(outcome_text(history, decision, self._spec.objective))
        self._recent = [*self._recent, line][-N_RECENT:]
        self._progress.update(self._bar, completed=history.n_measured, left=self._left(history))

    def noted(self, event: Event) -> None:
        """Show an event among the recent lines."""
        self._recent = [*self._recent, Text(f"      {event.sentence}", style=STYLES[event.level])][-N_RECENT:]

    def stopping(self, who: str) -> None:
        """Show that the request was heard."""
        self._asked = stopping_text(who)

    def ended(self, ending: Ending) -> None:
        """Show how it ended."""
        self._doing, self._asked = ending.sentence, None

    def _left(self, history: History) -> str:
        n_done = history.n_measured - (self._n_before or 0)
        if n_done < 1:
            return ""
        seconds = (self._now() - self._began) / n_done
        left = max(0.0, seconds * (self._spec.budget.measurements - history.n_measured))
        return f"about {left:.0f} s left" if left < 120 else f"about {left / 60:.0f} min left"

    def _render(self) -> RenderableType:
        rows = [("looking for", self._spec.objective.text())]
        if self._current is not None:
            where = self._current.point.text() if self._current.point else "-"
            rows.append((f"decision {self._current.seq}", f"{self._current.kind} at {where}"))
            rows.append(("why", self._current.reason.sentence))
        rows.append(("now", f"{self._doing} ({self._asked})" if self._asked else self._doing))
        best = ranked(self._history, self._spec.objective)
        if best and self._spec.objective.has_best:
            decision, features = best[0]
            place = decision.point.text() if decision.point else ""
            rows.append(("best so far", f"{features_text(features)} (decision {decision.seq}: {place})"))
        if self._lasts:
            rows.append(("deck", self._lasts[0]))
        facts = Table.grid(padding=(0, 2))
        facts.add_column(style="bold", no_wrap=True)
        facts.add_column(overflow="fold")
        for name, said in rows:
            facts.add_row(name, Text(said))  # as text: square brackets in a message are not markup
        body = Group(self._progress, facts, Text(""), *self._recent)
        return Panel(body, title=f"Nightbeam · {self._spec.name}", border_style="blue")
