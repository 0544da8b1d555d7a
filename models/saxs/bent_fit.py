"""Guinier's law with the bend that a particle's shape gives to it."""

import math
from dataclasses import dataclass

import numpy as np

from models.compiled import compiled
from models.domain.errors import FitFailed
from models.domain.scattering import Floats
from models.saxs.bend import shape_bent
from models.saxs.guinier_fit import GuinierFit, propagate, window_end
from models.saxs.guinier_line import N_STEPS, SETTLED
from models.saxs.normal_equations import solve, sum_up
from models.saxs.steady import N_SIGMA, Steady, excess

QRG_ENDS = (1.0, 2.0)
"""Least and largest upper end of the window, q times rg."""
QRG_AT_ONE_PERCENT = 1.83
"""Upper end of the window where Guinier's law alone would give rg to 1 %."""
END_EXPONENT = 1 / 7
"""How the end moves with that precision: what the law leaves out grows as end^4.4, the noise falls as
end^-2.7, so at this power their ratio is the same for all counts."""
SHORTER = 0.85
"""The window is shortened by this while the law does not describe the curve."""
BENDS = (-0.6, 4.0)
"""Bends between which the law is fitted."""
MIN_POINTS = 12
"""A window has at least so many points."""
MAX_STEP = 0.5
"""Largest change of ln I0, ln rg^2 and the bend in one step."""
MAX_LOG_RG2 = 50.0
"""Beyond it rg is no length."""


@dataclass(frozen=True)
class BentFit:
    """One fit of I = I0 (1 + g q^2 rg^2 / 3)^(-1/g)."""

    rg_nm: float
    """Radius of gyration, nm."""
    rg_sigma_nm: float
    """One standard deviation of it, from noise alone, nm."""
    i0: float
    """Forward intensity, in the curve's unit."""
    i0_sigma: float
    """One standard deviation of it, from noise alone."""
    bend: float
    """g: 0 is Guinier's law; -1/7 a sphere, to the second order in q^2; 1/2 a random coil; 2 a random
    two-phase medium (Debye & Bueche 1949)."""
    bend_sigma: float
    """One standard deviation of it."""
    last: int
    """Index behind the window's last point."""
    excess: float
    """Chi squared over degrees of freedom where it is beyond chance, else 1."""


def fit_bent(points: Steady, straight: GuinierFit) -> BentFit:
    """Fit the bent law from where Guinier's begins, up to an end that depends on the noise.

    ln I = ln I0 - y + g y^2 / 2 - ..., y = q^2 rg^2 / 3, has a shape's first bend as a free number and later
    ones that follow from it nearly as they do in spheres, coils and whatever lies between. What it leaves out
    grows with the window, so the window is the shorter the less noise there is.

    Parameters
    ----------
    points
        The curve, weighed.
    straight
        A fit of Guinier's law.

    Raises
    ------
    FitFailed
        When the curve is too short, or does not fall.
    """
    precision = straight.rg_sigma_nm / straight.rg_nm
    end = float(np.clip(QRG_AT_ONE_PERCENT * (precision / 0.01) ** END_EXPONENT, *QRG_ENDS))
    while True:
        fit = _fit_up_to(points, straight, end)
        if fit.excess == 1 or end <= QRG_ENDS[0]:
            return fit
        end = max(SHORTER * end, QRG_ENDS[0])


def _fit_up_to(points: Steady, straight: GuinierFit, end: float) -> BentFit:
    """Fit in the window that agrees with its own rg."""
    found = np.array([np.log(straight.i0), 2 * np.log(straight.rg_nm), 0.0])
    seen: set[int] = set()
    while True:
        last = window_end(points, straight.first, end / float(np.exp(0.5 * found[1])))
        if last in seen:
            return _as_fit(points.rows(straight.first, last), found, last)
        if last - straight.first < MIN_POINTS:
            raise FitFailed(f"{last - straight.first} points for a bent law, needs {MIN_POINTS}")
        seen.add(last)
        found = _solve(points.rows(straight.first, last), found)


def _solve(part: Steady, found: Floats) -> Floats:
    """Fit one window."""
    curve = part.curve
    found = _settle(curve.q_inv_nm**2, curve.intensity, part.weight, found)
    if not np.all(np.isfinite(found)):
        raise FitFailed("the fit of the bent law diverged")
    return found


@compiled
def _settle(q2: Floats, intensity: Floats, weight: Floats, begin: Floats) -> Floats:
    """Gauss-Newton steps for ln I0, ln rg^2 and the bend; NaN where they lead nowhere."""
    found = begin.copy()
    for _ in range(3 * N_STEPS):
        model, jacobian = _shape(q2, found)
        normal, pull = sum_up(jacobian, weight, intensity - model)
        step = solve(normal, pull, 0.0)
        found += np.minimum(np.maximum(step, -MAX_STEP), MAX_STEP)
        found[2] = min(max(found[2], BENDS[0]), BENDS[1])
        if np.all(np.abs(step) < SETTLED) or not np.all(np.isfinite(step)):
            break
    return found


@compiled
def _shape(q2: Floats, found: Floats) -> tuple[Floats, Floats]:
    """The law for ln I0, ln rg^2 and bend, shape (n_q,), and its derivatives, shape (n_q, 3)."""
    fall = math.exp(min(found[1], MAX_LOG_RG2)) / 3
    model, jacobian = shape_bent(q2, np.array([found[0], fall, found[2]]))
    jacobian[:, 1] *= fall
    return model, jacobian


def bent_law(q_inv_nm: Floats, found: Floats) -> tuple[Floats, Floats]:
    """Evaluate the law.

    Parameters
    ----------
    q_inv_nm
        Where, shape (n_q,), 1/nm.
    found
        ln I0, ln rg^2 (nm^2) and bend, shape (3,).

    Returns
    -------
    tuple of Floats
        Intensity, shape (n_q,), and its derivatives by the three, shape (n_q, 3).
    """
    return _shape(q_inv_nm**2, found)


def _as_fit(part: Steady, found: Floats, last: int) -> BentFit:
    """Read the numbers off the parameters."""
    model, jacobian = bent_law(part.curve.q_inv_nm, found)
    sigma = np.sqrt(np.diag(propagate(jacobian, part)))
    chi2 = float(part.weight @ (part.curve.intensity - model) ** 2)
    rg_nm, i0 = float(np.exp(0.5 * found[1])), float(np.exp(found[0]))
    if not sigma[1] < 2 / N_SIGMA:  # sigma of ln rg^2
        raise FitFailed(f"a law that may bend leaves rg open: {rg_nm:.3g} +- {0.5 * sigma[1] * rg_nm:.2g} nm")
    return BentFit(
        rg_nm=rg_nm,
        rg_sigma_nm=0.5 * rg_nm * float(sigma[1]),
        i0=i0,
        i0_sigma=i0 * float(sigma[0]),
        bend=float(found[2]),
        bend_sigma=float(sigma[2]),
        last=last,
        excess=excess(chi2, len(part) - 3),
    )
