"""The live screen of a watch: the last frames with their features, what is flagged, and the newest curve."""

from collections import Counter
from dataclasses import dataclass

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from agent.watching.arrivals import Arrival
from agent.watching.braille import draw_curve
from agent.watching.lines import clock_text, counts_text
from agent.watching.outcome import Outcome
from agent.watching.watch import Counts
from models.domain.scattering import Curve, Feature

N_KEPT = 100
"""Frames that are remembered: as many as any terminal shows."""
N_NOTES = 2
"""Flags and notes that stay in view."""
FEATURE_WIDTH = 20
"""Room of a value with its sigma."""
FIXED_WIDTH = 52
"""Room of the other columns and of the frame."""
MIN_ROWS, CURVE_SHARE = 4, 0.45
"""At least so many frames are shown; the curve takes this part of what is left."""
N_LINES_AROUND = 9
"""Lines that are neither frames nor curve: frame, counts, heading, blanks, the prompt."""
FRAMES_PER_S = 4


@dataclass(frozen=True, eq=False)
class _Shown:
    arrival: Arrival
    outcome: Outcome


class LiveScreen:
    """Draws itself in place; use it as a context."""

    def __init__(self, console: Console, title: str, once: bool) -> None:
        """Take where it is drawn, what stands above it, and whether it ends by itself."""
        self._console, self._title, self._once = console, title, once
        self._frames: list[_Shown] = []
        self._notes: list[Text] = []
        self._curve: tuple[str, Curve] | None = None
        self._counts: Counts | None = None
        self._live = Live(console=console, get_renderable=self.render, refresh_per_second=FRAMES_PER_S)

    def __enter__(self) -> "LiveScreen":
        """Start drawing."""
        self._live.__enter__()
        return self

    def __exit__(self, *details: object) -> None:
        """Draw once more and stop."""
        self._live.__exit__(None, None, None)
        del details

    def reduced(self, arrival: Arrival, outcome: Outcome) -> None:
        """Show the frame on top."""
        self._frames = [_Shown(arrival, outcome), *self._frames][:N_KEPT]
        if outcome.flags:
            said = "; ".join(flag.text() for flag in outcome.flags)
            self._note(f"{arrival.path.name}: {said}", "red")
        if outcome.curve is not None and len(outcome.curve):
            self._curve = (arrival.path.name, outcome.curve)

    def noted(self, sentence: str) -> None:
        """Show it below the table."""
        self._note(sentence, "yellow")

    def counted(self, counts: Counts) -> None:
        """Show how far it is."""
        self._counts = counts

    def _note(self, text: str, style: str) -> None:
        self._notes = [*self._notes, Text(text, style=style, no_wrap=True, overflow="ellipsis")][-N_NOTES:]

    def render(self) -> RenderableType:
        """What stands on the screen now."""
        width, height = self._console.size
        room = max(0, height - N_LINES_AROUND - len(self._notes))
        n_curve = int(CURVE_SHARE * room)
        body: list[RenderableType] = [self._status(), self._left(width), self._table(width, room - n_curve)]
        body += self._notes
        if self._curve is not None and n_curve > 2:
            name, curve = self._curve
            body.append(Text(f"newest curve: {name}, intensity / {curve.unit}", style="bold"))
            body += [Text(line, no_wrap=True) for line in draw_curve(curve, width - 4, n_curve)]
        return Panel(Group(*body), title=Text(self._title), border_style="blue")

    def _status(self) -> Text:
        """Counts and rate."""
        c = self._counts
        if c is None:
            return Text("starting")
        line = Text(no_wrap=True, overflow="ellipsis")
        line.append(f"{c.n_good} good", style="green")
        line.append(" · ")
        line.append(f"{c.n_flagged} flagged", style="red" if c.n_flagged else "dim")
        line.append(f" · {c.n_in_hand} in hand · {c.n_waiting} waiting")
        line.append(f" · {c.n_before} before" if c.n_before else "", style="dim")
        line.append(f" · {c.per_s:.1f} frames/s")
        return line

    def _left(self, width: int) -> RenderableType:
        """For a watch that ends by itself, how far it is; else an empty line."""
        c = self._counts
        if c is None or not self._once:
            return Text("")
        n_left = c.n_in_hand + c.n_waiting
        said = left_text(c, n_left)
        total = max(c.n_reduced + n_left, 1)
        grid = Table.grid(padding=(0, 1))
        grid.add_row(ProgressBar(total, c.n_reduced, width=max(10, width - len(said) - 6)), said)
        return grid

    def _table(self, width: int, room: int) -> Table:
        """The last frames, the newest first."""
        names = self._names(max(1, (width - FIXED_WIDTH) // FEATURE_WIDTH))
        units = {
            x.name: x.unit for row in self._frames for x in row.outcome.features if isinstance(x, Feature)
        }
        table = Table(show_edge=False, expand=True, box=None, padding=(0, 1, 0, 0))
        table.add_column("time", width=8)
        table.add_column("file", no_wrap=True, overflow="ellipsis", ratio=1)
        table.add_column("counts", justify="right", width=8, no_wrap=True)
        for name in names:
            heading = name if units[name] == "1" else f"{name} / {units[name]}"
            table.add_column(
                heading, justify="right", no_wrap=True, overflow="ellipsis", width=FEATURE_WIDTH - 1
            )
        table.add_column("verdict", no_wrap=True, overflow="ellipsis", width=12)
        for row in self._frames[: max(MIN_ROWS, room)]:
            table.add_row(*self._cells(row, names), style="" if row.outcome.is_good else "red")
        return table

    def _cells(self, row: _Shown, names: list[str]) -> list[Text]:
        """One frame; as text, for square brackets in a name are not markup."""
        outcome = row.outcome
        made = {x.name: x for x in outcome.features if isinstance(x, Feature)}
        values = [f"{made[n].value:.4g} ± {made[n].sigma:.2g}" if n in made else "-" for n in names]
        verdict = "good" if outcome.is_good else ", ".join(flag.check for flag in outcome.flags)
        name, time = row.arrival.path.name, clock_text(row.arrival.stamp.mtime_ns)
        return [Text(x) for x in (time, name, counts_text(outcome.counts), *values, verdict)]

    def _names(self, n: int) -> list[str]:
        """The features that are found most often; in the order in which extractors make them."""
        found = [x.name for row in self._frames for x in row.outcome.features if isinstance(x, Feature)]
        often = [name for name, _ in Counter(found).most_common(n)]
        return [name for name in dict.fromkeys(found) if name in often]


def left_text(counts: Counts, n_left: int) -> str:
    """How long it will still take, at the rate of the whole watch."""
    if not n_left or not counts.n_reduced:
        return f"{n_left} left"
    left_s = n_left * counts.elapsed_s / counts.n_reduced
    return f"about {left_s:.0f} s left" if left_s < 120 else f"about {left_s / 60:.0f} min left"
