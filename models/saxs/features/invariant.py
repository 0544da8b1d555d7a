"""Porod's invariant: the integral of q^2 I over all q, and the part of it that was measured."""

import numpy as np

from models.domain.errors import FitFailed
from models.domain.scattering import Absence, Curve, Feature, Fit, Floats
from models.saxs.extractor import Extractor
from models.saxs.porod_fit import fit_porod, porod_model

TAIL_STARTS = (0.75, 0.65, 0.85)
"""The tail P/q^4 + B is fitted from this part of the curve on, in ln q; the first gives the answer."""
MIN_POINTS = 20
"""A curve has at least so many points with q above 0."""
MAX_EXTRAPOLATED = 0.5
"""Largest part of the invariant that may come from beyond the measured window."""


def invariant_of(curve: Curve) -> tuple[float, float]:
    """Integrate q^2 (I - B) from 0 to infinity.

    Measured points by the trapezoidal rule; below them I as at the first points (q^2 I begins as a parabola
    through 0); above them P/q^4, which adds P/q_max. P and B come from a weighted fit of the upper part. The
    error of the fit enters with its full covariance; a third of what is extrapolated, and the standard
    deviation over three beginnings of the tail, are added in quadrature.

    Parameters
    ----------
    curve
        The curve.

    Returns
    -------
    value : float
        The invariant, intensity times 1/nm^3.
    sigma : float
        One standard deviation, without the error that all points share.

    Raises
    ------
    FitFailed
        When there are too few points, or more than half of it lies beyond the measured window.
    """
    part = curve.between(float(np.nextafter(0, 1)), np.inf)
    if len(part) < MIN_POINTS:
        raise FitFailed(f"{len(part)} points, needs {MIN_POINTS}")
    q, q_last = part.q_inv_nm, float(part.q_inv_nm[-1])
    weight = _trapezoid(q) * q**2
    n_low = max(3, len(part) // 100)
    low = np.zeros(len(part))
    low[:n_low] = q[0] ** 3 / 3 / n_low
    operators: list[Floats] = []
    for start in TAIL_STARTS:
        # every term is linear in the intensities, so the sum is, and its error needs no approximation
        constant, background = _tail_operator(part, start)
        operators.append(weight + low + constant / q_last - background * (weight.sum() + q[0] ** 3 / 3))
    values = np.array(operators) @ part.intensity
    value = float(values[0])
    tail = _tail_operator(part, TAIL_STARTS[0])[0] / q_last
    beyond = abs(float(low @ part.intensity)) + abs(float(tail @ part.intensity))
    if value <= 0 or beyond > MAX_EXTRAPOLATED * value:
        raise FitFailed(
            f"{beyond:.3g} of {value:.3g} lies beyond the measured window, at most {MAX_EXTRAPOLATED:.0%} may"
        )
    variance = np.sum((operators[0] * part.sigma) ** 2) + (beyond / 3) ** 2 + np.var(values)
    return value, float(np.sqrt(variance))


def _trapezoid(q: Floats) -> Floats:
    """Weights of the trapezoidal rule, shape (n_q,), 1/nm."""
    weight = np.zeros_like(q)
    weight[:-1] += 0.5 * np.diff(q)
    weight[1:] += 0.5 * np.diff(q)
    return weight


def _tail_operator(part: Curve, start: float) -> Floats:
    """The matrix that takes intensities to (P, B) of the tail, shape (2, n_q)."""
    q = part.q_inv_nm
    is_tail = q >= q[0] * (q[-1] / q[0]) ** start
    scaled = np.stack([q**-4.0, np.ones_like(q)], axis=1) * (is_tail / part.sigma)[:, None]
    return np.linalg.pinv(scaled.T @ scaled) @ (scaled / part.sigma[:, None]).T


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
        value, sigma = invariant_of(curve)
    except FitFailed as error:
        return Absence(name="invariant", why=str(error)), partial
    return _named("invariant", value, sigma, curve), partial, *_tail(curve)


def _partial(curve: Curve) -> Feature | Absence:
    """Add up q^2 I over the measured window: each point stands for its bin, also the first and the last."""
    if len(curve) < MIN_POINTS:
        return Absence(name="partial_invariant", why=f"{len(curve)} points, needs {MIN_POINTS}")
    weight = np.gradient(curve.q_inv_nm) * curve.q_inv_nm**2
    sigma = float(np.linalg.norm(weight * curve.sigma))
    return _named("partial_invariant", float(weight @ curve.intensity), sigma, curve)


def _named(name: str, value: float, sigma: float, curve: Curve) -> Feature:
    """A feature whose sigma also holds what all points share."""
    shared = curve.common_relative_sigma * value
    return Feature(name=name, value=value, sigma=float(np.hypot(sigma, shared)), unit=f"{curve.unit}/nm^3")


def _tail(curve: Curve) -> tuple[Fit, ...]:
    """The fit by which the curve is continued; none where too little stands above the background."""
    try:
        return (porod_model(fit_porod(curve, TAIL_STARTS[0])),)
    except FitFailed:
        return ()


EXTRACTOR = Extractor(makes={"invariant": "a.u./nm^3", "partial_invariant": "a.u./nm^3"}, extract=extract)
