"""What a run prints when it ends: the best samples, what went wrong, where everything is, what is next."""

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from agent.stopping import Ending
from models.domain.history import History
from models.domain.ranking import ranked

if TYPE_CHECKING:
    from agent.assemble import Plan

N_BEST = 5
"""Samples in the table."""


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
    console = Console()
    console.print(f"\n[bold]{plan.spec.name}[/bold]: {ending.sentence}")
    console.print(_best_table(plan, history))
    n_rejected = sum(not observation.is_accepted for observation in history.observations)
    console.print(
        f"{len(history.decisions)} decisions, {history.n_measured} measurements, "
        f"{n_rejected} frames rejected, {len(history.failures)} failures.\n"
    )
    console.print(_places(plan, picture))


def _best_table(plan: "Plan", history: History) -> Table:
    objective = plan.spec.objective
    table = Table(title=f"Best samples: {objective.text()}", title_justify="left")
    table.add_column("decision", justify="right")
    for axis in plan.space.axes:
        table.add_column(axis.name if axis.unit == "1" else f"{axis.name} ({axis.unit})", justify="right")
    if plan.space.candidates:
        table.add_column("sample")
    best = ranked(history, objective)[:N_BEST]
    unit = best[0][1].unit if best else "1"
    table.add_column(objective.feature if unit == "1" else f"{objective.feature} ({unit})", justify="right")
    for decision, feature in best:
        point = decision.point
        if point is None:
            continue
        cells = [f"{point[axis.name]:.4g}" for axis in plan.space.axes]
        sample = [point.sample or ""] if plan.space.candidates else []
        table.add_row(str(decision.seq), *cells, *sample, f"{feature.value:.4g} ± {feature.sigma:.2g}")
    return table


def _places(plan: "Plan", picture: Path | None) -> Table:
    option = "" if plan.url.endswith("/nightbeam.db") else f" --db {plan.url}"
    places = Table.grid(padding=(0, 2))
    places.add_column(style="bold")
    places.add_column(overflow="fold")
    places.add_row("database", plan.url)
    places.add_row("frames, curves", str(plan.folder))
    places.add_row("picture", str(picture) if picture else "not drawn")
    places.add_row("next", f"nightbeam log{option} --campaign {plan.spec.name}")
    return places
