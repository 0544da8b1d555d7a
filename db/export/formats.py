"""One export: a form, a folder, the campaigns."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError

from db.export.folder import new_folder, refuse_what_is_there
from db.export.source import Progress, Source, open_source, unwatched
from db.readable import refuse_edited
from models.domain.errors import BadInput

NEEDS = {"parquet": "pyarrow", "ro-crate": "rocrate"}
"""Packages that are not installed unless one asks for exports."""


@dataclass(frozen=True)
class Order:
    """What is asked for."""

    form: str
    """One of `FORMS`."""
    out: Path
    """The folder; it is new, or empty."""
    utc: str
    """Now, ISO 8601."""
    version: str
    """Version of this program."""
    campaign: str | None = None
    """Only this campaign; None for all."""
    has_files: bool = False
    """True to put frames into a research object, too."""
    licence: str | None = None
    """URL of the licence that its owner gives a research object; None when none was given."""


@dataclass(frozen=True)
class Exported:
    """What was written."""

    files: tuple[Path, ...]
    """The files, relative to the folder."""
    n_bytes: int
    """Their size, bytes."""
    notes: tuple[str, ...]
    """What could not be given, and why, in plain sentences."""


def export(engine: Engine, order: Order, tell: Progress = unwatched) -> Exported:
    """Write campaigns in a form that others read, whole or not at all.

    Parameters
    ----------
    engine
        A database that is open to read.
    order
        What is asked for.
    tell
        Is told of the progress.

    Raises
    ------
    BadInput
        When there is no such form or campaign, the folder is taken or cannot be written, or a package that
        the form needs is not installed.
    """
    _refuse_impossible(order)
    try:
        with open_source(engine, order.campaign, tell) as source, new_folder(order.out) as folder:
            with refuse_edited(source.connection):
                notes = FORMS[order.form](source, order, folder)
            files = sorted(path for path in folder.rglob("*") if path.is_file())
            names = tuple(path.relative_to(folder) for path in files)
            return Exported(names, sum(path.stat().st_size for path in files), notes)
    except DBAPIError as error:
        said = " ".join(str(error.orig).split())
        raise BadInput("--db", f"the database stopped answering ({said})", "Export again") from error


def _refuse_impossible(order: Order) -> None:
    """Refuse what cannot be written, before anything is read."""
    if order.form not in FORMS:
        raise BadInput(f"--format {order.form}", "is no form of export", f"Choose one of: {', '.join(FORMS)}")
    package = NEEDS.get(order.form)
    if package is not None and find_spec(package) is None:
        raise BadInput(
            f"--format {order.form}",
            f"needs the package {package}, which is not installed",
            "Run: pip install 'nightbeam[export]'",
        )
    if order.licence is not None and not order.licence.startswith(("https://", "http://")):
        raise BadInput(
            f"--licence {order.licence}", "is no URL", "Give one, such as https://spdx.org/licenses/CC-BY-4.0"
        )
    refuse_what_is_there(order.out)


def _csv(source: Source, _order: Order, folder: Path) -> tuple[str, ...]:
    from db.export.csv_files import write_csv
    from db.export.sheets import all_sheets

    write_csv(all_sheets(source), folder, source.tell)
    return ()


def _parquet(source: Source, _order: Order, folder: Path) -> tuple[str, ...]:
    from db.export.parquet_files import write_parquet
    from db.export.sheets import all_sheets

    write_parquet(all_sheets(source), folder, source.tell)
    return ()


def _jsonl(source: Source, _order: Order, folder: Path) -> tuple[str, ...]:
    from db.export.jsonl import write_jsonl

    for campaign in source.campaigns:
        write_jsonl(source, campaign, folder / f"{campaign.name}.jsonl")
    return ()


def _nxcansas(source: Source, order: Order, folder: Path) -> tuple[str, ...]:
    from db.export.nxcansas import write_nxcansas

    notes: list[str] = []
    for campaign in source.campaigns:
        creator = f"Nightbeam {order.version}"
        left_out = write_nxcansas(source, campaign, folder / f"{campaign.name}.h5", creator)
        notes += [f"{campaign.name}: decision {one.seq} is left out: {one.why}" for one in left_out]
    return tuple(notes)


def _ro_crate(source: Source, order: Order, folder: Path) -> tuple[str, ...]:
    from db.export.ro_crate import Crating, write_ro_crate

    notes = (*_jsonl(source, order, folder), *_nxcansas(source, order, folder))
    tables = folder / "tables"
    tables.mkdir()
    _csv(source, order, tables)
    crating = Crating(order.utc, order.has_files, order.licence)
    return (*notes, *write_ro_crate(source, crating, folder))


FORMS: dict[str, Callable[[Source, Order, Path], tuple[str, ...]]] = {
    "csv": _csv,
    "jsonl": _jsonl,
    "parquet": _parquet,
    "nxcansas": _nxcansas,
    "ro-crate": _ro_crate,
}
"""Every form, by its name on the command line."""
