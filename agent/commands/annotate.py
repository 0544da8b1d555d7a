"""`nightbeam annotate`: what a person says about a decision, or about the whole campaign."""

import getpass
from typing import Annotated, Literal

import typer

from agent.commands.options import DEFAULT_DATABASE, Database
from models.domain.errors import BadInput


def annotate(  # noqa: PLR0913  each option of the command is an argument
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What is said.")],
    campaign: Annotated[
        str | None, typer.Option("--campaign", metavar="NAME", help="Which; the only one when left out.")
    ] = None,
    seq: Annotated[int | None, typer.Option("--seq", metavar="SEQ", help="The decision it is about.")] = None,
    kind: Annotated[
        Literal["note", "review", "sign_off"], typer.Option("--kind", help="Sort of annotation.")
    ] = "note",
    who: Annotated[
        str | None, typer.Option("--who", metavar="NAME", help="The person; your user name when left out.")
    ] = None,
    db: Database = DEFAULT_DATABASE,
) -> None:
    """Add a note, a review or a sign-off to the record. It changes nothing that happened.

    Example: `nightbeam annotate "bubble seen on the camera" --seq 17 --who "A. Meyer"`
    """
    from agent.clock import system_clock
    from db.annotations import add_annotation
    from models.domain.records import Annotation

    if not text.strip():
        raise BadInput("TEXT", "is empty", "Say something")
    note = Annotation(kind=kind, who=who or getpass.getuser(), text=text, seq=seq)
    entry = add_annotation(db, campaign, note, system_clock()())
    about = "the campaign" if seq is None else f"decision {seq}"
    typer.echo(f"{kind} of {note.who} on {about}: entry {entry.n} of the ledger")
