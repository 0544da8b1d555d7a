"""`nightbeam reduce`: curves and features from frames or curve files."""

import json
from dataclasses import replace
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from models.domain.errors import BadInput
from models.domain.units import q_unit_in

if TYPE_CHECKING:
    from models.domain.scattering import Absence, Feature
    from models.saxs.extractor import Extractor
    from models.saxs.loose_files import Reading


class CurveFormat(StrEnum):
    """How curves are written."""

    TEXT = "text"
    NXCANSAS = "nxcansas"


SUFFIXES = {CurveFormat.TEXT: ".dat", CurveFormat.NXCANSAS: ".h5"}


class ManyBuffers(TyperCommand):
    """A command whose ``--buffer`` takes every file that follows it, as a shell's pattern gives them."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Give each of these files a ``--buffer`` of its own, then parse as usual."""
        return super().parse_args(ctx, spread_buffers(args))


def spread_buffers(words: list[str]) -> list[str]:
    """Repeat ``--buffer`` before every file that follows it, up to the next option."""
    spread: list[str] = []
    is_buffer = False
    n_given = 0
    for word in words:
        if word.startswith("-"):
            is_buffer, n_given = word == "--buffer", 0
            spread.append(word)
        elif is_buffer:
            spread += ["--buffer", word] if n_given else [word]
            n_given += 1
        else:
            spread.append(word)
    return spread


def reduce(  # noqa: PLR0913  each option of the command is an argument
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...", help="Frames, or curve files; FILE::PART for one frame or curve of many."
        ),
    ],
    geometry: Annotated[
        str,
        typer.Option(
            metavar="FILE|header",
            help="Where the detector stands: a .poni file, a BioXTAS RAW .dat (its q range is kept too), "
            "or `header` to read it from each frame.",
        ),
    ] = "header",
    buffer: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE...", help="Buffers: all files up to the next option. They are averaged."),
    ] = None,
    average: Annotated[
        bool, typer.Option("--average", help="Average the files before reading features.")
    ] = False,
    mask: Annotated[Path | None, typer.Option(metavar="FILE", help="Mask image; not 0 is not used.")] = None,
    features: Annotated[
        str | None, typer.Option(metavar="a,b", help="Extractors to run; all that ship when left out.")
    ] = None,
    q_unit: Annotated[
        str | None, typer.Option(metavar="1/A|1/nm", help="Unit of q in curve files that do not state it.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per file.")] = False,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write the reduced curves there.")] = None,
    form: Annotated[
        CurveFormat, typer.Option("--format", help="What --out writes: columns of text, or NXcanSAS.")
    ] = CurveFormat.TEXT,
) -> None:
    """Reduce frames or curve files, and read features.

    A file of many frames or curves (an Eiger's master file, NXcanSAS) is reduced one by one.

    Frames get one bin for each pixel of radius. Curves, and features with one standard deviation, are in nm.

    Example: `nightbeam reduce protein.tif --geometry detector.poni --buffer water_1.tif water_2.tif`
    """
    from agent.plugs import add_home
    from models.saxs.extractors import known_names, load_extractors
    from models.saxs.file_contents import parts_of
    from models.saxs.loose_files import Source, combine, read_file

    add_home(Path.cwd())
    unit = None if q_unit is None else q_unit_in(q_unit)
    if unit == "both" or (unit is None and q_unit is not None):
        raise BadInput(f"--q-unit {q_unit!r}", "is no unit of q", "Give 1/A or 1/nm.")
    if out is not None and out.exists() and not out.is_dir():
        raise BadInput(f"--out {out}", "is a file, not a folder", "Name a folder")
    extractors = load_extractors(features.split(",") if features else known_names())
    has_directions = any(extractor.extract_azimuth is not None for extractor in extractors)
    source = Source(geometry=geometry, mask=mask, q_unit=unit, has_directions=has_directions)
    blanks = [part for path in buffer or () for part in parts_of(path)]
    buffers = [read_file(path, replace(source, is_buffer=True)) for path in blanks]
    parts = [part for path in files for part in parts_of(path)]
    groups = [parts] if average else [[part] for part in parts]
    names = _curve_names(groups, SUFFIXES[form]) if out is not None else []
    for place, group in enumerate(groups):
        reading = combine([read_file(path, source) for path in group], buffers)
        if out is not None:
            try:
                _write(out / names[place], reading, group, blanks)
            except OSError as error:
                raise BadInput(
                    f"--out {out}", f"cannot be written ({error.strerror})", "Name a folder that can"
                ) from error
        _report(group, reading, extractors, len(buffers), as_json)


def _write(path: Path, reading: "Reading", group: list[Path], buffers: list[Path]) -> None:
    """Write a curve in the form that the file's name tells."""
    from models.saxs.curve_files import write_curve
    from models.saxs.loose_files import ASSUMPTIONS
    from models.saxs.nxcansas_writer import Origin, write_nxcansas

    if path.suffix == SUFFIXES[CurveFormat.TEXT]:
        write_curve(path, reading.curve)
        return
    assumed = [v.remedy for v in reading.verdicts if v.check in ASSUMPTIONS]
    failed = [
        f"{v.check}: {v.value:.4g} {v.unit} against {v.limit:.4g}" for v in reading.verdicts if not v.is_ok
    ]
    origin = Origin(
        title=path.stem,
        files=tuple(map(str, group)),
        version=version("nightbeam"),
        buffers=tuple(map(str, buffers)),
        notes=(*assumed, *failed),
        geometry=reading.geometry,
    )
    write_nxcansas(path, reading.curve, origin)


def _curve_names(groups: list[list[Path]], suffix: str) -> list[str]:
    """Name the output files; refuse two of one name."""
    from models.saxs.file_parts import part_stem, split_part

    names = [
        f"{part_stem(group[0])}{suffix}"
        if len(group) == 1
        else f"{split_part(group[0])[0].stem}_average{suffix}"
        for group in groups
    ]
    for name in names:
        if names.count(name) > 1:
            raise BadInput("--out", f"two files would both be written as {name}", "Rename one of them.")
    return names


def _report(
    group: list[Path],
    reading: "Reading",
    extractors: "tuple[Extractor, ...]",
    n_buffers: int,
    as_json: bool,
) -> None:
    """Print what one curve says."""
    from models.domain.scattering import Absence, Feature
    from models.saxs.reading import read_features

    found = read_features(extractors, reading.curve, reading.profile)
    made = [item for item in found if isinstance(item, Feature)]
    absent = [item for item in found if isinstance(item, Absence)]
    name = str(group[0]) if len(group) == 1 else f"{group[0]} and {len(group) - 1} more"
    if as_json:
        typer.echo(json.dumps(_facts(name, reading, made, absent), ensure_ascii=False))
        return
    averaged = f", {len(group)} files averaged" if len(group) > 1 else ""
    buffers = f", {n_buffers} buffer{'s' if n_buffers > 1 else ''} subtracted" if n_buffers else ""
    typer.echo(f"{name}{averaged}{buffers}")
    _show(reading, made, absent)


def _facts(name: str, reading: "Reading", made: "list[Feature]", absent: "list[Absence]") -> dict[str, Any]:
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


def _show(reading: "Reading", made: "list[Feature]", absent: "list[Absence]") -> None:
    """Put it into a table, with what was assumed above it."""
    from rich.console import Console
    from rich.table import Table

    from models.saxs.loose_files import ASSUMPTIONS

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
