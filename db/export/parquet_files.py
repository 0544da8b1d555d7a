"""Parquet for programs: the same tables as CSV, typed, with meaning and unit in each field's metadata."""

import itertools
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from db.export.sheet import Cell, Column, Sheet
from db.export.source import PAGE, Progress
from models.domain.errors import BadInput

TYPES: dict[str, Any] = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "flag": pa.bool_(),
    "moment": pa.timestamp("us", tz="UTC"),
}
"""Type of each kind of column."""


def write_parquet(sheets: Iterable[Sheet], folder: Path, tell: Progress) -> None:
    """Write tables as Parquet.

    Parameters
    ----------
    sheets
        The tables.
    folder
        Where the files go.
    tell
        Is told of the progress.
    """
    for sheet in sheets:
        schema = pa.schema([_field(column) for column in sheet.columns], metadata={"meaning": sheet.meaning})
        rows, n_done = sheet.rows(), 0
        with pq.ParquetWriter(folder / f"{sheet.name}.parquet", schema) as writer:
            while page := list(itertools.islice(rows, PAGE * 20)):
                columns = [
                    pa.array([_value(column, record.get(column.name)) for record in page], field.type)
                    for column, field in zip(sheet.columns, schema, strict=True)
                ]
                writer.write_batch(pa.record_batch(columns, schema=schema))
                n_done += len(page)
                tell(f"{sheet.name}.parquet", n_done, 0)


def _field(column: Column) -> Any:
    metadata = {"meaning": column.meaning}
    if column.kind == "number":
        metadata["unit"] = column.unit or "1"
    return pa.field(column.name, TYPES[column.kind], metadata=metadata)


def _value(column: Column, value: Cell) -> Any:
    if value is not None and column.kind == "moment":
        try:
            return datetime.fromisoformat(str(value))
        except ValueError as error:
            raise BadInput(
                f"--db: column {column.name}",
                f"is {str(value)!r} in a row, which is no time",
                "Run nightbeam verify to see what was changed",
            ) from error
    return value
