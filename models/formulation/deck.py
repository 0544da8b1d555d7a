"""The deck in numbers: what a microlitre of each stock brings to each axis, and the limits of pipetting."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np

from models.domain.axis import Axis
from models.domain.deck import ComponentSpec, DeckSpec, StockSpec
from models.domain.errors import BadInput
from models.domain.scattering import Floats
from models.formulation.amounts import (
    ContentKind,
    content,
    content_unit,
    is_share,
    positive,
    quantity,
    share,
)  # fmt: skip
from models.formulation.solutions import Component, Solution, read_component, read_solution

TRACE = 0.01
"""A relative tolerance is never taken of less than this share of the richest stock's content."""


@dataclass(frozen=True)
class Pipetting:
    """What a pipette can do, and how well."""

    sample_ul: float
    """Volume of one sample, uL."""
    least_ul: float
    """The least that is transferred, uL."""
    step_ul: float
    """The most that is transferred in one step, uL; infinite where there is no limit."""
    relative_sigma: float
    """One standard deviation of a transfer, as a share of it."""
    sigma_ul: float
    """One standard deviation of each step besides, uL."""
    rinse_ul: float
    """What rinsing after one sample takes, uL."""

    def n_steps(self, volume_ul: float) -> int:
        """How many equal steps a volume is transferred in."""
        return max(int(np.ceil(volume_ul / self.step_ul - 1e-9)), int(volume_ul > 0.0))


@dataclass(frozen=True, eq=False)
class Deck:
    """What samples are made from and with; stocks are in the order of their names."""

    spec: DeckSpec
    """What the campaign file says."""
    axes: tuple[str, ...]
    """The axes that are components."""
    units: tuple[str, ...]
    """Their units."""
    stocks: tuple[str, ...]
    """Names of the stocks."""
    content: Floats
    """What a volume of each stock brings to each axis, above the line, shape (n_axes, n_stocks)."""
    weight: Floats
    """What it brings below the line: its mass for mass fractions, else its volume, same shape."""
    absolute: Floats
    """Tolerance of each axis, in its unit; 0 where it is relative, shape (n_axes,)."""
    relative: Floats
    """Tolerance of each axis as a share of what is wanted; 0 where it is absolute, shape (n_axes,)."""
    pipetting: Pipetting
    """What the pipette can do."""

    def __post_init__(self) -> None:
        """Check shapes."""
        shape = (len(self.axes), len(self.stocks))
        if not self.content.shape == self.weight.shape == shape or self.absolute.shape != shape[:1]:
            raise ValueError(f"content has shape {self.content.shape}, must be {shape}")

    @property
    def contents(self) -> Floats:
        """Content of each stock on each axis, in the axis' unit, shape (n_axes, n_stocks)."""
        return self.content / self.weight

    def made(self, volumes: Floats) -> Floats:
        """Composition of a mixture: volumes of shape (..., n_stocks) give values of shape (..., n_axes)."""
        return (volumes @ self.content.T) / (volumes @ self.weight.T)

    def tolerance(self, wanted: Floats) -> Floats:
        """Accepted error on each axis for wanted values, shape (..., n_axes), in the axis' unit."""
        trace = TRACE * self.contents.max(axis=1)
        return np.where(self.absolute > 0.0, self.absolute, self.relative * np.maximum(wanted, trace))

    def miss(self, volumes: Floats, wanted: Floats) -> Floats:
        """Errors of mixtures over their tolerances, added in squares: accepted up to 1, shape (...,)."""
        errors = (self.made(volumes) - wanted) / self.tolerance(wanted)
        return np.sqrt(np.sum(errors**2, axis=-1))

    def sensitivity(self, volumes: Floats) -> Floats:
        """Change of each axis' value with the volume of each stock, shape (n_axes, n_stocks), 1/uL."""
        below = self.weight @ volumes
        return (self.content - self.made(volumes)[:, None] * self.weight) / below[:, None]


def read_deck(spec: DeckSpec, axes: tuple[Axis, ...]) -> Deck:
    """A deck in numbers.

    Parameters
    ----------
    spec
        What the campaign file says.
    axes
        The campaign's axes. Those named after a component ask for its content; others, such as a
        temperature, are nothing to a dispenser.

    Raises
    ------
    BadInput
        At the first amount that does not convert or contradicts another.
    """
    components = {one.name: read_component(one) for one in spec.components}
    stocks = sorted(spec.stocks, key=lambda stock: stock.name)
    solutions = [read_solution(stock, components) for stock in stocks]
    for stock in stocks:
        stock_volumes(stock)
    wanted = [axis for axis in axes if _is_content(axis, spec.components)]
    if not wanted:
        raise BadInput("axes", "name no component", f"Name one of {', '.join(components)}")
    kinds = [content_unit(axis.unit, f"axis {axis.name!r}, unit") for axis in wanted]
    rows = [
        [_ratio(components[axis.name], solution, *kind) for solution in solutions]
        for axis, kind in zip(wanted, kinds, strict=True)
    ]
    content_of, weight = np.moveaxis(np.array(rows), 2, 0)
    tolerances = [_tolerance(spec, axis, *kind) for axis, kind in zip(wanted, kinds, strict=True)]
    absolute, relative = np.array(tolerances).T
    return Deck(
        spec=spec,
        axes=tuple(axis.name for axis in wanted),
        units=tuple(axis.unit for axis in wanted),
        stocks=tuple(stock.name for stock in stocks),
        content=content_of,
        weight=weight,
        absolute=absolute,
        relative=relative,
        pipetting=_pipetting(spec),
    )


