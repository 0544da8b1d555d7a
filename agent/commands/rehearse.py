"""`nightbeam rehearse`: try strategies offline before spending a night."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.commands.options import DEFAULT_DATABASE, AsJson, CampaignFile, Database, Dataset
from agent.commands.rehearsal_progress import telling
from models.domain.errors import BadInput

if TYPE_CHECKING:
    from agent.rehearsal.setting import Setting
    from agent.rehearsal.sweep import Sweep
    from agent.rehearsal.verdict import Verdict

DEFAULT_SEEDS = 20
REPORT, NUMBERS, TONIGHT = "report.html", "report.json", "tonight.toml"
FOLDER = "nightbeam-rehearsal"
"""Where rehearsals go, in the working folder, each in a folder of its own."""

World = Annotated[
    str | None,
    typer.Option(
        "--world",
        metavar="twin|fast|DIR|log:CAMPAIGN",
        help="What to rehearse on: the full twin, the fast twin, a folder of measured curves, or an emulator "
        "of a finished campaign in --db. By the instrument when left out.",
    ),
]
Dask = Annotated[
    str | None,
    typer.Option("--dask", metavar="ADDRESS", help="A Dask scheduler; processes of this machine otherwise."),
]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help=f"Folder of record and report; in {FOLDER}/.")
]
More = Annotated[Path | None, typer.Option("--file", metavar="TOML", help="A file of further strategies.")]
Workers = Annotated[
    int | None, typer.Option("--workers", min=1, help="Processes on this machine; one a processor.")
]


def rehearse(  # noqa: PLR0913  a command has its options
    file: CampaignFile,
    strategies: Annotated[
        str | None,
        typer.Option("--strategies", metavar="A,B,...", help="Which; the file's own and all with tables."),
    ] = None,
    seeds: Annotated[int, typer.Option("--seeds", min=2, help="Nights of each strategy.")] = DEFAULT_SEEDS,
    world: World = None,
    more: More = None,
    dask: Dask = None,
    workers: Workers = None,
    out: Out = None,
    contest_only: Annotated[
        bool,
        typer.Option("--contest-only", help="Leave out fresh seeds, and what noise and start matter."),
    ] = False,
    db: Database = DEFAULT_DATABASE,
    dataset: Dataset = None,
    as_json: AsJson = False,
) -> None:
    """Rehearse strategies on a twin, on measured curves or on a finished night, and say which to run.

    Random, grid and Sobol always run beside. The same command goes on where it was interrupted. Writes
    report.html, report.json, tonight.toml and rehearsal.db. Exit status: 0 done, 2 bad input, 1 fault.

    Example: `nightbeam rehearse examples/first_light.toml --seeds 20`
    """
    from agent.rehearsal.sweep import Order, carry_out

    setting = prepare(file, dataset, Asked(strategies, world, more, db))
    order = Order(
        folder=out or Path(FOLDER) / f"{setting.plan.spec.name}-{setting.choice.folder}",
        n_seeds=seeds,
        address=dask,
        n_workers=workers,
        is_contest_only=contest_only,
    )
    with telling(is_silent=as_json) as tell:
        if setting.choice.why:
            tell.say(setting.choice.why)
        sweep = carry_out(setting, order, tell)
    verdict = write_report(sweep, order.folder)
    if as_json:
        typer.echo(verdict.model_dump_json())
    else:
        _show(verdict, order.folder)


class Asked:
    """What was asked for, as the options say it."""

    def __init__(self, strategies: str | None, world: str | None, more: Path | None, db: str) -> None:
        """Keep it."""
        self.names = tuple(one.strip() for one in (strategies or "").split(",") if one.strip())
        self.world, self.more, self.db = world, more, db


def prepare(file: Path, dataset: Path | None, asked: Asked) -> "Setting":
    """Check everything, before any campaign starts."""
    from agent.config import read_campaign
    from agent.rehearsal.contenders import contenders_of
    from agent.rehearsal.setting import choose_world, in_world, prepare_setting

    try:
        spec = read_campaign(file, dataset)
        choice = choose_world(asked.world, spec)
        own = in_world(spec, choice)
        setting = prepare_setting(choice, own, contenders_of(own, asked.names, asked.more), file.parent)
    except BadInput as error:
        raise error if error.where.startswith(("--", str(file))) else error.within(str(file)) from None
    if choice.kind == "log":
        from agent.rehearsal.learning import emulate

        return emulate(setting, asked.db)
    return setting


def write_report(sweep: "Sweep", folder: Path) -> "Verdict":
    """Write the report's three files; what it found."""
    from agent.rehearsal.page import report_page
    from agent.rehearsal.reaching import reach_verdict
    from agent.rehearsal.tonight import campaign_toml

    verdict = reach_verdict(sweep)
    spec = sweep.setting.for_tonight(verdict.recommended)
    tonight = campaign_toml(spec, f"{verdict.sentence} Lay it beside the campaign file that was rehearsed.")
    for name, text in (
        (REPORT, report_page(verdict, tonight)),
        (NUMBERS, json.dumps(json.loads(verdict.model_dump_json()), indent=1, ensure_ascii=False)),
        (TONIGHT, tonight),
    ):
        try:
            (folder / name).write_text(text, encoding="utf-8")
        except OSError as error:
            raise BadInput(
                f"--out {folder}", f"cannot be written ({error.strerror})", "Name another"
            ) from error
    return verdict


def _show(verdict: "Verdict", folder: Path) -> None:
    """Print a line a strategy, the recommendation, and where the report is."""
    unit = "" if verdict.unit in ("1", "share") else f" {verdict.unit}"
    for one in verdict.strategies:
        final = one.final
        typer.echo(
            f"{one.name:<20} {verdict.score} {final.middle:.3g} ({final.low:.3g} to {final.high:.3g}){unit} "
            f"after {verdict.budget}; better than the others in {one.share_won:.0%}"
        )
    typer.echo(verdict.sentence)
    if verdict.caution:
        typer.echo(verdict.caution)
    typer.echo(f"report: {folder / REPORT}")
