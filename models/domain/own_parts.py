"""Find what a user names as ``module:attribute``."""

import importlib
from typing import Any

from models.domain.errors import BadInput

OWN_PART = r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$"
"""How one's own part is named: ``module:attribute``."""


def import_attribute(name: str, where: str) -> Any:
    """The attribute of a module that can be imported, or lies beside the campaign file.

    Parameters
    ----------
    name
        ``module:attribute``.
    where
        File and key, for messages.

    Raises
    ------
    BadInput
        When there is no such module or attribute. Whatever goes wrong while the module is read is its
        author's to correct.
    """
    module_name, _, attribute = name.partition(":")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise BadInput(
            where,
            f"is {name!r}: {error}",
            "Lay the module beside the campaign file, or install it; a replay is told its folder by --home",
        ) from error
    except Exception as error:
        raise BadInput(
            where, f"is {name!r}: the module fails with {type(error).__name__}: {error}", "Correct it"
        ) from error
    if not hasattr(module, attribute):
        raise BadInput(
            where,
            f"is {name!r}: the module {module_name} has no {attribute!r}",
            "Name something that it has",
        )
    return getattr(module, attribute)
