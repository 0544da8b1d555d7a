"""What a run prints when it ends: the best samples, what went wrong, where everything is, what is next."""

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from agent.campaign import DEFAULT_URL
from agent.night import figures, night_of
from agent.stopping import Ending
from agent.strategy.stack import told
from db.urls import shown
from models.domain.history import History
from models.domain.objective import Pareto
from models.domain.point import value_text
from models.domain.ranking import ranked

if TYPE_CHECKING:
    from agent.plan import Plan

PROGRAM = "nightbeam"
N_BEST = 5
"""Samples in the table."""
N_FRONT = 12
"""Best compromises in it, where several goals are sought at once."""


def show_summary(plan: "Plan", history: History, ending: Ending, picture: Path | None) -> None:
    """Print the end of a run.

    Parameters
    ----------
    plan
        The campaign.
    history
        What happened.
    ending
        How it ended.
    picture
        The picture; None when it could not be drawn.
    """
    console = Console(markup=False)  # square brackets in a path or a message are not markup
    console.print()
    console.print(Text.assemble((plan.spec.name, "bold"), f": {ending.sentence}"))
    console.print(_best_table(plan, history))
    n_rejected = sum(
        not observation.is_accepted and not history.decision(observation.seq).is_look
        for observation in history.observations
    )
    counts = (
        (len(history.decisions), "decision"),
        (history.n_measured, "measurement"),
        (n_rejected, "rejected frame"),
        (len(history.failures), "failure"),
    )
    console.print(", ".join(f"{n} {word}{'' if n == 1 else 's'}" for n, word in counts) + ".\n")
    night = night_of(told(plan.problem, plan.spec), history)
    if night is not None:
        console.print("\n".join(figures(night)) + "\n", soft_wrap=True, highlight=False)
    console.print(_places(plan, picture, ending), soft_wrap=True, markup=False, highlight=False)


def program() -> str:
    """What a person types to run this program from where they are."""
    called = Path(sys.argv[0])
    if called.name != PROGRAM or shutil.which(PROGRAM) or not called.is_file():
        return PROGRAM
    return os.path.relpath(called) if called.is_relative_to(Path.cwd()) else str(called)


def _best_table(plan: "Plan", history: History) -> Table:
    objective = plan.spec.objective
    n_most = N_FRONT if isinstance(objective, Pareto) else N_BEST
    best = ranked(history, objective)[:n_most]
    is_listed = any(point.sample for point in plan.space.candidates)
    title = f"{objective.first_in_line.capitalize()}: {objective.text()}"
    table = Table(title=title, title_justify="left")
    table.add_column("decision", justify="right")
    if is_listed:
        table.add_column("sample", overflow="fold")
    else:
        for axis in plan.space.axes:
            table.add_column(axis.name if axis.unit == "1" else f"{axis.name} ({axis.unit})", justify="right")
    for feature in best[0][1] if best else ():
        unit = "" if feature.unit == "1" else f" ({feature.unit})"
        table.add_column(feature.name + unit, justify="right")
    for decision, features in best:
        point = decision.point
        if point is not None:
            values = [value_text(point.coordinates[axis.name]) for axis in plan.space.axes]
            place = [point.sample or ""] if is_listed else values
            table.add_row(str(decision.seq), *place, *(f"{f.value:.4g} ± {f.sigma:.2g}" for f in features))
    return table


def _places(plan: "Plan", picture: Path | None, ending: Ending) -> str:
    option = "" if plan.url == DEFAULT_URL else f" --db {shown(plan.url)}"
    places = {
        "database": shown(plan.url),
        "frames, curves": str(plan.folder),
        "picture": str(picture) if picture else "not drawn",
        "next": f"{program()} log{option} --campaign {plan.spec.name}"
        + ("" if ending.is_finished else ", or the same command again to go on"),
    }
    return "\n".join(f"{name:<16}{place}" for name, place in places.items())
