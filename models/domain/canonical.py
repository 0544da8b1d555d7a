"""Canonical JSON: one text for one value, so that it can be hashed and compared."""

import hashlib
import json
from typing import Any

from pydantic import BaseModel


def canonical_json(value: Any) -> str:
    """Write a value as JSON with sorted keys, no spaces, and floats in their shortest exact form.

    Parameters
    ----------
    value
        A pydantic model, or anything built of dict, list, str, int, float, bool and None.

    Raises
    ------
    ValueError
        When a float is NaN or infinite: such a value has no place in a record.
    """
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def sha256_text(text: str) -> str:
    """SHA-256 of a text in UTF-8, 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()
