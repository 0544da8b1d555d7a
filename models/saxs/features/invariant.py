"""Porod's invariant: the integral of q^2 I over all q, and the part of it that was measured."""

import numpy as np

from models.domain.errors import FitFailed
from models.domain.scattering import Absence, Curve, Feature, Fit
from models.saxs.extractor import Extractor
from models.saxs.porod_fit import porod_model
from models.saxs.steady import steady
from models.saxs.two_phase import MIN_POINTS, read_two_phases


def extract(curve: Curve) -> tuple[Feature | Absence | Fit, ...]:
    """Read the invariant and its measured part.

    Parameters
    ----------
    curve
        The curve.

    Returns
    -------
    tuple of Feature, Absence or Fit
        ``invariant`` and ``partial_invariant``, intensity times 1/nm^3, and the fit of the tail, which is
        Porod's. The second adds up the measured points only: nothing is continued and no background is
        taken off, so that its sigma holds counts alone, which is what a map of differences asks for.
    """
    partial = _partial(curve)
    try:
        found = read_two_phases(curve)
    except FitFailed as error:
        return Absence(name="invariant", why=str(error)), partial
    model = porod_model(found.fit)
    if isinstance(found.invariant, str):
        return Absence(name="invariant", why=found.invariant), partial, model
    return _named("invariant", found.invariant.value, found.invariant.sigma, curve), partial, model


def _partial(curve: Curve) -> Feature | Absence:
    """Add up q^2 I over the measured window: each point stands for its bin, also the first and the last."""
    if len(curve) < MIN_POINTS:
        return Absence(name="partial_invariant", why=f"{len(curve)} points, needs {MIN_POINTS}")
    weight = np.gradient(curve.q_inv_nm) * curve.q_inv_nm**2
    sigma = float(np.sqrt(weight**2 @ steady(curve).variance))
    return _named("partial_invariant", float(weight @ curve.intensity), sigma, curve)


def _named(name: str, value: float, sigma: float, curve: Curve) -> Feature:
    """A feature whose sigma also holds what all points share."""
    shared = curve.common_relative_sigma * value
    return Feature(name=name, value=value, sigma=float(np.hypot(sigma, shared)), unit=f"{curve.unit}/nm^3")


EXTRACTOR = Extractor(makes={"invariant": "a.u./nm^3", "partial_invariant": "a.u./nm^3"}, extract=extract)
