"""What a feature extractor is: a function of a curve that says beforehand what it makes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from models.domain.scattering import Absence, Curve, Feature, Fit


@dataclass(frozen=True)
class Extractor:
    """Reads one family of features off a curve.

    Write one in a file of its own, name it ``EXTRACTOR``, and list the file's name (or
    ``module:EXTRACTOR`` for one's own) under ``[analysis] features`` in the campaign file.
    """

    makes: Mapping[str, str]
    """Unit of each feature that it can make, by feature name."""
    extract: Callable[[Curve], tuple[Feature | Absence | Fit, ...]]
    """Read one curve. A feature that the curve does not have is answered with an `Absence` that says
    why, never with a plausible number. `FitFailed` makes all of them absent. A `Fit` beside them goes on
    record, so that a person can see later what a feature was read from."""
