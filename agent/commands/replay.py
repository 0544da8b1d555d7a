"""`nightbeam replay`: compute decisions again from the log alone."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.commands.options import DEFAULT_DATABASE, AsJson, Database
from models.domain.errors import BadInput

if TYPE_CHECKING:
    from agent.replay import Circumstances, Replayed
    from agent.strategy.problem import Problem
    from db.queries import LoggedCampaign
    from models.domain.history import History

EXIT_DIFFERS = 1
ALL = "all"


@dataclass(frozen=True)
class Recorded:
    """One campaign as the log has it: all that a replay needs."""

    name: str
    """Its name."""
    problem: "Problem"
    """What its strategies were told."""
    history: "History"
    """What happened."""
    under: "tuple[Circumstances, ...]"
    """Under what each decision was made, in the order of `seq`."""
    environments: tuple[str, ...]
    """With what each decision was computed, as canonical JSON, in the order of `seq`."""


def replay(
    which: Annotated[str, typer.Argument(metavar="SEQ|all", help="A decision's number, or all of them.")],
    db: Database = DEFAULT_DATABASE,
    campaign: Annotated[
        str | None, typer.Option("--campaign", metavar="NAME", help="The campaign, where there are several.")
    ] = None,
    home: Annotated[
        Path | None,
        typer.Option(
            "--home",
            metavar="DIR",
            help="Folder of your own strategy's or feasibility function's module, which is run.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Compute decisions again from the log alone, and compare point, posterior and acquisition value.

    Each is `exact` (bit for bit), `within tolerance` (1e-6 of an axis' range, of the spread of the values, of
    the acquisition), `differs`, `refused` (its model state was edited) or `not computed` (a person decided).
    Nothing is written. Exit status: 0 unless one differs or is refused, then 1; 2 bad input.

    Example: `nightbeam replay all --campaign first_light`
    """
    recorded = _read(db, campaign)
    seqs = _chosen(which, recorded)
    _find_own_parts(recorded, home)
    changes = _changes(recorded, seqs)
    if as_json:
        replayed = list(_replay(recorded, seqs))
        facts = {
            "campaign": recorded.name,
            "environment": changes,
            "decisions": [asdict(one) for one in replayed],
            "summary": _summary(replayed, changes),
        }
        typer.echo(json.dumps(facts, ensure_ascii=False))
    else:
        replayed = _tell(recorded, seqs, changes)
    if not all(one.is_good for one in replayed):
        raise typer.Exit(EXIT_DIFFERS)


def _read(db: str, name: str | None) -> Recorded:
    """The campaign that is meant, out of the database."""
    from db.engine import open_to_read
    from db.queries import read_campaigns
    from db.readable import refuse_edited
    from db.urls import place

    with open_to_read(db).connect() as connection:
        found = read_campaigns(connection, name)
        if len(found) != 1:
            names = ", ".join(one.name for one in found)
            raise BadInput(
                place(db),
                f"holds {len(found)} campaigns" + (f" ({names})" if names else ""),
                "Choose one with --campaign NAME" if names else "Run one first",
            )
        with refuse_edited(connection):
            return _recorded(connection, found[0])


def _recorded(connection: Any, campaign: "LoggedCampaign") -> Recorded:
    from agent.replay import Circumstances
    from agent.strategy.problem import Problem
    from db.histories import read_history
    from db.queries import read_provenance, read_sessions

    history = read_history(connection, campaign.id)
    sessions = {session.id: session for session in read_sessions(connection, campaign.id)}
    origins = read_provenance(connection, campaign.id)
    problem = Problem.model_validate_json(campaign.problem_json)
    for session in sessions.values():
        json.loads(session.environment_json)
    under = tuple(
        Circumstances(sessions[one.session_id].spec, campaign.utc, one.utc, one.model_sha256)
        for one in origins
    )
    environments = tuple(sessions[one.session_id].environment_json for one in origins)
    return Recorded(campaign.name, problem, history, under, environments)


