"""`nightbeam calibrate`: where the detector stands, from the rings of a calibrant."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.domain.errors import BadInput, FitFailed

if TYPE_CHECKING:
    from models.domain.geometry import Geometry
    from models.saxs.calibrate import Calibration


def calibrate(  # noqa: PLR0913  each option of the command is an argument
    frame: Annotated[Path, typer.Argument(metavar="FRAME", help="A frame of the calibrant.")],
    calibrant: Annotated[
        str, typer.Option(metavar="NAME", help="As pyFAI knows it: AgBh, LaB6, CeO2.")
    ] = "AgBh",
    geometry: Annotated[
        str,
        typer.Option(
            metavar="FILE|header",
            help="Where the search starts: a .poni file, a BioXTAS RAW .dat, or `header` to read it from "
            "the frame.",
        ),
    ] = "header",
    mask: Annotated[Path | None, typer.Option(metavar="FILE", help="Mask image; not 0 is not used.")] = None,
    tilt: Annotated[bool, typer.Option("--tilt", help="Refine the detector's tilt as well.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    out: Annotated[Path | None, typer.Option(metavar="FILE.poni", help="Write the geometry there.")] = None,
) -> None:
    """Refine distance and beam centre on the rings of a calibrant.

    The wavelength is taken as known. Where the rings do not fit, nothing is written.

    Example: `nightbeam calibrate behenate.tiff --calibrant AgBh --out detector.poni`
    """
    from models.saxs.calibrate import calibrate as refine
    from models.saxs.frame_files import geometry_from_header, read_frame
    from models.saxs.geometry_files import read_geometry
    from models.saxs.integrators import check_geometry
    from models.saxs.poni_files import write_poni

    taken = read_frame(frame, mask_path=mask)
    if geometry == "header":
        start = geometry_from_header(frame)
    else:
        start = read_geometry(Path(geometry), shape=taken.counts.shape)
    check_geometry(start, taken.counts.shape, str(frame))
    try:
        found = refine(taken, start, calibrant, is_tilted=tilt)
    except FitFailed as error:
        raise BadInput(str(frame), str(error), "The geometry stays as it was") from error
    if out is not None:
        write_poni(out, found.geometry)
    if as_json:
        typer.echo(json.dumps(_facts(start, found), ensure_ascii=False))
        return
    _show(frame, start, found, calibrant)
    if out is not None:
        typer.echo(f"written: {out}")


def _facts(start: "Geometry", found: "Calibration") -> dict[str, object]:
    """Put it into one JSON object."""
    return {
        "start": start.model_dump(),
        "geometry": found.geometry.model_dump(),
        "sigma": {
            "distance_mm": found.distance_sigma_mm,
            "beam_column_px": found.column_sigma_px,
            "beam_row_px": found.row_sigma_px,
        },
        "rings": [vars(ring) for ring in found.rings],
    }


def _show(frame: Path, start: "Geometry", found: "Calibration", calibrant: str) -> None:
    """Put it into two tables: what changed, and how well each ring fits."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    n_points = sum(ring.n_points for ring in found.rings)
    typer.echo(f"{frame}: {n_points} points on {len(found.rings)} rings of {calibrant}")
    changes = Table(show_edge=False)
    for heading in ("", "stated", "refined", "sigma", "unit"):
        changes.add_column(heading, justify="left" if heading in ("", "unit") else "right")
    now = found.geometry
    for name, before, after, sigma, unit in (
        ("distance", start.distance_mm, now.distance_mm, found.distance_sigma_mm, "mm"),
        ("beam column", start.beam_column_px, now.beam_column_px, found.column_sigma_px, "px"),
        ("beam row", start.beam_row_px, now.beam_row_px, found.row_sigma_px, "px"),
    ):
        changes.add_row(name, f"{before:.2f}", f"{after:.2f}", f"{sigma:.2g}", unit)
    if now.tilt_deg != start.tilt_deg:
        changes.add_row("tilt", f"{start.tilt_deg:.2f}", f"{now.tilt_deg:.2f}", "", "deg")
    console.print(changes)
    rings = Table(show_edge=False)
    for heading in ("ring", "d / nm", "points", "off / px", "rms / px"):
        rings.add_column(heading, justify="right")
    for ring in found.rings:
        rings.add_row(
            str(ring.number),
            f"{ring.d_nm:.4g}",
            str(ring.n_points),
            f"{ring.off_px:+.2f}",
            f"{ring.rms_px:.2f}",
        )
    console.print(rings)
