"""`nightbeam plan`: how much a target is likely to need, from rehearsals."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.commands.options import DEFAULT_DATABASE, AsJson, CampaignFile, Database, Dataset
from agent.commands.rehearsal_progress import telling
from agent.commands.rehearse import FOLDER, Asked, Dask, More, Out, Workers, World, prepare

if TYPE_CHECKING:
    from agent.rehearsal.planning import Plan
    from agent.rehearsal.setting import Setting
    from agent.rehearsal.sweep import Order, Sweep
    from agent.rehearsal.target import Target

DEFAULT_SEEDS = 40
BEYOND = 2
"""A night goes on for so many times its budget where nothing else is said: to see what more would need."""
NUMBERS = "plan.json"


def plan(  # noqa: PLR0913  a command has its options
    file: CampaignFile,
    target: Annotated[
        str, typer.Option("--target", metavar="SCORE<VALUE", help='Such as "regret<2%" or "rmse<0.05".')
    ],
    strategy: Annotated[
        str | None, typer.Option("--strategy", metavar="NAME", help="Which; the campaign's own.")
    ] = None,
    seeds: Annotated[int, typer.Option("--seeds", min=5, help="Nights to rehearse.")] = DEFAULT_SEEDS,
    most: Annotated[
        int | None, typer.Option("--most", min=1, help="Measurements of a night; twice the budget.")
    ] = None,
    world: World = None,
    more: More = None,
    dask: Dask = None,
    workers: Workers = None,
    out: Out = None,
    db: Database = DEFAULT_DATABASE,
    dataset: Dataset = None,
    as_json: AsJson = False,
) -> None:
    """Tell how many samples, hours, stock and dose a target is likely to need: for a proposal.

    A percentage is of the range of what is sought over the space; shares are of the space, or of the volume
    that the true front dominates. Limits of the budget besides measurements
    are not in force. Exit status: 0 done, 2 bad input, 1 fault.

    Example: `nightbeam plan examples/first_light.toml --target "regret<2%"`
    """
    from agent.rehearsal.sweep import Order
    from agent.rehearsal.target import read_target
    from agent.rehearsal.yardsticks.catalog import yardstick_for

    setting = _alone(prepare(file, dataset, Asked(strategy, world, more, db)), most)
    wanted = read_target(target, yardstick_for(setting.plan.spec.objective).name)
    name = f"{setting.plan.spec.name}-{setting.choice.folder}-plan"
    order = Order(out or Path(FOLDER) / name, seeds, dask, workers, is_contest_only=True)
    found = _carry_out(setting, order, wanted, is_silent=as_json)
    text = found.model_dump_json(indent=1)
    (order.folder / NUMBERS).write_text(text, encoding="utf-8")
    typer.echo(text if as_json else "\n".join([*found.lines(), f"numbers: {order.folder / NUMBERS}"]))


def _alone(setting: "Setting", most: int | None) -> "Setting":
    """The setting with its first strategy alone, on nights that only a count of measurements ends."""
    name, (contender, problem) = next(iter(setting.plans.items()))
    n = most or BEYOND * contender.spec.budget.measurements
    budget = contender.spec.budget.model_copy(update={"measurements": n, "hours": None, "exposure_s": None})
    spec = contender.spec.model_copy(update={"budget": budget})
    own = setting.plan.spec.model_copy(update={"budget": budget})
    return replace(
        setting,
        plan=replace(setting.plan, spec=own),
        plans={name: (replace(contender, spec=spec), problem)},
    )


def _carry_out(setting: "Setting", order: "Order", wanted: "Target", *, is_silent: bool) -> "Plan":
    from agent.rehearsal.sweep import carry_out

    with telling(is_silent=is_silent) as tell:
        if setting.choice.why:
            tell.say(setting.choice.why)
        return _read(carry_out(setting, order, tell), wanted)


def _read(sweep: "Sweep", wanted: "Target") -> "Plan":
    from agent.rehearsal.pairing import share_interval
    from agent.rehearsal.planning import Plan, needs_of
    from agent.rehearsal.sweep import budget_of
    from agent.rehearsal.yardsticks.catalog import yardstick_for

    setting, most = sweep.setting, budget_of(sweep.setting)
    spec, unit = setting.plan.spec, setting.unit
    yardstick, scale = yardstick_for(spec.objective), sweep.scale
    level = wanted.level(scale)
    reached, needs = needs_of(sweep.tracks, level, most, spec.measurement.sample_unit)
    low, high = share_interval(reached * len(sweep.tracks), len(sweep.tracks))
    return Plan(
        campaign=spec.name,
        strategy=next(iter(setting.plans)),
        world=setting.choice.text(),
        target=wanted.text(scale, "share" if yardstick.is_share else unit, yardstick.of),
        n_seeds=len(sweep.tracks),
        most=most,
        reached=reached,
        reached_low=low,
        reached_high=high,
        needs=needs,
        caution=setting.choice.caution,
    )
