"""A model on the points that it was fitted to, as it goes on record."""

import numpy as np

from models.domain.artifact import Artifact
from models.domain.canonical import canonical_json
from models.domain.scattering import Curve, Fit, Floats, Parameter
from models.saxs.precision import INTENSITY_DIGITS, round_digits


def make_fit(name: str, part: Curve, model: Floats, parameters: tuple[Parameter, ...], n_free: int) -> Fit:
    """Put a fitted model beside the points.

    Parameters
    ----------
    name
        Name of the law or shape.
    part
        The points that were fitted.
    model
        What the model says there, shape (n_q,), in the curve's unit.
    parameters
        What was found and is worth telling.
    n_free
        Count of all parameters that were free.

    Returns
    -------
    Fit
        With chi squared by the points' own sigma, over degrees of freedom.
    """
    chi2 = float(np.sum(((part.intensity - model) / part.sigma) ** 2))
    return Fit(
        name=name,
        q_inv_nm=tuple(part.q_inv_nm.tolist()),
        intensity=tuple(round_digits(model, INTENSITY_DIGITS).tolist()),
        unit=part.unit,
        parameters=parameters,
        chi2_reduced=chi2 / max(len(part) - n_free, 1),
    )


def as_artifacts(fits: tuple[Fit, ...]) -> tuple[Artifact, ...]:
    """Turn fits into content that the log keeps, every digit of it.

    Parameters
    ----------
    fits
        Fits of one curve.

    Returns
    -------
    tuple of Artifact
        One a fit, named after it; another one of that name becomes ``name-2``. A fit that two extractors made
        is kept once.
    """
    kept: dict[str, Artifact] = {}
    for fit in dict.fromkeys(fits):
        name, n = fit.name, 1
        while name in kept:
            n += 1
            name = f"{fit.name}-{n}"
        content = canonical_json(fit).encode()
        kept[name] = Artifact(role="fit", name=name, media_type="application/json", content=content)
    return tuple(kept.values())
