"""Find extractors by name, and say what they make."""

import difflib
import pkgutil
from collections.abc import Iterable, Sequence

import models.saxs.features as shipped
from models.domain.errors import BadInput
from models.domain.own_parts import import_attribute
from models.saxs.extractor import Extractor

ATTRIBUTE = "EXTRACTOR"
"""What a file in `models/saxs/features` calls its extractor."""


def known_names() -> tuple[str, ...]:
    """List the extractors that ship with Nightbeam.

    Returns
    -------
    tuple of str
        Names of the files in `models/saxs/features`, sorted.
    """
    return tuple(sorted(found.name for found in pkgutil.iter_modules(shipped.__path__)))


def load_extractor(name: str) -> Extractor:
    """Load one extractor.

    Parameters
    ----------
    name
        A file in `models/saxs/features`, or ``module:ATTRIBUTE`` for one's own (the caller sees to it that
        the module can be imported).

    Returns
    -------
    Extractor
        What reads a curve.

    Raises
    ------
    BadInput
        When there is none of that name.
    """
    where = "features"
    if ":" not in name:
        if name not in known_names():
            nearest = difflib.get_close_matches(name, known_names(), n=1, cutoff=0.4)
            hint = f"Did you mean {nearest[0]!r}? " if nearest else ""
            raise BadInput(
                where,
                f"names {name!r}, which is no extractor",
                f"{hint}There are {', '.join(known_names())}, or give module:ATTRIBUTE",
            )
        name = f"{shipped.__name__}.{name}:{ATTRIBUTE}"
    found = import_attribute(name, where)
    if not isinstance(found, Extractor):
        raise BadInput(
            where,
            f"names {name!r}, which is a {type(found).__name__} and no Extractor",
            "Write it as Extractor(makes=..., extract=...)",
        )
    return found


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
