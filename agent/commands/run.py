"""`nightbeam run`: run a campaign, or go on with it."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from agent.commands.options import DEFAULT_DATABASE, AsJson, CampaignFile, Database, Dataset
from agent.sheltered import Sheltered
from agent.signals import EXIT_STOPPED, Signals, StoppedAtOnce, listening

if TYPE_CHECKING:
    from agent.loop import Loop
    from agent.plan import Plan
    from agent.stopping import Ending


def run(
    file: CampaignFile,
    db: Database = DEFAULT_DATABASE,
    dataset: Dataset = None,
    as_json: AsJson = False,
) -> None:
    """Run a campaign, or resume it where it stopped; the same command does both.

    Ctrl-C ends it after the measurement in hand; a second Ctrl-C aborts that measurement, closes the shutter
    and ends at once. A lost terminal or pipe does not end it. Exit status: 0 finished, 3 stopped by a limit
    or a person, 2 bad input, 1 fault.

    Example: `nightbeam run examples/first_light.toml`
    """
    with listening() as signals:
        from agent.campaign import Campaign
        from agent.doubts import doubts

        sys.stdout = Sheltered(sys.stdout)
        plan = Campaign.from_toml(file, db=db, dataset=dataset).check()
        for doubt in doubts(plan.spec, plan.beamline):
            print(f"nightbeam: beware: {doubt}.", file=sys.stderr)
        loop, ending = _carry_out(plan, signals, as_json=as_json)
        picture = _draw(plan, loop)
        if as_json:
            typer.echo(json.dumps(_summary(plan, loop, ending, picture), ensure_ascii=False))
        else:
            from agent.summary import show_summary

            show_summary(plan, loop.history, ending, picture)
    if not ending.is_finished:
        raise typer.Exit(EXIT_STOPPED)


def _carry_out(plan: "Plan", signals: Signals, *, as_json: bool) -> "tuple[Loop, Ending]":
    """Run the loop to an ending."""
    from agent.assemble import open_loop

    narrator, context = _narrator(plan, as_json)
    signals.open()
    try:
        with context, open_loop(plan, narrator) as loop:
            signals.follow(loop)
            try:
                return loop, loop.run()
            finally:
                signals.end()
    except KeyboardInterrupt:
        raise StoppedAtOnce(signals.last_words) from None
    finally:
        signals.end()


def _narrator(plan: "Plan", as_json: bool) -> tuple[Any, Any]:
    """Who is told, and the context in which: a live panel on a terminal, plain lines elsewhere."""
    from contextlib import nullcontext

    from rich.console import Console

    from agent.display import LiveDisplay
    from agent.narrators import PlainLines, Silent

    if as_json:
        return Silent(), nullcontext()
    console = Console()
    if not console.is_terminal:
        return PlainLines(typer.echo, plan.spec.objective), nullcontext()
    display = LiveDisplay(console, plan.spec)
    return display, display


def _draw(plan: "Plan", loop: "Loop") -> Path | None:
    """Draw the campaign's picture."""
    from agent.pictures.page import draw_page

    path = plan.folder / f"{plan.spec.name}.png"
    try:
        return draw_page(plan.spec, plan.space, loop.history, path, plan.beamline.motions)
    except Exception as error:  # the campaign is done and on record, whatever happens to its picture
        print(f"nightbeam: the picture could not be drawn: {error}", file=sys.stderr)
        return None


def _summary(plan: "Plan", loop: "Loop", ending: "Ending", picture: Path | None) -> dict[str, Any]:
    from db.urls import shown
    from models.domain.ranking import ranked

    best = ranked(loop.history, plan.spec.objective) if plan.spec.objective.has_best else []
    return {
        "campaign": plan.spec.name,
        "ending": ending.code,
        "sentence": ending.sentence,
        "decisions": len(loop.history.decisions),
        "measurements": loop.history.n_measured,
        "failures": len(loop.history.failures),
        "best": {
            "seq": best[0][0].seq,
            "point": best[0][0].point.model_dump(exclude_none=True) if best[0][0].point else None,
            "feature": best[0][1][0].model_dump(),
            "features": [feature.model_dump() for feature in best[0][1]],
        }
        if best
        else None,
        "database": shown(plan.url),
        "folder": str(plan.folder),
        "picture": str(picture) if picture else None,
    }