def stock_volumes(stock: StockSpec) -> tuple[float, float]:
    """What a stock holds, and what of it cannot be drawn, uL.

    Raises
    ------
    BadInput
        When it is all dead volume.
    """
    where = f"stock {stock.name!r}"
    volume = positive(stock.volume, "uL", f"{where}, volume")
    dead = quantity(stock.dead_volume, "uL", f"{where}, dead_volume")
    if dead >= volume:
        raise BadInput(
            f"{where}, dead_volume", f"is {stock.dead_volume!r}, must be below its volume of {stock.volume}",
            "Fill it, or lower the dead volume",
        )  # fmt: skip
    return volume, dead


def _is_content(axis: Axis, components: tuple[ComponentSpec, ...]) -> bool:
    """True when an axis asks for a component; one that asks for an unknown component is refused."""
    where = f"axis {axis.name!r}"
    names = [component.name for component in components]
    if axis.name in names:
        if not axis.is_numeric:
            raise BadInput(where, "is a component and has levels", "Give numbers, low and high")
        if axis.low < 0.0:
            raise BadInput(where, f"is a component and has low = {axis.low:g}", "Raise low to 0 or more")
        return True
    try:
        content_unit(axis.unit, where)
    except BadInput:
        return False
    near = get_close_matches(axis.name, names, n=1)
    remedy = f"Did you mean {near[0]}?" if near else f"Use one of {', '.join(names)}"
    raise BadInput(where, f"asks for {axis.unit} of what is no component", remedy)


def _ratio(component: Component, solution: Solution, kind: ContentKind, factor: float) -> tuple[float, float]:
    """What a millilitre of a solution brings to an axis, above and below the line."""
    mass = solution.mass_g_ml.get(component.name, 0.0)
    if kind == "mass fraction":
        return mass * factor, solution.density_g_ml
    if kind == "concentration":
        return mass * factor, 1.0
    needed_for = f"an axis in {'mL/mL' if kind == 'volume fraction' else 'mol/L'}"
    if kind == "volume fraction":
        return mass / component.density(needed_for) * factor, 1.0
    return mass * 1e3 / component.molar_mass(needed_for) * factor, 1.0


def _tolerance(spec: DeckSpec, axis: Axis, kind: ContentKind, factor: float) -> tuple[float, float]:
    """Tolerance of an axis: absolute in its unit, and as a share; one of them is 0."""
    text = spec.tolerance if isinstance(spec.tolerance, str) else spec.tolerance.get(axis.name, "1 %")
    where = f"tolerance of {axis.name!r}"
    if is_share(text):
        absolute, relative = 0.0, share(text, where)
    else:
        given, value = content(text, where)
        if given != kind:
            raise BadInput(
                where, f"is {text!r}, a {given}, but the axis is in {axis.unit}",
                f'Give it in {axis.unit}, or as "1 %"',
            )  # fmt: skip
        absolute, relative = value * factor, 0.0
    if absolute + relative <= 0.0:
        raise BadInput(where, f"is {text!r}, must be above 0", 'Write it as "1 %"')
    return absolute, relative


def _pipetting(spec: DeckSpec) -> Pipetting:
    """The limits of pipetting, uL.

    Raises
    ------
    BadInput
        When they contradict each other.
    """
    sample = positive(spec.sample_volume, "uL", "sample_volume")
    least = quantity(spec.min_transfer, "uL", "min_transfer")
    if least > sample:
        raise BadInput(
            "min_transfer", f"is {spec.min_transfer!r}, above sample_volume of {spec.sample_volume}",
            "Lower it, or make larger samples",
        )  # fmt: skip
    step = float("inf") if spec.max_transfer is None else positive(spec.max_transfer, "uL", "max_transfer")
    if step < 2.0 * least:
        # a little more than one step goes in two, each of which must be no less than the least
        raise BadInput(
            "max_transfer", f"is {spec.max_transfer!r}, must be at least twice min_transfer of "
            f"{spec.min_transfer}", "Raise it, or lower min_transfer",
        )  # fmt: skip
    return Pipetting(
        sample_ul=sample,
        least_ul=least,
        step_ul=step,
        relative_sigma=share(spec.relative_error, "relative_error"),
        sigma_ul=quantity(spec.absolute_error, "uL", "absolute_error"),
        rinse_ul=quantity(spec.rinse_volume, "uL", "rinse_volume"),
    )


def named_volumes(spec: DeckSpec) -> Mapping[str, tuple[float, float]]:
    """Volume and dead volume of each stock by its name, uL."""
    return {stock.name: stock_volumes(stock) for stock in spec.stocks}
