"""Read curves as canSAS keeps them: NXcanSAS (HDF5), and canSAS XML by sasdata."""

from pathlib import Path

from models.domain.scattering import Curve
from models.domain.units import QUnit
from models.saxs.cansas_xml import is_cansas_xml, list_xml_curves, read_xml_curve
from models.saxs.file_parts import split_part
from models.saxs.hdf5_values import is_hdf5
from models.saxs.nxcansas_files import list_curves, read_nxcansas


def is_cansas(path: Path) -> bool:
    """Say by its content whether a file is HDF5 or canSAS XML, thus no text of columns.

    Parameters
    ----------
    path
        A file, or ``file::name``.
    """
    file, _ = split_part(path)
    return is_hdf5(file) or is_cansas_xml(file)


def read_cansas(path: Path, q_unit: QUnit | None) -> Curve:
    """Read one curve.

    Parameters
    ----------
    path
        A file, or ``file::name`` where it holds many.
    q_unit
        Unit of q, for a file that does not state it.

    Returns
    -------
    Curve
        q in 1/nm; intensity in 1/cm where it is absolute.

    Raises
    ------
    BadInput
        When the file is cut off or holds no such curve, or q has no unit that is known.
    """
    file, _ = split_part(path)
    return read_nxcansas(path, q_unit) if is_hdf5(file) else read_xml_curve(path)


def curve_names(path: Path) -> tuple[str, ...]:
    """Name the curves of a canSAS file.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    BadInput
        When it holds none.
    """
    return list_curves(path) if is_hdf5(path) else list_xml_curves(path)
