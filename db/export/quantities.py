"""Columns for what differs from campaign to campaign: axes, features, and what was expected of them."""

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from db import schema
from db.export.sheet import Cell, Column, named_apart
from db.export.source import Source, axes_of
from db.queries import LoggedCampaign
from models.domain.space import Axis, Point

LEVEL = "level"
"""Stands for the unit of names, so that no column mixes them with numbers."""


@dataclass(frozen=True)
class Quantities:
    """The columns of a group of quantities, over all campaigns."""

    names: dict[tuple[str, str], str]
    """Column name of each quantity in each unit."""
    meaning: str
    """What such a column is; ``{}`` stands for the quantity."""
    prefix: str
    """Stands before the quantity in every column's name."""

    def columns(self, prefix: str = "", meaning: str = "") -> tuple[Column, ...]:
        """The columns, or further ones of the same quantities, such as their sigmas."""
        says = meaning or self.meaning
        return tuple(
            Column((prefix or self.prefix) + column, "text", says.format(name))
            if unit == LEVEL
            else Column((prefix or self.prefix) + column, "number", says.format(name), unit)
            for (name, unit), column in self.names.items()
        )

    def column(self, name: str, unit: str, prefix: str = "") -> str:
        """Name of the column in which a quantity stands."""
        return (prefix or self.prefix) + self.names[name, unit]


def axis_quantities(source: Source, meaning: str) -> Quantities:
    """The axes of all campaigns."""
    pairs = ((axis.name, _unit_or_level(axis)) for one in source.campaigns for axis in axes_of(one))
    return Quantities(named_apart(pairs), meaning, "point_")


def place_cells(axes: Quantities, campaign: LoggedCampaign, point_json: str | None) -> dict[str, Cell]:
    """The cells of a point; none for None."""
    if point_json is None:
        return {}
    point = Point.model_validate_json(point_json)
    cells: dict[str, Cell] = {
        axes.column(axis.name, _unit_or_level(axis)): point.coordinates.get(axis.name)
        for axis in axes_of(campaign)
    }
    return cells | {"sample": point.sample}


def _unit_or_level(axis: Axis) -> str:
    return axis.unit if axis.is_numeric else LEVEL


def feature_quantities(source: Source) -> Quantities:
    """The features that all campaigns made, in the order in which they were made."""
    return Quantities(named_apart(_made_features(source)), "{}, as read off the curve.", "feature_")


def expected_quantities(source: Source) -> Quantities:
    """The feature that each campaign is after, in the units in which models predicted it."""
    return Quantities(
        named_apart(_expected_features(source)), "{}, as the model expected it beforehand.", "predicted_"
    )


def _made_features(source: Source) -> Iterator[tuple[str, str]]:
    table = schema.feature
    for campaign in source.campaigns:
        statement = (
            sa.select(table.c.name, table.c.unit)
            .join(schema.decision, schema.decision.c.id == table.c.decision_id)
            .where(schema.decision.c.campaign_id == campaign.id)
            .group_by(table.c.name, table.c.unit)
            .order_by(sa.func.min(table.c.position), table.c.name)
        )
        for row in source.connection.execute(statement):
            yield row.name, row.unit


def _expected_features(source: Source) -> Iterator[tuple[str, str]]:
    table = schema.candidate
    for campaign in source.campaigns:
        statement = (
            sa.select(table.c.name, table.c.unit)
            .join(schema.decision, schema.decision.c.id == table.c.decision_id)
            .where(schema.decision.c.campaign_id == campaign.id)
            .distinct()
            .order_by(table.c.unit)
        )
        for row in source.connection.execute(statement):
            yield row.name or campaign.spec.objective.quantity, row.unit


def unit_of_axis(campaign: LoggedCampaign, name: str) -> str:
    """Unit of an axis; ``1`` for a pure number, and for a name that is no axis."""
    return next((axis.unit for axis in axes_of(campaign) if axis.name == name), "1")
