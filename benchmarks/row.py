"""One line of a benchmark's table: a figure, what it stands beside, and how it was had."""

from pydantic import JsonValue

from models.domain.frozen import Frozen


class Peer(Frozen):
    """What the same task costs when it is done another way, in the same run."""

    name: str
    """What does it."""
    value: float
    """Its figure, in the row's unit."""


class Row(Frozen):
    """One figure."""

    name: str
    """Benchmark and figure: ``reduction.beside_pyfai``."""
    value: float
    """The figure, a median where it was repeated, in `unit`."""
    unit: str
    """Unit of `value` and `peer_value`."""
    peer: str | None = None
    """What stands beside it; None where there is nothing to compare with."""
    peer_value: float | None = None
    """The peer's figure, in `unit`."""
    ratio: float | None = None
    """`value` over `peer_value`: below 1, ours is the smaller."""
    settings: dict[str, JsonValue]
    """How it was had: sizes, repeats, quartiles, machine, versions."""


def make_row(
    name: str, value: float, unit: str, settings: dict[str, JsonValue], peer: Peer | None = None
) -> Row:
    """Make a row, its ratio worked out.

    Parameters
    ----------
    name
        Benchmark and figure.
    value
        The figure, in `unit`.
    unit
        Unit of both figures.
    settings
        How it was had.
    peer
        What stands beside it.
    """
    if peer is None:
        return Row(name=name, value=value, unit=unit, settings=settings)
    ratio = value / peer.value if peer.value else None
    return Row(
        name=name,
        value=value,
        unit=unit,
        peer=peer.name,
        peer_value=peer.value,
        ratio=ratio,
        settings=settings,
    )
