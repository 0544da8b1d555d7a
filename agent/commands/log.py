"""`nightbeam log`: the decisions, one a line, or one of them with all that is on record of it."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from agent.commands.options import DEFAULT_DATABASE, AsJson, Database
from models.domain.errors import BadInput

if TYPE_CHECKING:
    from db.detail import Remark
    from db.queries import LoggedDecision


def log(
    db: Database = DEFAULT_DATABASE,
    campaign: Annotated[
        str | None, typer.Option("--campaign", metavar="NAME", help="Only this campaign.")
    ] = None,
    seq: Annotated[
        int | None, typer.Option("--seq", metavar="SEQ", help="Everything about this decision.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show the decisions, one a line: seq, time, kind, actor, point, reason, outcome.

    With `--seq`, show one decision: why, the alternatives, the model, the commands, the outcome, the notes.

    Example: `nightbeam log --campaign first_light --seq 20`
    """
    from db.detail import read_detail, read_remarks
    from db.engine import open_to_read
    from db.queries import read_campaigns, read_decision_list

    with open_to_read(db).connect() as connection:
        campaigns = read_campaigns(connection, campaign)
        if seq is not None:
            if len(campaigns) != 1:
                names = ", ".join(one.name for one in campaigns) or "(none yet)"
                raise BadInput(
                    "--seq", f"which campaign is meant is open: {names}", "Name it with --campaign"
                )
            from agent.commands.decision import show_decision

            show_decision(read_detail(connection, campaigns[0], seq), as_json)
            return
        for logged in campaigns:
            if as_json:
                for entry in read_decision_list(connection, logged):
                    typer.echo(_as_json(entry))
                continue
            typer.echo(f"# campaign {logged.name}: {logged.spec.objective.text()}")
            remarks = read_remarks(connection, logged.id)
            last = 0
            for entry in read_decision_list(connection, logged):
                last = entry.decision.seq
                typer.echo(_line(entry))
                _tell(remark for remark in remarks if remark.seq == entry.decision.seq)
            _tell(remark for remark in remarks if remark.seq is None or remark.seq > last)


def _line(entry: "LoggedDecision") -> str:
    decision = entry.decision
    where = decision.point.text() if decision.point else "-"
    actor = f"{decision.actor.kind}:{decision.actor.name}"
    return "  ".join(
        (f"{decision.seq:4d}", _time(entry.utc), f"{decision.kind:<14}", actor, where,
         decision.reason.sentence, f"=> {entry.outcome}")
    )  # fmt: skip


def _tell(remarks: Iterable["Remark"]) -> None:
    for remark in remarks:
        typer.echo(f"      {_time(remark.utc)}  {remark.sort}: {remark.text}")


def _time(utc: str) -> str:
    return utc[:19].replace("T", " ") + "Z"


def _as_json(entry: "LoggedDecision") -> str:
    decision = entry.decision
    point = decision.point
    return json.dumps(
        {
            "campaign": entry.campaign,
            "seq": decision.seq,
            "utc": entry.utc,
            "kind": decision.kind,
            "actor": f"{decision.actor.kind}:{decision.actor.name}",
            "point": dict(point.coordinates) | ({"sample": point.sample} if point.sample else {})
            if point
            else None,
            "reason": decision.reason.sentence,
            "outcome": entry.outcome,
        },
        ensure_ascii=False,
    )
