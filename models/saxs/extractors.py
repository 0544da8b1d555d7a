"""Find extractors by name, and say what they make."""

import difflib
import pkgutil
from collections.abc import Iterable, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import models.saxs.features as shipped
from models.domain.errors import BadInput
from models.domain.own_parts import import_attribute
from models.saxs.extractor import Extractor
from models.saxs.plain_feature import from_function

ATTRIBUTE = "EXTRACTOR"
"""What a file in `models/saxs/features` calls its extractor."""
GROUP = "nightbeam.extractors"
"""Entry points of this group are extractors that installed packages bring."""
WHERE = "features"
"""What messages call the list of extractors."""


def known_names() -> tuple[str, ...]:
    """List the extractors that ship with Nightbeam.

    Returns
    -------
    tuple of str
        Names of the files in `models/saxs/features`, sorted.
    """
    return tuple(sorted(found.name for found in pkgutil.iter_modules(shipped.__path__)))


def installed() -> dict[str, EntryPoint]:
    """Extractors that installed packages bring, by the names of their entry points.

    Returns
    -------
    dict
        Entry points of the group ``nightbeam.extractors``; none bears the name of one that ships.
    """
    return {found.name: found for found in entry_points(group=GROUP) if found.name not in known_names()}


def load_extractor(name: str) -> Extractor:
    """Load one extractor.

    Parameters
    ----------
    name
        A file in `models/saxs/features`, an entry point of an installed package, or ``module:attribute``
        for one's own: an `Extractor`, or a plain function (the caller sees to it that the module can be
        imported).

    Returns
    -------
    Extractor
        What reads a curve.

    Raises
    ------
    BadInput
        When there is none of that name.
    """
    attribute, found = _find(name)
    if isinstance(found, Extractor):
        return found
    if callable(found) and not isinstance(found, type):
        return from_function(found, attribute, WHERE)
    raise BadInput(
        WHERE,
        f"names {name!r}, which is a {type(found).__name__} and no Extractor",
        "Write it as Extractor(makes=..., extract=...), or as a function of a curve",
    )


def _find(name: str) -> tuple[str, Any]:
    """What a name stands for, and the attribute that it is."""
    if ":" in name:
        return name.partition(":")[2], import_attribute(name, WHERE)
    if name in known_names():
        return ATTRIBUTE, import_attribute(f"{shipped.__name__}.{name}:{ATTRIBUTE}", WHERE)
    brought = installed()
    if name in brought:
        # written as in any campaign file, so that it fails in the same words
        entry = brought[name]
        return entry.attr, import_attribute(f"{entry.module}:{entry.attr}", WHERE)
    names = (*known_names(), *sorted(brought))
    nearest = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
    hint = f"Did you mean {nearest[0]!r}? " if nearest else ""
    raise BadInput(
        WHERE,
        f"names {name!r}, which is no extractor",
        f"{hint}There are {', '.join(names)}, or give module:ATTRIBUTE",
    )


def load_extractors(names: Iterable[str]) -> tuple[Extractor, ...]:
    """Load several extractors.

    Parameters
    ----------
    names
        As for `load_extractor`.

    Returns
    -------
    tuple of Extractor
        In the same order.

    Raises
    ------
    BadInput
        When one is unknown, or two make a feature of one name.
    """
    extractors: list[Extractor] = []
    maker: dict[str, str] = {}
    for name in names:
        extractor = load_extractor(name)
        for feature in extractor.makes:
            if feature in maker:
                raise BadInput(
                    f"features: {name!r}",
                    f"makes {feature!r}, as {maker[feature]!r} does",
                    "Keep one of the two.",
                )
            maker[feature] = name
        extractors.append(extractor)
    return tuple(extractors)


def features_made(extractors: Sequence[Extractor]) -> dict[str, str]:
    """List the features that extractors can make.

    Parameters
    ----------
    extractors
        The extractors.

    Returns
    -------
    dict
        Units by feature name.
    """
    return {name: unit for extractor in extractors for name, unit in extractor.makes.items()}
