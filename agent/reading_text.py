"""What a reduced file says: a table for people, or one JSON object."""

import json
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from models.domain.scattering import Absence, Feature
from models.saxs.combining import Backgrounds
from models.saxs.extractor import Extractor
from models.saxs.loose_files import ASSUMPTIONS, Reading
from models.saxs.reading import read_features


def show_reading(
    group: list[Path],
    reading: Reading,
    extractors: tuple[Extractor, ...],
    backgrounds: Backgrounds,
    as_json: bool,
) -> None:
    """Print what one curve says.

    Parameters
    ----------
    group
        Files that it was made of.
    reading
        The curve, and what was checked and assumed.
    extractors
        What reads features.
    backgrounds
        What was subtracted.
    as_json
        True for one JSON object.
    """
    found = read_features(extractors, reading.curve, reading.profile)
    made = [item for item in found if isinstance(item, Feature)]
    absent = [item for item in found if isinstance(item, Absence)]
    name = str(group[0]) if len(group) == 1 else f"{group[0]} and {len(group) - 1} more"
    if as_json:
        typer.echo(json.dumps(_facts(name, reading, made, absent), ensure_ascii=False))
        return
    n_left_out = sum(int(verdict.value) for verdict in reading.verdicts if verdict.check == "repeats")
    averaged = f", {len(group) - n_left_out} of {len(group)} files averaged" if len(group) > 1 else ""
    taken = ((len(backgrounds.buffers), "buffer"), (len(backgrounds.empties), "empty cell"))
    said = [f", {n} {what}{'s' if n > 1 else ''} subtracted" for n, what in taken if n]
    typer.echo(f"{name}{averaged}{''.join(said)}")
    _show(reading, made, absent)


def _facts(name: str, reading: Reading, made: list[Feature], absent: list[Absence]) -> dict[str, Any]:
    """Put it into one JSON object."""
    return {
        "file": name,
        "n_points": len(reading.curve),
        "features": {
            item.name: {"value": item.value, "sigma": item.sigma, "unit": item.unit} for item in made
        },
        "absences": {item.name: item.why for item in absent},
        "verdicts": [verdict.model_dump() for verdict in reading.verdicts],
    }


def _show(reading: Reading, made: list[Feature], absent: list[Absence]) -> None:
    """Put it into a table, with what was assumed above it."""
    console = Console()
    curve = reading.curve
    if len(curve):
        console.print(f"{len(curve)} points, q {curve.q_inv_nm[0]:.4g} to {curve.q_inv_nm[-1]:.4g} 1/nm")
    for verdict in reading.verdicts:
        if not verdict.is_ok:
            name, _, found = verdict.text().partition(": ")
            colour = "yellow" if verdict.is_warning else "red"
            console.print(f"[{colour}]{name}[/{colour}]: {found}")
        elif verdict.check in ASSUMPTIONS:
            console.print(f"[yellow]{verdict.check}[/yellow]: {verdict.remedy}")
    passed = dict.fromkeys(v.check for v in reading.verdicts if v.is_ok and v.check not in ASSUMPTIONS)
    console.print(f"{len(passed)} checks passed: {', '.join(passed)}", style="dim")
    table = Table(show_edge=False)
    table.add_column("feature", style="bold")
    table.add_column("value", justify="right")
    table.add_column("sigma", justify="right")
    table.add_column("unit", overflow="fold")
    for item in made:
        unit = "" if item.unit == "1" else item.unit
        table.add_row(item.name, f"{item.value:.5g}", f"{item.sigma:.2g}", unit)
    for item in absent:
        table.add_row(item.name, "absent", "", item.why)
    console.print(table)
