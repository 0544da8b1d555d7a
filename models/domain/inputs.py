"""Read what a user wrote into a frozen model, and answer mistakes with file, key, value and remedy."""

import inspect
import json
import tomllib
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from models.domain.errors import BadInput

Model = TypeVar("Model", bound=BaseModel)
UNKNOWN_GOAL = "unknown_goal"
"""Type of the error that a goal of no known name gives; it says behind ``; use `` which there are."""
TAG = "as "
"""What begins the tag that tells one model of several apart, before the model's name."""


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file.

    Raises
    ------
    BadInput
        When the file cannot be read or is not TOML; the message names the line.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadInput(str(path), "there is no such file", "Check the path") from None
    except IsADirectoryError:
        raise BadInput(str(path), "is a folder, not a file", "Name the TOML file in it") from None
    except OSError as error:
        raise BadInput(
            str(path), f"cannot be read ({error.strerror})", "Check the path and who may read it"
        ) from None
    except UnicodeDecodeError as error:
        raise BadInput(
            str(path), f"is not a text file in UTF-8 (byte {error.start})", "Name a TOML file"
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise BadInput(str(path), f"is not valid TOML: {error}", "Correct that line") from None


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
        At the first mistake, with its key, and a count of the others.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        # An unknown key comes first: it is often the misspelt one that is then missing.
        problems = sorted(error.errors(), key=lambda problem: problem["type"] != "extra_forbidden")
        raise _bad_input(model, problems[0], where, len(problems) - 1) from None


def validated_json(model: type[Model], text: str | bytes, where: str) -> Model:
    """The JSON text of a model, as that model; the very same numbers come back.

    Parameters
    ----------
    model
        What the text should be.
    text
        What was kept.
    where
        What it is, for the message.

    Raises
    ------
    BadInput
        When it is not.
    """
    try:
        values = json.loads(text)
    except ValueError as error:
        raise BadInput(where, f"is not JSON: {error}", "Give it as it was kept") from None
    return validated(model, values, where)


def options_for(build: Callable[..., Any], options: Mapping[str, Any], where: str) -> Any:
    """The options of a part, as what its builder's first parameter is annotated with.

    Parameters
    ----------
    build
        A function ``build(options, task)``. When `options` is annotated with a pydantic model, they are
        checked against it; else they are handed over as a dict.
    options
        What the user wrote.
    where
        File and table, for messages.

    Raises
    ------
    BadInput
        At the first mistake, with its key.
    """
    first = next(iter(inspect.signature(build).parameters), None)
    hint = get_type_hints(build).get(first) if first else None
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return validated(hint, options, where)
    return dict(options)


def _bad_input(model: type[BaseModel], first: ErrorDetails, where: str, n_others: int) -> BadInput:
    key = _key(first)
    place = f"{where}: {key}" if key else where
    others = f" ({n_others} more mistake{'s' if n_others > 1 else ''} after this one)" if n_others else ""
    said = first["msg"].removeprefix("Value error, ")
    said = said[0].lower() + said[1:]
    if first["type"] == "extra_forbidden":
        known = _known_keys(model, first)
        return BadInput(place, "is not a known key", _nearest(str(first["loc"][-1]), known) + others)
    if first["type"] == "missing":
        return BadInput(place, "is missing", "Add this key" + others)
    if first["type"] == UNKNOWN_GOAL:
        asked, (problem, _, known) = first["input"].get("goal"), said.partition("; use ")
        remedy = _nearest(str(asked), known.split(", "))
        return BadInput(f"{place}.goal", f"is {asked!r}, which {problem}", remedy + others)
    given = "" if isinstance(first["input"], dict | list) else f"is {first['input']!r}: "
    problem, _, remedy = said.partition("; ")
    remedy = remedy[:1].upper() + remedy[1:] if remedy else "Correct this value"
    return BadInput(place, f"{given}{problem}", remedy + others)


def _key(problem: ErrorDetails) -> str:
    """The key as it is written in TOML: ``axes[0].high``."""
    keys = (part for part in problem["loc"] if not _is_tag(part))
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in keys)
    return "".join(parts).lstrip(".")


def _known_keys(model: type[BaseModel], problem: ErrorDetails) -> list[str]:
    """The keys that the table knows in which the unknown one stands."""
    schema = model.model_json_schema()
    node: dict[str, Any] = schema
    for part in problem["loc"][:-1]:
        if _is_tag(part):
            node = schema["$defs"][str(part).removeprefix(TAG)]
            continue
        node = node.get("items", {}) if isinstance(part, int) else node.get("properties", {}).get(part, {})
        options = [node, *node.get("anyOf", ())]
        reference = next((option["$ref"] for option in options if "$ref" in option), None)
        if reference is not None:
            node = schema["$defs"][reference.rsplit("/", 1)[-1]]
    return list(node.get("properties", {}))


def _is_tag(part: int | str) -> bool:
    """True for what only says which of several models was tried: no key of a file has a blank in it."""
    return isinstance(part, str) and part.startswith(TAG)


def _nearest(word: str, known: list[str]) -> str:
    """A remedy that names the nearest known word, or all of them."""
    near = get_close_matches(word, known, n=1)
    if near:
        return f"Did you mean {near[0]}?"
    return f"Remove it, or use one of: {', '.join(known) or '(no keys here)'}"
