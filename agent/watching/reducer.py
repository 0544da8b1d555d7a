"""Reduce one frame in a worker process, by the same functions as `nightbeam reduce`."""

import fcntl
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from agent.watching.arrivals import Arrival, Stamp
from agent.watching.outcome import Flag, Outcome
from agent.watching.recipe import Announced, Recipe
from models.domain.errors import BadInput
from models.domain.scattering import Verdict
from models.saxs.combining import Backgrounds, combine
from models.saxs.extractor import Extractor
from models.saxs.extractors import features_made, known_names, load_extractors
from models.saxs.frame_files import FRAME_SUFFIXES, HDF5_SUFFIXES, read_frame
from models.saxs.geometry_files import read_geometry
from models.saxs.loose_files import FROM_HEADER, Reading, Source, read_file
from models.saxs.reading import read_features

ANY_SHAPE = (1024, 1024)
"""Of a frame that stands for all, (rows, columns)."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """What a recipe stands for, made once in each worker."""

    source: Source
    buffers: tuple[Reading, ...]
    extractors: tuple[Extractor, ...]


def announce(recipe: Recipe) -> Announced:
    """Try a recipe before the first frame.

    Parameters
    ----------
    recipe
        How frames are to be reduced.

    Returns
    -------
    Announced
        A mistake in it is an answer, and no exception: that would not cross from process to process.
    """
    try:
        _check_files(recipe)
        prepared = prepare(recipe)
    except BadInput as error:
        return Announced(mistake=(error.where, error.problem, error.remedy))
    return Announced(tuple(features_made(prepared.extractors).items()), FRAME_SUFFIXES)


@lru_cache(maxsize=1)
def prepare(recipe: Recipe) -> Prepared:
    """Load extractors and reduce the buffers, once.

    Raises
    ------
    BadInput
        When there is no such extractor, or a buffer cannot be reduced.
    """
    extractors = load_extractors(recipe.features or known_names())
    has_directions = any(extractor.extract_azimuth is not None for extractor in extractors)
    source = Source(geometry=recipe.geometry, mask=recipe.mask, has_directions=has_directions)
    return Prepared(source, tuple(read_file(path, source) for path in recipe.buffers), extractors)


def _check_files(recipe: Recipe) -> None:
    """Refuse a geometry or a mask that no frame can be reduced with."""
    if recipe.mask is not None and not recipe.mask.is_file():
        raise BadInput(f"mask {recipe.mask}", "there is no such file", "Check the path.")
    if recipe.geometry == FROM_HEADER:
        return
    try:
        read_geometry(Path(recipe.geometry))
    except BadInput as error:
        try:  # a file may leave the shape to the frames: any will do to see that the rest can be read
            read_geometry(Path(recipe.geometry), shape=ANY_SHAPE)
        except BadInput:
            raise error from None


def reduce_frame(arrival: Arrival, recipe: Recipe) -> Outcome:
    """Reduce one frame.

    Parameters
    ----------
    arrival
        The file, in the state in which it was seen.
    recipe
        How.

    Returns
    -------
    Outcome
        ``changed`` or ``gone`` where the file did not stay as it was while it was read.
    """
    path, prepared = arrival.path, prepare(recipe)
    try:
        if path.suffix.lower() in HDF5_SUFFIXES and _is_locked(path):
            return Outcome("unreadable", flags=(Flag("file", "is locked by a program that writes it."),))
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        made = _reduced(path, sha256, prepared)
        status = path.stat()
    except FileNotFoundError:
        return Outcome("gone")
    except OSError as error:
        said = f"cannot be read ({error.strerror or error}). Check its permissions and the disk."
        return Outcome("unreadable", flags=(Flag("file", said),))
    if Stamp(status.st_mtime_ns, status.st_size) != arrival.stamp:
        return Outcome("changed")
    return made


def _reduced(path: Path, sha256: str, prepared: Prepared) -> Outcome:
    """Reduce and judge, whatever the file is."""
    try:
        alone = read_file(path, prepared.source)
        reading = combine([alone], Backgrounds(prepared.buffers))
    except BadInput as error:
        return _refused(path, sha256, error)
    except (ArithmeticError, ValueError, LookupError) as error:  # a curve with which nothing can be done
        said = " ".join(str(error).split()) or type(error).__name__
        flag = Flag("curve", f"cannot be combined with the buffer: {said}. Look at the frame.")
        return Outcome("reduced", sha256, flags=(flag,))
    flags = tuple(_flag(verdict) for verdict in reading.verdicts if not verdict.is_ok)
    features = () if flags else read_features(prepared.extractors, reading.curve, reading.profile)
    return Outcome("reduced", sha256, reading.curve, flags, features, alone.n_counts)


def _refused(path: Path, sha256: str, error: BadInput) -> Outcome:
    """A file without a curve: still being written, or of no use."""
    flag = Flag(_check(path, error), f"{error.problem}. {error.remedy}")
    if path.suffix.lower() not in FRAME_SUFFIXES:
        return Outcome("unreadable", sha256, flags=(flag,))
    try:
        read_frame(path)
    except BadInput:
        if not path.exists():
            return Outcome("gone")
        return Outcome("unreadable", sha256, flags=(flag,))
    return Outcome("reduced", sha256, flags=(flag,))


def _check(path: Path, error: BadInput) -> str:
    """The name of what refused a file."""
    if error.where == str(path):
        return "file"
    place = error.where.removeprefix(f"{path}: ")
    return "mask" if place.startswith("mask ") else "geometry" if Path(place).is_file() else place


def _flag(verdict: Verdict) -> Flag:
    """A failed check in one line."""
    found = f"{verdict.value:.4g} {verdict.unit} against a limit of {verdict.limit:.4g}"
    return Flag(verdict.check, f"{found}. {verdict.remedy}")


def _is_locked(path: Path) -> bool:
    """Say whether a program has an HDF5 file open for writing; our own lock lasts for this question only."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:  # a file system without locks
            return False
        fcntl.flock(file, fcntl.LOCK_UN)
    return False
