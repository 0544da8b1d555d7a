"""`nightbeam db`: make a database, bring it up to date."""

from typing import Annotated

import typer

from agent.commands.options import DEFAULT_DATABASE, Database

database = typer.Typer(
    name="db", help="Make a database, or bring an older one up to date.", no_args_is_help=True
)


@database.command()
def init(
    db: Database = DEFAULT_DATABASE,
    roles: Annotated[
        bool, typer.Option("--roles", help="PostgreSQL: make the roles owner, agent and reader as well.")
    ] = False,
) -> None:
    """Make the tables of a new database; a run does so by itself where it may.

    Example: `nightbeam db init --roles --db postgresql+psycopg://admin@host/nights`
    """
    from db.engine import is_new, open_to_write
    from db.roles import AGENT, OWNER, READER, make_roles
    from db.urls import shown

    was_new = is_new(db)
    engine = open_to_write(db)
    if roles:
        with engine.begin() as connection:
            make_roles(connection, db)
    engine.dispose()
    typer.echo(f"{shown(db)}: {'the tables are made' if was_new else 'the tables were there already'}")
    if roles:
        typer.echo(
            f"roles: {OWNER} owns the tables, {AGENT} may add rows, {READER} may look.\n"
            f"next: GRANT {AGENT} TO the user that runs campaigns, GRANT {READER} TO those who review."
        )


@database.command()
def upgrade(db: Database = DEFAULT_DATABASE) -> None:
    """Bring an older database up to date, all or nothing; its record stays as it is, and its ledger valid.

    Example: `nightbeam db upgrade --db sqlite:///nights.db`
    """
    from db.engine import migrate
    from db.urls import place, shown

    before, after = migrate(db)
    if before == after:
        typer.echo(f"{shown(db)}: revision {after}, which is the newest")
    else:
        typer.echo(
            f"{shown(db)}: from revision {before} to {after}; look at it with nightbeam verify {place(db)}"
        )
