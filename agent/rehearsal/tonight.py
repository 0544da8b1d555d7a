"""The campaign file that runs a recommended strategy tonight, as TOML."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from models.domain.campaign import CampaignSpec

FIRST = ("name", "seed")
"""Keys that come first."""
BARE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
"""Letters of keys that need no quotes."""


def campaign_toml(spec: CampaignSpec, remark: str) -> str:
    """A campaign file.

    Parameters
    ----------
    spec
        The campaign.
    remark
        What stands above it as a comment.
    """
    tables = spec.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    ordered = {key: tables[key] for key in FIRST if key in tables} | tables
    return "\n".join([f"# {remark}", *_lines(ordered, ()), ""])


def _lines(table: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    """Plain keys first, then tables and lists of tables below them."""
    later: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, Mapping) or _is_tables(value):
            later[key] = value
        else:
            yield f"{_key(key)} = {_value(value)}"
    for key, value in later.items():
        where = (*path, key)
        heading = ".".join(map(_key, where))
        if isinstance(value, Mapping):
            if _is_flat(value):
                yield from ("", f"[{heading}]")
            yield from _lines(value, where)
            continue
        for one in value:
            yield from ("", f"[[{heading}]]")
            yield from _lines(one, where)


def _is_flat(table: Mapping[str, Any]) -> bool:
    """True where a table has keys of its own, or nothing at all: then it needs a heading."""
    return not table or any(not isinstance(v, Mapping) and not _is_tables(v) for v in table.values())


def _is_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, Mapping) for one in value)


def _key(key: str) -> str:
    return key if key and set(key) <= BARE else json.dumps(key)


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value)
        case list() | tuple():
            return f"[{', '.join(map(_value, value))}]"
        case dict():
            return "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + " }"
        case _:
            return repr(value)
