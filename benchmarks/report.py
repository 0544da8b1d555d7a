"""Show rows to a person, and write them for programs."""

import json
from collections.abc import Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.table import Table

from benchmarks.row import Row


def table_of(rows: Sequence[Row]) -> Table:
    """The rows as a table."""
    table = Table(title="Benchmarks", title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("benchmark", no_wrap=True)
    table.add_column("ours", justify="right", no_wrap=True)
    table.add_column("peer", justify="right", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    table.add_column("ratio", justify="right", no_wrap=True)
    table.add_column("peer is")
    for row in rows:
        peer_value = "" if row.peer_value is None else f"{row.peer_value:.3g}"
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        table.add_row(row.name, f"{row.value:.3g}", peer_value, row.unit, ratio, row.peer or "")
    return table


def write_rows(rows: Sequence[Row], path: Path) -> None:
    """Write the rows as a JSON list."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps([row.model_dump(mode="json") for row in rows], indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
