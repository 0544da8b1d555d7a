"""`nightbeam reduce`: curves and features from frames or curve files."""

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
    from models.saxs.bins import Sector
    from models.saxs.loose_files import Reading


class CurveFormat(StrEnum):
    """How curves are written."""

    TEXT = "text"
    NXCANSAS = "nxcansas"


SUFFIXES = {CurveFormat.TEXT: ".dat", CurveFormat.NXCANSAS: ".h5"}
DIRECTIONS = "_azimuth.dat"
"""What is added to a file's name for its azimuthal profile."""
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
    azimuth: Annotated[
        str | None,
        typer.Option(
            metavar="Q_MIN,Q_MAX",
            help="Compare directions within these q, 1/nm: orientation, and --out gets a file of them too.",
        ),
    ] = None,
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
    from agent.reading_text import show_reading
    from models.saxs.azimuth_files import write_profile
    from models.saxs.combining import Backgrounds, combine
    from models.saxs.correction_files import read_corrections
    from models.saxs.corrections import NO_CORRECTIONS
    from models.saxs.extractors import known_names, load_extractors
    from models.saxs.file_contents import parts_of
    from models.saxs.loose_files import Source, read_file

    add_home(Path.cwd())
    unit = None if q_unit is None else q_unit_in(q_unit)
    if unit == "both" or (unit is None and q_unit is not None):
        raise BadInput(f"--q-unit {q_unit!r}", "is no unit of q", "Give 1/A or 1/nm.")
    if out is not None and out.exists() and not out.is_dir():
        raise BadInput(f"--out {out}", "is a file, not a folder", "Name a folder")
    ring_inv_nm = None if azimuth is None else _ring(azimuth, sector, out)
    wanted = tuple(features.split(",")) if features else known_names()
    extractors = load_extractors(dict.fromkeys((*wanted, "orientation") if ring_inv_nm else wanted))
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
    blanks = [part for path in buffer or () for part in parts_of(path)]
    backgrounds = Backgrounds(
        buffers=[read_file(path, replace(source, is_buffer=True)) for path in blanks],
        empties=[read_file(part, source) for path in empty or () for part in parts_of(path)],
        solute_fraction=solute_fraction,
        level=level,
        corrections=source.corrections,
        ring_inv_nm=ring_inv_nm,
    )
    parts = [part for path in files for part in parts_of(path)]
    groups = [parts] if average else [[part] for part in parts]
    names = _curve_names(groups, SUFFIXES[form]) if out is not None else []
    for place, group in enumerate(groups):
        reading = combine([read_file(path, source) for path in group], backgrounds)
        if out is not None:
            try:
                _write(out / names[place], reading, group, blanks)
                if ring_inv_nm is not None:
                    name = f"{Path(names[place]).stem}{DIRECTIONS}"
                    write_profile(out / name, reading.profile, ring_inv_nm)
            except OSError as error:
                raise BadInput(
                    f"--out {out}", f"cannot be written ({error.strerror})", "Name a folder that can"
                ) from error
        show_reading(group, reading, extractors, backgrounds, as_json)


def _ring(text: str, sector: str | None, out: Path | None) -> tuple[float, float]:
    """Read ``0.5,1.2``: lower and upper end of q, 1/nm; refuse what does not go with it."""
    if sector is not None:
        raise BadInput("--azimuth", "compares all directions, and --sector leaves some out", "Keep one")
    if out is None:
        raise BadInput("--azimuth", "writes a file, and no folder is named", "Add --out DIR")
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        low, high = 0.0, 0.0
    if not 0 <= low < high < float("inf"):
        raise BadInput(
            f"--azimuth {text!r}", "is no lower and upper end of q in 1/nm", "Give both, such as 0.5,1.2"
        )
    return low, high


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
