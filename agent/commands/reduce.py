"""`nightbeam reduce`: curves and features from frames or curve files."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

from models.domain.errors import BadInput
from models.domain.units import q_unit_in

if TYPE_CHECKING:
    from models.domain.scattering import Absence, Feature
    from models.saxs.bins import Sector
    from models.saxs.combining import Backgrounds
    from models.saxs.extractor import Extractor
    from models.saxs.loose_files import Reading


MANY = ("--buffer", "--empty")
"""Options that take every file up to the next option."""


class ManyBuffers(TyperCommand):
    """A command whose ``--buffer`` and ``--empty`` take every file that follows, as a shell's pattern is."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Give each of these files an option of its own, then parse as usual."""
        return super().parse_args(ctx, spread_buffers(args))


def spread_buffers(words: list[str]) -> list[str]:
    """Repeat ``--buffer`` or ``--empty`` before every file that follows it, up to the next option."""
    spread: list[str] = []
    option: str | None = None
    n_given = 0
    for word in words:
        if word.startswith("-"):
            option, n_given = word if word in MANY else None, 0
            spread.append(word)
        elif option is not None:
            spread += [option, word] if n_given else [word]
            n_given += 1
        else:
            spread.append(word)
    return spread


def reduce(  # noqa: PLR0913  each option of the command is an argument
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Frames, or curve files.")],
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
    empty: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE...", help="Empty cells: all files up to the next option, averaged."),
    ] = None,
    solute_fraction: Annotated[
        float | None,
        typer.Option(metavar="PHI", help="Volume fraction of solute: 1 - PHI of the buffer is subtracted."),
    ] = None,
    average: Annotated[
        bool, typer.Option("--average", help="Average those files that are alike before reading features.")
    ] = False,
    level: Annotated[
        float,
        typer.Option(metavar="P", help="Chance that repeats lose one though nothing changed; 0 keeps all."),
    ] = 0.01,
    corrections: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="TOML: dead time, dark counts, flat field, polarisation, scale."),
    ] = None,
    sector: Annotated[
        str | None,
        typer.Option(
            metavar="CENTRE,HALF",
            help="Average over these directions only, deg from the columns' axis, and those across the beam.",
        ),
    ] = None,
    one_sided: Annotated[
        bool, typer.Option("--one-sided", help="Leave out the part of the sector across the beam.")
    ] = False,
    zingers: Annotated[
        bool, typer.Option("--zingers", help="Leave out pixels that no chance explains.")
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
) -> None:
    """Reduce frames or curve files, and read features.

    Frames get one bin for each pixel of radius. Curves, and features with one standard deviation, are in nm.

    Example: `nightbeam reduce protein.tif --geometry detector.poni --buffer water_1.tif water_2.tif`
    """
    from models.saxs.combining import Backgrounds, combine
    from models.saxs.correction_files import read_corrections
    from models.saxs.corrections import NO_CORRECTIONS
    from models.saxs.extractors import known_names, load_extractors
    from models.saxs.loose_files import Source, read_file

    unit = None if q_unit is None else q_unit_in(q_unit)
    if unit == "both" or (unit is None and q_unit is not None):
        raise BadInput(f"--q-unit {q_unit!r}", "is no unit of q", "Give 1/A or 1/nm.")
    if out is not None and out.exists() and not out.is_dir():
        raise BadInput(f"--out {out}", "is a file, not a folder", "Name a folder")
    extractors = load_extractors(features.split(",") if features else known_names())
    has_directions = any(extractor.extract_azimuth is not None for extractor in extractors)
    if not 0 <= level < 1:
        raise BadInput(f"--level {level:g}", "must be 0 or more and below 1", "Give a chance, such as 0.01")
    source = Source(
        geometry=geometry,
        mask=mask,
        q_unit=unit,
        has_directions=has_directions,
        corrections=NO_CORRECTIONS if corrections is None else read_corrections(corrections),
        sector=None if sector is None else _sector(sector, has_opposite=not one_sided),
        drops_zingers=zingers,
    )
    backgrounds = Backgrounds(
        buffers=[read_file(path, source) for path in buffer or ()],
        empties=[read_file(path, source) for path in empty or ()],
        solute_fraction=solute_fraction,
        level=level,
        corrections=source.corrections,
    )
    groups = [files] if average else [[path] for path in files]
    names = _curve_names(groups) if out is not None else []
    for place, group in enumerate(groups):
        reading = combine([read_file(path, source) for path in group], backgrounds)
        if out is not None:
            from models.saxs.curve_files import write_curve

            try:
                write_curve(out / names[place], reading.curve)
            except OSError as error:
                raise BadInput(
                    f"--out {out}", f"cannot be written ({error.strerror})", "Name a folder that can"
                ) from error
        _report(group, reading, extractors, backgrounds, as_json)


def _sector(text: str, *, has_opposite: bool) -> "Sector":
    """Read ``30,10``: centre and half-width, deg."""
    from pydantic import ValidationError

    from models.saxs.bins import Sector

    try:
        centre_deg, half_width_deg = (float(part) for part in text.split(","))
        return Sector(centre_deg=centre_deg, half_width_deg=half_width_deg, has_opposite=has_opposite)
    except (ValueError, ValidationError):
        raise BadInput(
            f"--sector {text!r}",
            "is no centre within -360 to 360 and half-width above 0 to 180 deg",
            "Give both, such as 30,10",
        ) from None


def _curve_names(groups: list[list[Path]]) -> list[str]:
    """Name the output files; refuse two of one name."""
    names = [
        f"{group[0].stem}.dat" if len(group) == 1 else f"{group[0].stem}_average.dat" for group in groups
    ]
    for name in names:
        if names.count(name) > 1:
            raise BadInput("--out", f"two files would both be written as {name}", "Rename one of them.")
    return names


def _report(
    group: list[Path],
    reading: "Reading",
    extractors: "tuple[Extractor, ...]",
    backgrounds: "Backgrounds",
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
    n_left_out = sum(int(verdict.value) for verdict in reading.verdicts if verdict.check == "repeats")
    averaged = f", {len(group) - n_left_out} of {len(group)} files averaged" if len(group) > 1 else ""
    taken = ((len(backgrounds.buffers), "buffer"), (len(backgrounds.empties), "empty cell"))
    said = [f", {n} {what}{'s' if n > 1 else ''} subtracted" for n, what in taken if n]
    typer.echo(f"{name}{averaged}{''.join(said)}")
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
            found = f"{verdict.value:.4g} {verdict.unit} against a limit of {verdict.limit:.4g}"
            console.print(f"[red]{verdict.check}[/red]: {found}. {verdict.remedy}")
        elif verdict.check in ASSUMPTIONS:
            console.print(f"[yellow]{verdict.check}[/yellow]: {verdict.remedy}")
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
