"""`nightbeam pause`, `resume`, `veto`, `pin` and `stop`: what people ask of a night, typed beside it."""

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.commands.options import DEFAULT_DATABASE, Database
from models.domain.errors import BadInput

if TYPE_CHECKING:
    from agent.steering import Standing
    from db.queries import LoggedCampaign
    from models.domain.request import RequestKind

Name = Annotated[
    str | None, typer.Option("--campaign", metavar="NAME", help="Which; the only one when left out.")
]
Who = Annotated[
    str | None, typer.Option("--who", metavar="WHO", help="The person; your user name when left out.")
]
Why = Annotated[str, typer.Option("--why", metavar="WHY", help="The reason; it goes on record.")]


def pause(why: Why, who: Who = None, campaign: Name = None, db: Database = DEFAULT_DATABASE) -> None:
    """Let a night wait: after the measurement in hand the shutter is closed and nothing is decided.

    Example: `nightbeam pause --campaign first_light --who "A. Meyer" --why "hutch search"`
    """
    _ask(db, campaign, "pause", who, why)


def resume(why: Why, who: Who = None, campaign: Name = None, db: Database = DEFAULT_DATABASE) -> None:
    """Let a paused night go on.

    Example: `nightbeam resume --campaign first_light --who "A. Meyer" --why "hutch is closed"`
    """
    _ask(db, campaign, "resume", who, why)


def stop(why: Why, who: Who = None, campaign: Name = None, db: Database = DEFAULT_DATABASE) -> None:
    """End a night after the measurement in hand, as Ctrl-C does.

    Example: `nightbeam stop --campaign first_light --who "A. Meyer" --why "beam dump at six"`
    """
    _ask(db, campaign, "stop", who, why)


def pin(  # noqa: PLR0913  each option of the command is an argument
    why: Why,
    place: Annotated[
        list[str] | None, typer.Argument(metavar="AXIS=VALUE...", help="Where, one word an axis.")
    ] = None,
    sample: Annotated[
        str | None, typer.Option("--sample", metavar="NAME", help="A sample of the campaign's list.")
    ] = None,
    exposure_s: Annotated[
        float | None,
        typer.Option("--exposure", metavar="S", min=1e-6, help="Exposure, s; the campaign's own otherwise."),
    ] = None,
    home: Annotated[
        Path | None,
        typer.Option("--home", metavar="DIR", help="Folder of your feasibility function, to ask it now."),
    ] = None,
    who: Who = None,
    campaign: Name = None,
    db: Database = DEFAULT_DATABASE,
) -> None:
    """Measure this point next, in place of what the strategy would choose.

    Example: `nightbeam pin surfactant=0.2 cosurfactant=0.1 water=0.7 --why "a ring, by eye"`
    """
    from agent.steering import pinned_point

    logged, standing = _standing(db, campaign, home)
    point = pinned_point(standing, place or [], sample)
    exposure_s = standing.exposure_s if exposure_s is None else exposure_s
    _write(db, (logged, standing), "pin", who, why, point=point, exposure_s=exposure_s)


def veto(  # noqa: PLR0913  each option of the command is an argument
    why: Why,
    seq: Annotated[
        int | None, typer.Argument(metavar="[SEQ]", help="A decision that is waiting; the one at hand.")
    ] = None,
    point: Annotated[
        list[str] | None,
        typer.Option(
            "--point", metavar="AXIS=VALUE", help="Instead, a place; once for each axis that counts."
        ),
    ] = None,
    radius: Annotated[
        float | None,
        typer.Option("--radius", metavar="R", min=0, max=1, help="How far, as a share of each axis' range."),
    ] = None,
    hours: Annotated[
        float | None,
        typer.Option("--for", metavar="HOURS", min=1e-6, help="How long; as long as the campaign otherwise."),
    ] = None,
    lift: Annotated[
        int | None, typer.Option("--lift", metavar="REQUEST", help="Instead, take this veto back.")
    ] = None,
    who: Who = None,
    campaign: Name = None,
    db: Database = DEFAULT_DATABASE,
) -> None:
    """Forbid the decision at hand, or all points near one.

    Example: `nightbeam veto --point surfactant=0.2 --point water=0.7 --radius 0.1 --for 2 --why bubbles`
    """
    from agent.steering import place_of, vetoed_decision
    from models.domain.point import Point
    from models.domain.request import VETO_RADIUS

    if sum(one is not None for one in (seq, point, lift)) > 1:
        raise BadInput("veto", "SEQ, --point and --lift exclude each other", "Give one of them")
    if lift is not None:
        _ask(db, campaign, "lift", who, why, lifts=lift)
        return
    both = _, standing = _standing(db, campaign)
    radius = VETO_RADIUS if radius is None else radius
    if point:
        place = Point(coordinates=place_of(point, standing.problem.space))
        _write(db, both, "veto", who, why, point=place, radius=radius, hours=hours)
    else:
        of = vetoed_decision(standing, seq)
        _write(db, both, "veto", who, why, seq=of, radius=radius, hours=hours)


def _ask(db: str, name: str | None, kind: "RequestKind", who: str | None, why: str, **what: Any) -> None:
    _write(db, _standing(db, name), kind, who, why, **what)


def _standing(db: str, name: str | None, home: Path | None = None) -> "tuple[LoggedCampaign, Standing]":
    """The campaign that is meant, and how it stands."""
    from agent.steering import Standing
    from agent.strategy.problem import Problem
    from db.annotations import chosen
    from db.engine import open_to_read
    from db.histories import read_actions, read_history
    from db.queries import read_campaigns
    from db.requests import read_requests

    with open_to_read(db).connect() as connection:
        logged = chosen(read_campaigns(connection, name))
        problem = Problem.model_validate_json(logged.problem_json)
        if problem.space.feasible is not None and home is None:
            # its code is run where somebody says so; the run itself asks it before it obeys
            problem = problem.model_copy(
                update={"space": problem.space.model_copy(update={"feasible": None})}
            )
        elif home is not None:
            from agent.plugs import add_home

            add_home(home)
        history = read_history(connection, logged.id)
        standing = Standing(
            logged.name,
            problem,
            logged.spec.measurement.exposure_s,
            history,
            read_requests(connection, logged.id),
            read_actions(connection, logged.id, len(history.decisions)),
        )
    return logged, standing


def _write(
    db: str,
    campaign: "tuple[LoggedCampaign, Standing]",
    kind: "RequestKind",
    who: str | None,
    why: str,
    **what: Any,
) -> None:
    """Append the request, and say so."""
    from agent.clock import system_clock
    from agent.steering import refuse_idle
    from db.asking import add_request
    from models.domain.request import Request

    for option, said in (("--why", why), ("--who", getpass.getuser() if who is None else who)):
        if not said.strip():
            raise BadInput(option, "is empty", "Say something")
    logged, standing = campaign
    request = Request(kind=kind, who=who or getpass.getuser(), why=why, **what)
    refuse_idle(standing, request)
    number = add_request(db, logged, request, system_clock()())
    typer.echo(
        f"request {number}, {request.text()}, by {request.who}: obeyed between two decisions of "
        f"{logged.name!r}, or when it is run again"
    )