def _chosen(which: str, recorded: Recorded) -> range:
    """`seq` of the decisions that are meant."""
    n_decisions = len(recorded.history.decisions)
    if which == ALL:
        return range(1, n_decisions + 1)
    if not which.isdecimal() or not 1 <= int(which) <= n_decisions:
        raise BadInput(
            f"SEQ {which}",
            f"there is no such decision; the campaign {recorded.name!r} has {n_decisions}",
            f"Give a number from 1 to {n_decisions}, or all" if n_decisions else "Run it first",
        )
    return range(int(which), int(which) + 1)


def _find_own_parts(recorded: Recorded, home: Path | None) -> None:
    """Let one's own parts be found where the user says; what a record names is not run for that alone."""
    from agent.plugs import add_home

    if home is not None:
        if not home.is_dir():
            raise BadInput(f"--home {home}", "there is no such folder", "Name the folder of your module")
        add_home(home)
        return
    named = [one.spec.strategy.kind for one in recorded.under if ":" in one.spec.strategy.kind]
    own = next(iter([*named, *filter(None, [recorded.problem.space.feasible])]), None)
    if own is not None:
        raise BadInput(
            f"campaign {recorded.name!r}",
            f"was decided by {own!r}, whose code is not in the log and is run only where you say so",
            "Give the folder of its module with --home DIR",
        )


def _changes(recorded: Recorded, seqs: range) -> list[str]:
    """How the environments of the decisions differ from this one, each with the decisions it holds for."""
    from agent.environment import differences, environment_json

    now = environment_json()
    held_for: dict[str, list[int]] = {}
    known: dict[str, tuple[str, ...]] = {}
    for seq in seqs:
        then = recorded.environments[seq - 1]
        known.setdefault(then, differences(then, now))
        for sentence in known[then]:
            held_for.setdefault(sentence, []).append(seq)
    return [
        sentence if len(found) == len(seqs) else f"{sentence} (decisions {_ranges(found)})"
        for sentence, found in held_for.items()
    ]


def _ranges(seqs: list[int]) -> str:
    """Numbers in a row as ``1-20, 25``."""
    runs: list[list[int]] = []
    for seq in seqs:
        if runs and seq == runs[-1][-1] + 1:
            runs[-1].append(seq)
        else:
            runs.append([seq])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def _replay(recorded: Recorded, seqs: range) -> "Iterator[Replayed]":
    from agent.replay import replay as compute_again

    for seq in seqs:
        try:
            yield compute_again(recorded.problem, recorded.history, seq, recorded.under[seq - 1])
        except BadInput as error:
            raise error.within(f"campaign {recorded.name!r}") from None


def _tell(recorded: Recorded, seqs: range, changes: list[str]) -> "list[Replayed]":
    """Print a line for each difference of the environment, then one a decision, then the summary."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(soft_wrap=True, highlight=False, markup=False)
    for sentence in changes:
        console.print(f"environment: {sentence}")
    replayed: list[Replayed] = []
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("decisions", total=len(seqs))
        for one in _replay(recorded, seqs):
            replayed.append(one)
            console.print(f"{one.seq:4d}  {one.kind:<14}  {one.verdict:<16}  {one.sentence}")
            bar.advance(task)
    console.print(_summary(replayed, changes))
    return replayed


def _summary(replayed: "list[Replayed]", changes: list[str]) -> str:
    """``34 decisions: 33 exact, 1 not computed; environment the same``."""
    counts = Counter(one.verdict for one in replayed)
    order = ("exact", "within tolerance", "differs", "refused", "not computed")
    fared = ", ".join(f"{counts[verdict]} {verdict}" for verdict in order if counts[verdict])
    n_decisions = f"{len(replayed)} decision{'' if len(replayed) == 1 else 's'}"
    environment = f"environment differs in {len(changes)}" if changes else "environment the same"
    return f"{n_decisions}: {fared or 'nothing to compute'}; {environment}"
