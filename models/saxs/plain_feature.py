"""A feature as one plain function of a curve: ``def my_feature(curve)`` gives ``(value, sigma, unit)``."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from models.domain.errors import BadInput, FitFailed
from models.domain.scattering import Curve, Feature
from models.saxs.extractor import Extractor, Found

TRIAL_Q_INV_NM = (0.05, 5.0, 400)
"""First and last q of the trial curve, 1/nm, and how many points it has."""
TRIAL_RG_NM = 3.0
"""Radius of gyration of the trial curve."""


def from_function(function: Callable[[Curve], Any], name: str, where: str) -> Extractor:
    """Make an extractor of a plain function.

    Its unit has to be known before the first frame: it is what the function carries as its attribute `unit`;
    where it carries none, the function is asked once about a trial curve.

    Parameters
    ----------
    function
        Takes a `Curve` and returns ``(value, sigma, unit)``, or None where the curve does not have the
        feature; it may raise `FitFailed` to say why.
    name
        What the feature is called.
    where
        File and key, for messages.

    Returns
    -------
    Extractor
        That makes one feature. What is not finite, or in another unit than before, is absent.

    Raises
    ------
    BadInput
        When its unit cannot be known.
    """
    unit = getattr(function, "unit", None)
    if not isinstance(unit, str):
        unit = _unit_on_trial(function, name, where)

    def extract(curve: Curve) -> Found:
        feature = _feature(function(curve), name)
        if feature.unit != unit:
            raise FitFailed(f"it came in {feature.unit!r}, and was announced in {unit!r}")
        return (feature,)

    return Extractor(makes={name: unit}, extract=extract)


def trial_curve() -> Curve:
    """A curve on which a function shows what it makes: Guinier's law, a peak and Porod's, all positive."""
    q = np.geomspace(*TRIAL_Q_INV_NM)
    intensity = 1e3 * np.exp(-((q * TRIAL_RG_NM) ** 2) / 3) + 5.0 * np.exp(-0.5 * ((q - 1.5) / 0.1) ** 2)
    intensity += 1.0 / (1.0 + (q / 0.8) ** 4) + 1e-3
    return Curve(q, intensity, 0.01 * intensity, source="trial curve")


def _unit_on_trial(function: Callable[[Curve], Any], name: str, where: str) -> str:
    """Ask the function once; only its unit is believed."""
    try:
        return _feature(function(trial_curve()), name).unit
    except Exception as error:  # whatever somebody's function raises
        said = " ".join(str(error).split()) or type(error).__name__
        raise BadInput(
            where,
            f"names {name!r}, whose unit is not known: about a trial curve it says {said!r}",
            f'Return (value, sigma, unit), or write {name}.unit = "nm" below the function',
        ) from error


def _feature(answer: Any, name: str) -> Feature:
    """Read what a function answered."""
    if answer is None:
        raise FitFailed("the function found none in this curve")
    try:
        value, sigma, unit = float(answer[0]), float(answer[1]), str(answer[2])
    except (TypeError, ValueError, LookupError) as error:
        raise FitFailed(f"the function must return (value, sigma, unit), and returned {answer!r}") from error
    if not (math.isfinite(value) and math.isfinite(sigma)):
        raise FitFailed(f"the function gave {value:g} +- {sigma:g}, which is not finite")
    return Feature(name=name, value=value, sigma=sigma, unit=unit)
