"""Strategies that are to be rehearsed, as a campaign file or a file of their own may name them."""

from typing import Any

from pydantic import Field

from models.domain.frozen import Frozen


class RehearsalSpec(Frozen):
    """The table ``[rehearsal]``; a TOML file of strategies holds the same keys without it."""

    strategies: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """By name, what is different from the campaign file: tables `objective`, `strategy`, `measurement` and
    `stop`. ``{ each = [...] }`` in the place of a value makes a strategy of each."""
