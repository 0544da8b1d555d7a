"""Run extractors on what was measured, and answer for whatever goes wrong in them."""

from collections.abc import Sequence

from models.domain.errors import FitFailed
from models.domain.scattering import Absence, AzimuthalProfile, Curve, Feature, Fit
from models.saxs.extractor import Extractor, Found

Profile = AzimuthalProfile | str
"""The azimuthal profile, or why there is none."""
NO_FRAME = "there is no frame to read directions from"


def read_all(
    extractors: Sequence[Extractor], curve: Curve, profile: Profile = NO_FRAME
) -> tuple[Feature | Absence | Fit, ...]:
    """Run every extractor on a curve, and keep the fits too.

    Parameters
    ----------
    extractors
        What reads features.
    curve
        The curve.
    profile
        The azimuthal profile of the same exposure, or why there is none.

    Returns
    -------
    tuple of Feature, Absence or Fit
        One feature or absence for each feature that the extractors make, and the fits that stand behind them.
        What an extractor that gave up, or left out, would have made is absent.
    """
    return tuple(item for extractor in extractors for item in _read_one(extractor, curve, profile))


def read_features(
    extractors: Sequence[Extractor], curve: Curve, profile: Profile = NO_FRAME
) -> tuple[Feature | Absence, ...]:
    """What `read_all` gives without the fits: one answer for each feature that the extractors make."""
    return tuple(item for item in read_all(extractors, curve, profile) if not isinstance(item, Fit))


def _read_one(extractor: Extractor, curve: Curve, profile: Profile) -> tuple[Feature | Absence | Fit, ...]:
    """Run one extractor; whatever goes wrong in it is recorded as absences, and does not end a night."""
    try:
        made = _answer(extractor, curve, profile)
        names = [item.name for item in made if not isinstance(item, Fit)]
        if len(set(names)) < len(names):
            raise FitFailed("the extractor made one feature twice")
        strangers = [name for name in names if name not in extractor.makes]
        if strangers:
            raise FitFailed(f"the extractor made {', '.join(strangers)}, which it had not announced")
        if any(isinstance(item, Feature) and item.sigma < 0 for item in made):
            raise FitFailed("the extractor made a negative sigma")
    except FitFailed as error:
        return tuple(Absence(name=name, why=str(error)) for name in extractor.makes)
    except KeyboardInterrupt:  # a person's Ctrl-C
        raise
    except BaseException as error:  # an exit that it asks for is a fault of its own, too
        why = f"the extractor failed with {type(error).__name__}: {' '.join(str(error).split())}"
        return tuple(Absence(name=name, why=why) for name in extractor.makes)
    silent = (name for name in extractor.makes if name not in names)
    return (*made, *(Absence(name=name, why="the extractor gave no answer") for name in silent))


def _answer(extractor: Extractor, curve: Curve, profile: Profile) -> Found:
    """Let an extractor read what it asks for."""
    found: Found = () if extractor.extract is None else tuple(extractor.extract(curve))
    if extractor.extract_azimuth is None:
        return found
    if isinstance(profile, str):
        raise FitFailed(profile)
    return (*found, *extractor.extract_azimuth(profile))
