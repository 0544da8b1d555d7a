"""`nightbeam check`: whether a campaign would run, and what it would do."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agent.commands.options import DEFAULT_DATABASE, AsJson, Database, Dataset
from models.domain.clock import SECONDS_PER_HOUR
from models.domain.errors import BadInput

if TYPE_CHECKING:
    from agent.plan import Plan

CONNECT_TIMEOUT_S = 5.0
"""How long all devices together may take to answer."""


def check(
    file: Annotated[Path | None, typer.Argument(metavar="CAMPAIGN.toml", help="The campaign file.")] = None,
    db: Database = DEFAULT_DATABASE,
    dataset: Dataset = None,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON schema of campaign files and stop.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Validate a campaign file and say what would happen. Nothing is written, nothing moves.

    Example: `nightbeam check examples/first_light.toml`
    """
    if schema:
        from agent.assemble import shipped_schema

        typer.echo(json.dumps(shipped_schema(), indent=2))
        return
    if file is None:
        raise BadInput("check", "no campaign file is named", "Give a CAMPAIGN.toml, or --schema")
    from agent.campaign import Campaign
    from instruments.beamline import unreachable_devices

    plan = Campaign.from_toml(file, db=db, dataset=dataset).check()
    missing = unreachable_devices(plan.beamline, CONNECT_TIMEOUT_S)
    facts = _facts(plan, missing)
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False))
    else:
        _show(facts)
    if missing:
        raise BadInput(
            f"{file}: instrument",
            f"{', '.join(missing)} did not answer within {CONNECT_TIMEOUT_S:g} s",
            "Start the device, or correct its name",
        )


def _facts(plan: "Plan", missing: tuple[str, ...]) -> dict[str, Any]:
    from agent.commands.terms import load_line, people_lines
    from agent.doubts import doubts
    from agent.lasting import deck_lasts
    from agent.meanwhile import measurement_s
    from db.urls import shown

    spec = plan.spec
    n_samples = spec.budget.measurements
    if plan.space.candidates:
        n_samples = min(n_samples, len(plan.space.candidates))
    blank = spec.measurement.blank
    n_between = None if blank is None else blank.n_between
    n_blanks = -(-n_samples // n_between) if n_between else int(blank is not None)
    each_s = measurement_s(spec, plan.beamline) + _journey_s(plan)
    seconds = (n_samples + n_blanks) * each_s
    return {
        "campaign": spec.name,
        "state": "new" if plan.identity.is_new else "on record: a run would resume it",
        "objective": spec.objective.text(),
        "axes": [axis.model_dump() | {"range": axis.range_text()} for axis in plan.space.axes],
        "sums": [constraint.model_dump(mode="json") for constraint in plan.space.sums],
        "linear": [constraint.model_dump(mode="json") for constraint in plan.space.linear],
        "constraints": [constraint.text() for constraint in plan.space.constraints.values()],
        "region": plan.space.region.text() if plan.space.region else None,
        "feasible": plan.space.feasible,
        "samples_that_exist": len(plan.space.candidates) or None,
        "strategy": spec.strategy.kind,
        "budget": spec.budget.model_dump(),
        "stops_when": list(_stops_when(plan)),
        "doubts": list(doubts(spec, plan.beamline)),
        "deck": deck_lasts(spec),
        "loads": load_line(spec),
        "people": list(people_lines(spec)),
        "measurements": n_samples,
        "blanks": n_blanks,
        "estimated_hours": round(seconds / SECONDS_PER_HOUR, 3),
        "features": dict(plan.beamline.values or {})
        | {
            name: unit.replace("a.u.", spec.analysis.intensity_unit)
            for extractor in plan.extractors
            for name, unit in extractor.makes.items()
        },
        "instrument": plan.instrument,
        "devices": [
            {"role": role, "name": getattr(device, "name", type(device).__name__)}
            for role, device in plan.beamline.devices()
        ],
        "devices_missing": list(missing),
        "database": shown(plan.url),
        "folder": str(plan.folder.with_name(f"{spec.name}-xxxxxx") if plan.identity.is_new else plan.folder),
    }


def _time_text(hours: float) -> str:
    """A time for people: ``40 s``, ``12 min``, ``3.2 h``."""
    seconds = hours * SECONDS_PER_HOUR
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 2 * SECONDS_PER_HOUR else f"{hours:.2g} h"


def _journey_s(plan: "Plan") -> float:
    """Time from one place to the next, s: over a third of each axis, the mean distance of any two places."""
    from models.domain.motion import journey_s

    motions = plan.problem.motions
    thirds = {axis.name: (axis.high - axis.low) / 3 for axis in plan.space.axes if axis.name in motions}
    return journey_s(motions, dict.fromkeys(thirds, 0.0), thirds)


def _stops_when(plan: "Plan") -> Iterator[str]:
    """Every rule in force that ends the campaign before its measurements are done."""
    budget, stock = plan.spec.budget, plan.spec.stock
    if budget.hours is not None:
        yield f"{budget.hours:g} h have passed"
    if budget.exposure_s is not None:
        yield f"samples would be exposed for more than {budget.exposure_s:g} s in all"
    if stock is not None:
        for name, amount in stock.amounts.items():
            yield f"no sample can be made any more of {amount:g} {stock.unit(name, plan.space)} {name}"
    yield f"{budget.failures_in_a_row} decisions in a row brought nothing"
    yield from plan.spec.stop.texts(plan.problem.unit)


def _show(facts: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    table.add_row("campaign", f"{facts['campaign']} ({facts['state']})")
    table.add_row("objective", facts["objective"])
    for axis in facts["axes"]:
        table.add_row("axis", f"{axis['name']}: {axis['range']}")
    for text in facts["constraints"]:
        table.add_row("must hold", text)
    if facts["region"]:
        table.add_row("region", facts["region"])
    if facts["feasible"]:
        table.add_row("feasible", f"where {facts['feasible']} says so")
    if facts["samples_that_exist"]:
        table.add_row("samples", f"{facts['samples_that_exist']} exist")
    table.add_row("strategy", facts["strategy"])
    table.add_row(
        "budget",
        f"{facts['measurements']} measurements and about {facts['blanks']} blanks; "
        f"about {_time_text(facts['estimated_hours'])}",
    )
    if facts["deck"]:
        table.add_row("deck", "\n".join(facts["deck"]))
    if facts["loads"]:
        table.add_row("loads", facts["loads"])
    if facts["people"]:
        table.add_row("people", "; ".join(facts["people"]))
    table.add_row("stops when", "\n".join(facts["stops_when"]))
    for doubt in facts["doubts"]:
        table.add_row("beware", doubt)
    table.add_row(
        "features", ", ".join(f"{n}{'' if u == '1' else f' ({u})'}" for n, u in facts["features"].items())
    )
    names = ", ".join(f"{d['name']} ({d['role']})" for d in facts["devices"])
    reached = (
        f"missing: {', '.join(facts['devices_missing'])}" if facts["devices_missing"] else "all reachable"
    )
    table.add_row("devices", f"{names}: {reached}")
    table.add_row(
        "instrument", f"{facts['instrument']}: one agent at a time may use it, as far as this database knows"
    )
    table.add_row("database", facts["database"])
    table.add_row("files", facts["folder"])
    Console(markup=False).print(table)  # square brackets in a path are not markup
