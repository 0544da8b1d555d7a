"""`nightbeam log`: the decisions, one a line."""

import json
from typing import Annotated

import typer

from agent.commands.options import DEFAULT_DATABASE, AsJson, Database


def log(
    db: Database = DEFAULT_DATABASE,
    campaign: Annotated[
        str | None, typer.Option("--campaign", metavar="NAME", help="Only this campaign.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the decisions, one a line: seq, time, kind, actor, point, reason, outcome.

    Example: `nightbeam log --campaign first_light`
    """
    from db.engine import open_to_read
    from db.queries import LoggedDecision, read_campaigns, read_decision_list

    def show(entry: LoggedDecision) -> str:
        decision = entry.decision
        point = decision.point
        if as_json:
            return json.dumps(
                {
                    "campaign": entry.campaign,
                    "seq": decision.seq,
                    "utc": entry.utc,
                    "kind": decision.kind,
                    "actor": f"{decision.actor.kind}:{decision.actor.name}",
                    "point": point.coordinates | ({"sample": point.sample} if point.sample else {})
                    if point
                    else None,
                    "reason": decision.reason.sentence,
                    "outcome": entry.outcome,
                },
                ensure_ascii=False,
            )
        where = point.text() if point else "-"
        actor = f"{decision.actor.kind}:{decision.actor.name}"
        time = entry.utc[:19].replace("T", " ") + "Z"
        return "  ".join(
            (f"{decision.seq:4d}", time, f"{decision.kind:<14}", actor, where,
             decision.reason.sentence, f"=> {entry.outcome}")
        )  # fmt: skip

    with open_to_read(db).connect() as connection:
        for logged in read_campaigns(connection, campaign):
            if not as_json:
                typer.echo(f"# campaign {logged.name}: {logged.spec.objective.text()}")
            for entry in read_decision_list(connection, logged):
                typer.echo(show(entry))
