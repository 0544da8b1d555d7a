"""Mean thickness of mineral particles: invariant over Porod's constant."""

import numpy as np

from models.domain.errors import FitFailed
from models.domain.scattering import Absence, Curve, Feature, Fit
from models.saxs.extractor import Extractor
from models.saxs.features.porod import ratio_sigma, why_no_law
from models.saxs.porod_fit import porod_model
from models.saxs.two_phase import read_two_phases


def extract(curve: Curve) -> tuple[Feature | Absence | Fit, ...]:
    """Read T = (4 / pi) J / P = 4 phi (1 - phi) V / S.

    J is the invariant and P Porod's constant (Fratzl et al. 1996, Connect. Tissue Res. 34, 247): for
    platelets of a volume fraction near one half, T is their thickness. The scale of the intensity cancels,
    and with it the error that all points share. Both come from one fit, whose background acts on both: sigma
    holds the covariance.

    Parameters
    ----------
    curve
        The curve.

    Returns
    -------
    tuple of Feature, Absence or Fit
        ``mineral_thickness``, nm, and the fit of Porod's law; absent where that does not hold.
    """
    found = read_two_phases(curve)
    why = why_no_law(found)
    if why:
        return Absence(name="mineral_thickness", why=why), porod_model(found.fit)
    relative = ratio_sigma(found)
    if isinstance(found.invariant, str):
        raise FitFailed(f"the invariant is absent: {found.invariant}")
    value = float(4 / np.pi * found.invariant.value / found.constant.value)
    thickness = Feature(name="mineral_thickness", value=value, sigma=value * relative, unit="nm")
    return thickness, porod_model(found.fit)


EXTRACTOR = Extractor(makes={"mineral_thickness": "nm"}, extract=extract)
