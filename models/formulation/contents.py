"""What no mixture of the stocks holds, however full they are, in words."""

from collections.abc import Iterator

import numpy as np
from scipy.optimize import linprog

from models.domain.scattering import Floats
from models.domain.wording import in_unit
from models.formulation.binding import Binding
from models.formulation.deck import Deck


def content_bindings(deck: Deck, wanted: Floats) -> tuple[Binding, ...]:
    """Why no mixture of full stocks comes within the tolerance of what is wanted.

    Parameters
    ----------
    deck
        The deck.
    wanted
        Value on each axis, shape (n_axes,).

    Returns
    -------
    tuple of Binding
        The axes that no single stock reaches; else those that cannot be had with the others; else all.
    """
    return tuple(_beyond_stocks(deck, wanted)) or tuple(_beyond_mixtures(deck, wanted)) or (
        _all_together(deck, wanted),
    )  # fmt: skip


def _beyond_stocks(deck: Deck, wanted: Floats) -> Iterator[Binding]:
    """Axes on which every stock holds less than is wanted, or every stock more."""
    tolerance = deck.tolerance(wanted)
    for index, name in enumerate(deck.axes):
        contents, unit = deck.contents[index], in_unit(deck.units[index])
        for word, end, sign in (
            ("richest", int(np.argmax(contents)), 1.0),
            ("leanest", int(np.argmin(contents)), -1.0),
        ):
            if sign * (wanted[index] - contents[end]) > tolerance[index]:
                yield Binding(
                    "content", (name,),
                    f"{name} {wanted[index]:.4g}{unit}: the {word} stock ({deck.stocks[end]}) holds "
                    f"{contents[end]:.4g}{unit}",
                )  # fmt: skip


def _beyond_mixtures(deck: Deck, wanted: Floats) -> Iterator[Binding]:
    """Axes whose wanted value cannot be had with the others as wanted."""
    for index, name in enumerate(deck.axes):
        least, most = (_extreme(deck, wanted, index, sign) for sign in (1.0, -1.0))
        if least is None or most is None or least <= wanted[index] <= most:
            continue
        unit = in_unit(deck.units[index])
        others = " and ".join(other for other in deck.axes if other != name)
        yield Binding(
            "mixture", (name,),
            f"{name} {wanted[index]:.4g}{unit}: with {others} as wanted, mixtures of the stocks hold "
            f"{_range(least, most)}{unit}",
        )  # fmt: skip


def _all_together(deck: Deck, wanted: Floats) -> Binding:
    said = ", ".join(
        f"{name} {value:.4g}{in_unit(unit)}"
        for name, value, unit in zip(deck.axes, wanted, deck.units, strict=True)
    )
    return Binding("mixture", deck.axes, f"no mixture of the stocks holds {said} together")


def _range(least: float, most: float) -> str:
    same = f"{least:.4g}" == f"{most:.4g}"
    return f"{least:.4g}" if same else f"{least:.4g} to {most:.4g}"


def _extreme(deck: Deck, wanted: Floats, axis: int, sign: float) -> float | None:
    """Least (sign 1) or largest (sign -1) value of an axis with the others as wanted, within their tolerance.

    A ratio of sums becomes linear when what is below the line is set to 1 (A. Charnes and W. W. Cooper, Naval
    Research Logistics 9, 181 (1962)).
    """
    others = np.flatnonzero(np.arange(len(wanted)) != axis)
    # a corner of this box is as far from its middle as is accepted
    tolerance = deck.tolerance(wanted)[others] / np.sqrt(len(wanted))
    content, weight = deck.content[others], deck.weight[others]
    high = content - (wanted[others] + tolerance)[:, None] * weight
    low = (wanted[others] - tolerance)[:, None] * weight - content
    rows = np.vstack([high, low])
    found = linprog(
        sign * deck.content[axis] / deck.weight[axis],
        A_ub=rows / deck.weight[axis] if len(others) else None,
        b_ub=np.zeros(len(rows)) if len(others) else None,
        A_eq=np.ones((1, len(deck.stocks))),
        b_eq=[1.0],
    )
    return sign * float(found.fun) if found.status == 0 else None
