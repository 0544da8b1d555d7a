"""What a feature extractor is: a function of a curve or of directions that says beforehand what it makes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from models.domain.scattering import Absence, AzimuthalProfile, Curve, Feature, Fit

Found = tuple[Feature | Absence | Fit, ...]
"""What an extractor answers."""


@dataclass(frozen=True)
class Extractor:
    """Reads one family of features off a curve, or off the azimuthal profile of a frame, or both.

    Write one in a file of its own, name it ``EXTRACTOR``, and list the file's name (or
    ``module:EXTRACTOR`` for one's own) under ``[analysis] features`` in the campaign file.
    """

    makes: Mapping[str, str]
    """Unit of each feature that it can make, by feature name."""
    extract: Callable[[Curve], Found] | None = None
    """Read one curve. A feature that the curve does not have is answered with an `Absence` that says
    why, never with a plausible number. `FitFailed` makes all of them absent. A `Fit` beside them goes on
    record, so that a person can see later what a feature was read from."""
    extract_azimuth: Callable[[AzimuthalProfile], Found] | None = None
    """Read one azimuthal profile, by the same rules. Where there is no frame, all of them are absent."""

    def __post_init__(self) -> None:
        """Refuse one that reads nothing."""
        if self.extract is None and self.extract_azimuth is None:
            raise ValueError(
                "an extractor reads a curve or an azimuthal profile; give extract or extract_azimuth"
            )
