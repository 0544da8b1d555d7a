"""When enough is known: rules that end a campaign before its budget does."""

from typing import Self

from pydantic import Field, model_validator

from models.domain.frozen import Frozen

PATIENCE = 3
"""Choices in a row by which one is sure that little can be gained, and not only here."""


class StopSpec(Frozen):
    """The table ``[stop]``; a rule that is left out is not in force."""

    least_gain: float | None = Field(default=None, gt=0)
    """Stop when the next measurement is expected to gain less, in the unit in which the log tells gains: the
    feature's."""
    least_gain_per_hour: float | None = Field(default=None, gt=0)
    """Stop when it is expected to gain less than this for each hour that it takes, in that unit."""
    patience: int = Field(default=PATIENCE, ge=1)
    """How many choices in a row must be expected to gain so little."""
    sigma: float | None = Field(default=None, gt=0)
    """Stop when the feature is known this well over the region: posterior standard deviation, in the
    feature's unit; for maps and levels."""
    share: float = Field(default=1.0, gt=0, le=1)
    """Share of the region in which it must be known so well."""
    unchanged: int | None = Field(default=None, ge=1)
    """Stop when the best value has not changed beyond its noise in so many measurements."""

    @model_validator(mode="after")
    def _options_belong_to_rules(self) -> Self:
        if self.share < 1.0 and self.sigma is None:
            raise ValueError(f"stop.share = {self.share:g} is given without stop.sigma; add it")
        if self.patience != PATIENCE and self.least_gain is None and self.least_gain_per_hour is None:
            raise ValueError(
                f"stop.patience = {self.patience} is given without stop.least_gain or "
                "stop.least_gain_per_hour; add one of them"
            )
        return self

    def texts(self, unit: str) -> tuple[str, ...]:
        """Each rule that is in force, for people.

        Parameters
        ----------
        unit
            Unit of the feature that is shown first.
        """
        named = "" if unit == "1" else f" {unit}"
        per_hour = "/h" if unit == "1" else f" {unit}/h"
        times = f"{self.patience} choices in a row" if self.patience > 1 else "a choice"
        share = "everywhere" if self.share == 1.0 else f"in {100 * self.share:g} % of the region"
        rules = {
            f"{times} should gain less than {self.least_gain or 0:g}{named}": self.least_gain,
            f"{times} should gain less than {self.least_gain_per_hour or 0:g}{per_hour}": (
                self.least_gain_per_hour
            ),
            f"the standard deviation is at most {self.sigma or 0:g}{named} {share}": self.sigma,
            f"the best is unchanged within its noise for {self.unchanged} measurements": self.unchanged,
        }
        return tuple(text for text, limit in rules.items() if limit is not None)
