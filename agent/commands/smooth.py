"""`nightbeam smooth`: curves as they would be without noise, each with a band, in a table and a picture."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.commands.options import DEFAULT_DATABASE, Database
from models.domain.bands import Z_95
from models.domain.errors import BadInput
from models.domain.units import q_unit_in

if TYPE_CHECKING:
    from models.domain.scattering import Curve, Floats
    from models.gp.smoothing.smooth import Smoothed

DEFAULT_OUT = Path("smooth")


@dataclass(frozen=True, eq=False)
class Shelf:
    """Curves to smooth."""

    names: tuple[str, ...]
    """Name of each, for its files."""
    curves: "tuple[Curve, ...]"
    """What was measured."""
    positions: "Floats | None"
    """Where each was measured in scaled coordinates, shape (n, n_columns); None where nobody says."""


def smooth(  # noqa: PLR0913  each option of the command is an argument
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE...]", help="Curve files; none: a campaign on record."),
    ] = None,
    campaign: Annotated[str | None, typer.Option("--campaign", metavar="NAME", help="This campaign.")] = None,
    seq: Annotated[
        int | None, typer.Option("--seq", metavar="SEQ", help="Only the curve of this decision.")
    ] = None,
    db: Database = DEFAULT_DATABASE,
    at: Annotated[
        str | None,
        typer.Option("--at", metavar="x,y,...", help="Where each file was measured: one number a file."),
    ] = None,
    alone: Annotated[bool, typer.Option("--alone", help="Borrow nothing from other curves.")] = False,
    q_unit: Annotated[
        str | None, typer.Option(metavar="1/A|1/nm", help="Unit of q in curve files that do not state it.")
    ] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where tables and pictures go.")] = DEFAULT_OUT,
) -> None:
    """Smooth curves along q, with what the nearest others show; each gets a band that holds 95 in 100.

    Smoothed curves are to be looked at. Fits take the measured ones: no command reads what this one writes.

    Example: `nightbeam smooth repeat_1.dat repeat_2.dat repeat_3.dat --out smooth`
    """
    from agent.pictures.smoothed import draw_smoothed
    from models.domain.smooth_curve import smooth_to_text
    from models.domain.whole_files import write_whole
    from models.gp.smoothing.measured import Measured
    from models.gp.smoothing.smooth import smooth_alone

    if out.exists() and not out.is_dir():
        raise BadInput(f"--out {out}", "is a file, not a folder", "Name a folder")
    shelf = _from_files(files, at, q_unit) if files else _from_record(db, campaign)
    wanted = _wanted(shelf, seq, is_loose=bool(files))
    kept = wanted if alone else range(len(shelf.curves))
    known = {row: smooth_alone(Measured.of_curve(shelf.curves[row])) for row in kept}
    for row in wanted:
        found = known[row] if alone else _among(known, row, shelf)
        text, picture = (out / f"{shelf.names[row]}_smooth{suffix}" for suffix in (".dat", ".png"))
        try:
            write_whole(text, smooth_to_text(found.band()))
            draw_smoothed(shelf.names[row], shelf.curves[row], found.band(), picture)
        except OSError as error:
            raise BadInput(f"--out {out}", f"cannot be written ({error.strerror})", "Name another") from error
        typer.echo(_said(shelf.names[row], found, text))


def _among(known: "dict[int, Smoothed]", row: int, shelf: Shelf) -> "Smoothed":
    from models.gp.smoothing.smooth import find_nearest, smooth_among

    curves = [known[place] for place in range(len(shelf.curves))]
    return smooth_among(known[row], [curves[place] for place in find_nearest(curves, row, shelf.positions)])


def _wanted(shelf: Shelf, seq: int | None, *, is_loose: bool) -> Sequence[int]:
    """Which of the curves are asked for."""
    if seq is None:
        return range(len(shelf.curves))
    if is_loose:
        raise BadInput(f"--seq {seq}", "names a decision, but files were given", "Leave one of both out")
    name = _name_of(seq)
    if name not in shelf.names:
        raise BadInput(f"--seq {seq}", "no curve of that decision is on record", "See nightbeam log")
    return [shelf.names.index(name)]


def _name_of(seq: int) -> str:
    return f"seq-{seq:05d}"


def _from_files(files: list[Path], at: str | None, q_unit: str | None) -> Shelf:
    """Read loose files."""
    import numpy as np

    from models.saxs.loose_files import ASSUMPTIONS, Source, read_file

    unit = None if q_unit is None else q_unit_in(q_unit)
    if unit == "both" or (unit is None and q_unit is not None):
        raise BadInput(f"--q-unit {q_unit!r}", "is no unit of q", "Give 1/A or 1/nm.")
    names = tuple(path.stem for path in files)
    for name in names:
        if names.count(name) > 1:
            raise BadInput("--out", f"two files would both be written as {name}_smooth", "Rename one of them")
    readings = [read_file(path, Source(q_unit=unit)) for path in files]
    notes = {v.remedy for reading in readings for v in reading.verdicts if v.is_ok and v.check in ASSUMPTIONS}
    for note in sorted(notes):
        typer.echo(note, err=True)
    positions = None
    if at is not None:
        try:
            values = np.array([float(word) for word in at.split(",")])
        except ValueError:
            raise BadInput(
                f"--at {at}", "is no list of numbers", "Give one number a file: 20,25,30"
            ) from None
        if len(values) != len(files) or not np.isfinite(values).all():
            raise BadInput(f"--at {at}", f"has {len(values)} numbers for {len(files)} files", "Give one each")
        positions = values[:, np.newaxis] / (np.ptp(values) or 1.0)
    return Shelf(names, tuple(reading.curve for reading in readings), positions)


def _from_record(db: str, name: str | None) -> Shelf:
    """The curves of a campaign on record, and where they were measured."""
    from db.engine import open_to_read
    from db.export.curves import KeptCurve, read_curves
    from db.export.source import open_source
    from models.domain.space import SearchSpace
    from models.gp.encoding import Encoding

    with open_source(open_to_read(db), name) as source:
        if len(source.campaigns) != 1:
            names = ", ".join(one.name for one in source.campaigns)
            raise BadInput("--campaign", f"which campaign is meant is open: {names}", "Name it")
        (campaign,) = source.campaigns
        kept = [one for one in read_curves(source, campaign) if isinstance(one, KeptCurve)]
    if not kept:
        raise BadInput(f"campaign {campaign.name}", "has no curve on record yet", "Run it first")
    encoding = Encoding(SearchSpace.model_validate(json.loads(campaign.problem_json)["space"]))
    positions = encoding.encode([one.point for one in kept])
    return Shelf(
        tuple(_name_of(one.outcome.row.seq) for one in kept), tuple(one.curve for one in kept), positions
    )


def _said(name: str, found: "Smoothed", text: Path) -> str:
    import numpy as np

    band, curve = found.band(), found.curve
    size = np.maximum(np.abs(band.median), np.finfo(float).tiny)
    point = float(np.median(np.sqrt(curve.variance) / size))
    half = float(np.median(0.5 * (band.high - band.low) / Z_95 / size))
    lent = f"with {found.n_borrowed} others" if found.n_borrowed else "alone"
    return (
        f"{name}: {len(size)} points known to {point:.1%} each, smoothed {lent} to {half:.1%} "
        f"(medians, one standard deviation): {text}"
    )
