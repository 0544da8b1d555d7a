"""A curve as text, and back: the format that curve files and the log's artifacts are kept in."""

import numpy as np

from models.domain.scattering import Curve

OWN_MARK = "nightbeam curve 1"
"""First line of the format, behind its comment mark."""
N_COLUMNS = 3


def curve_to_text(curve: Curve) -> str:
    """Write a curve as text; reading it back gives the very same numbers.

    Parameters
    ----------
    curve
        The curve.

    Returns
    -------
    str
        Five lines of header behind ``#``, then ``q intensity sigma`` in 1/nm and the curve's unit.
    """
    lines = [
        f"# {OWN_MARK}",
        f"# source: {' '.join(curve.source.split())}",
        f"# intensity unit: {curve.unit}",
        f"# common relative sigma: {curve.common_relative_sigma!r}",
        f"# q(1/nm) intensity({curve.unit}) sigma({curve.unit})",
    ]
    rows = zip(curve.q_inv_nm.tolist(), curve.intensity.tolist(), curve.sigma.tolist(), strict=True)
    lines += [f"{q!r} {intensity!r} {sigma!r}" for q, intensity, sigma in rows]
    return "\n".join(lines) + "\n"


def curve_from_text(text: str) -> Curve:
    """Read a curve that `curve_to_text` wrote.

    Parameters
    ----------
    text
        The text.

    Returns
    -------
    Curve
        The very numbers that were written; a rejected curve may hold NaN.

    Raises
    ------
    ValueError
        When it is not such a text, with what is wrong in it.
    """
    lines = text.splitlines()
    header = [line.removeprefix("#").strip() for line in lines if line.startswith("#")]
    if header[:1] != [OWN_MARK]:
        raise ValueError(f"its first line is not `# {OWN_MARK}`")
    fields = dict(line.split(": ", 1) for line in header if ": " in line)
    missing = [key for key in ("intensity unit", "common relative sigma") if key not in fields]
    if missing:
        raise ValueError(f"its header does not state the {missing[0]}")
    rows = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    if any(len(row) != N_COLUMNS for row in rows):
        raise ValueError(f"it has a line without {N_COLUMNS} numbers")
    table = np.array(rows, dtype=np.float64).reshape(-1, N_COLUMNS)
    q, intensity, sigma = (np.ascontiguousarray(column) for column in table.T)
    common = float(fields["common relative sigma"])
    return Curve(q, intensity, sigma, fields["intensity unit"], common, fields.get("source", ""))
