"""`nightbeam deck`: what is left on the deck, what was taken, and how long it lasts."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.commands.options import DEFAULT_DATABASE, AsJson, Database
from models.domain.errors import BadInput

if TYPE_CHECKING:
    from models.domain.campaign import CampaignSpec
    from models.domain.history import History


def deck(
    db: Database = DEFAULT_DATABASE,
    campaign: Annotated[
        str | None,
        typer.Option("--campaign", metavar="NAME", help="Which campaign."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what is left on a campaign's deck: of each stock, tips, wells, rinse and room for waste.

    What was taken is added up from the debits on record, one for each thing that a dispense took.

    Example: `nightbeam deck --campaign formulation`
    """
    from db.annotations import chosen
    from db.engine import open_to_read
    from db.histories import read_history
    from db.queries import read_campaigns

    with open_to_read(db).connect() as connection:
        logged = chosen(read_campaigns(connection, campaign))
        spec, history = logged.spec, read_history(connection, logged.id)
    rows = _rows(spec, history)
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
    else:
        _show(rows)


def _rows(spec: "CampaignSpec", history: "History") -> list[dict[str, Any]]:
    """One entry for everything on the deck."""
    from models.formulation.deck import read_deck
    from models.formulation.forecasting import forecast
    from models.formulation.standing import state_after
    from models.formulation.state import full_state

    if spec.deck is None:
        raise BadInput(f"campaign {spec.name}", "has no deck", "Add the table [deck] to its file")
    read = read_deck(spec.deck, spec.axes)
    full, left = full_state(read), state_after(read, history)
    recipes = [one.recipe for one in history.decisions if one.recipe is not None]
    lasts = {one.name: one.n_samples for one in forecast(left, recipes)}
    return [
        {"name": name, "at_first": there, "taken": there - is_left, "left": is_left, "unit": unit,
         "lasts_samples": lasts.get(name)}
        for (name, unit, there), (_, _, is_left) in zip(full.counted(), left.counted(), strict=True)
    ]  # fmt: skip


def _show(rows: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, padding=(0, 2))
    table.add_column("on the deck")
    for heading in ("at first", "taken", "left", "lasts for"):
        table.add_column(heading, justify="right")
    for row in rows:
        shown = [_shown(row[key], row["unit"]) for key in ("at_first", "taken", "left")]
        lasts = row["lasts_samples"]
        table.add_row(row["name"], *shown, "" if lasts is None else f"{lasts} samples")
    Console(markup=False).print(table)


def _shown(amount: float, unit: str) -> str:
    return f"{amount:.0f}" if unit == "1" else f"{amount / 1000:.3f} mL"
