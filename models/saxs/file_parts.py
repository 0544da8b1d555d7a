"""One frame or curve of a file that holds many has a name: ``master.h5::17``, ``series.h5::run_2``."""

from pathlib import Path

from models.domain.errors import BadInput

PART_MARK = "::"
"""Stands between the file and what is meant in it."""
N_DIGITS = 5
"""Frames are numbered with so many digits in the names of output files, so that they sort."""
N_NAMED = 3
"""A message names so many parts of a file."""


def split_part(path: Path) -> tuple[Path, str | None]:
    """Part a name into the file and what is meant in it.

    Parameters
    ----------
    path
        A file, or ``file::part``.

    Returns
    -------
    tuple of Path and str
        None for the part where only a file is named.
    """
    file, mark, part = str(path).partition(PART_MARK)
    return (Path(file), part) if mark and not path.exists() else (path, None)


def name_part(file: Path, part: str | int) -> Path:
    """Name one part of a file."""
    return Path(f"{file}{PART_MARK}{part}")


def part_stem(path: Path) -> str:
    """Make a name for what is written about a file or a part of it: ``master_00017``.

    Parameters
    ----------
    path
        A file, or ``file::part``.
    """
    file, part = split_part(path)
    if part is None:
        return file.stem
    return f"{file.stem}_{part.zfill(N_DIGITS) if part.isdecimal() else part.replace('/', '_')}"


def frame_number(path: Path, n_frames: int) -> int:
    """Find which frame of a file is meant.

    Parameters
    ----------
    path
        A file, or ``file::number``, counted from 0.
    n_frames
        How many it holds.

    Raises
    ------
    BadInput
        When the number is none or beyond the last, or no number is given and there are many frames.
    """
    file, part = split_part(path)
    if n_frames < 1:
        raise BadInput(str(file), "holds no frame", "Take it again.")
    remedy = f"Name one, from {name_part(file, 0)} to {PART_MARK}{n_frames - 1}."
    if part is None:
        if n_frames > 1:
            raise BadInput(str(file), f"holds {n_frames} frames, and one is meant", remedy)
        return 0
    if not part.isdecimal():
        raise BadInput(str(path), f"{part!r} is not the number of a frame", remedy)
    if int(part) >= n_frames:
        raise BadInput(str(path), f"there is no frame {part}; it holds {n_frames}, counted from 0", remedy)
    return int(part)


def curve_name(path: Path, names: tuple[str, ...]) -> str:
    """Find which curve of a file is meant.

    Parameters
    ----------
    path
        A file, or ``file::name``.
    names
        The curves that it holds, at least one.

    Raises
    ------
    BadInput
        When it holds no such curve, or no name is given and there are many.
    """
    file, part = split_part(path)
    if part in names:
        return part
    if part is None and len(names) == 1:
        return names[0]
    listed = ", ".join(names[:N_NAMED]) + (f" and {len(names) - N_NAMED} more" if names[N_NAMED:] else "")
    problem = f"holds {len(names)} curves, and one is meant" if part is None else f"holds no curve {part!r}"
    raise BadInput(str(file), f"{problem}: {listed}", f"Name one, such as {name_part(file, names[0])}.")
