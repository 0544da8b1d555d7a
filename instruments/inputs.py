"""Reads what a user wrote into a frozen model, and answers mistakes with file, key, value and remedy."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from models.domain.errors import BadInput

Model = TypeVar("Model", bound=BaseModel)


def validated(model: type[Model], values: Mapping[str, Any], where: str) -> Model:
    """The values as a model.

    Parameters
    ----------
    model
        What the values should be.
    values
        What the user wrote.
    where
        File, or file and table, for the message.

    Raises
    ------
    BadInput
        At the first mistake, with its key.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"])
        place = f"{where}: {key.lstrip('.')}" if key else where
        if first["type"] == "extra_forbidden":
            known = ", ".join(model.model_fields)
            raise BadInput(place, "is not a known key", f"Remove it, or use one of: {known}") from None
        if first["type"] == "missing":
            raise BadInput(place, "is missing", "Add this key") from None
        said = first["msg"].removeprefix("Value error, ")
        given = "" if isinstance(first["input"], dict | list) else f"is {first['input']!r}: "
        raise BadInput(place, f"{given}{said}", "Correct this value") from None
