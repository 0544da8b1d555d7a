"""Files that hold features themselves, where an instrument gives values and no curves."""

from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from models.domain.errors import BadInput
from models.domain.scattering import Absence, Feature
from models.domain.whole_files import clear_drafts, write_whole

VALUES = TypeAdapter[tuple[Feature | Absence, ...]](tuple[Feature | Absence, ...])
"""JSON of what was measured."""


def write_values(path: Path, values: tuple[Feature | Absence, ...]) -> None:
    """Write what was measured, as JSON, whole or not at all; the folder is made."""
    clear_drafts(path)
    write_whole(path, VALUES.dump_json(values))


def read_values(path: Path) -> tuple[Feature | Absence, ...]:
    """Read what was measured.

    Raises
    ------
    BadInput
        When the file does not hold that.
    """
    try:
        return VALUES.validate_json(path.read_bytes())
    except ValidationError as error:
        raise BadInput(
            str(path), f"holds no measured values: {error.errors()[0]['msg']}", "Measure again"
        ) from error
