"""Fits of Porod's law to the upper part of a curve, with the first term that the law leaves out."""

from dataclasses import dataclass

import numpy as np

from models.domain.errors import FitFailed
from models.domain.scattering import Fit, Floats, Parameter
from models.saxs.fits import make_fit
from models.saxs.steady import Steady, excess, invert

MIN_POINTS = 10
"""A window has at least so many points."""
FIRST_START = 0.75
"""A window begins here, 0 at the first point and 1 at the last, in ln q, while no length is known."""
START_LIMITS = (0.6, 0.85)
"""Where a window may begin once a length is known, in ln q."""
QT_START = 7.0
"""It then begins at this, q times that length."""
NEXT_TERM = 2.5
"""One standard deviation of the next term: C = +-2 P / T^2. It is -2 P / T^2 for a random two-phase medium
(Debye & Bueche 1949), and +1.8 P / T^2 for the mean over ripples of spheres, T = 4 V / S (Porod 1951)."""


@dataclass(frozen=True, eq=False)
class PorodFit:
    """One fit of I = P / q^4 + C / q^6 + B, linear in the intensities."""

    part: Steady
    """The window."""
    first: int
    """Index of the window's first point in the curve."""
    found: Floats
    """P, C and B, shape (3,): intensity times 1/nm^4 and 1/nm^6, and intensity."""
    operator: Floats
    """What takes the window's intensities to them, shape (3, n)."""
    length_nm: float | None
    """T = 4 phi (1 - phi) V / S that the next term was expected by, nm; None where none was known."""
    next_sigma: float
    """One standard deviation of C before the fit; 0 holds it at 0."""
    excess: float
    """Chi squared over degrees of freedom where it is beyond chance, else 1."""

    @property
    def constant(self) -> float:
        """P, intensity times 1/nm^4."""
        return float(self.found[0])

    @property
    def background(self) -> float:
        """B, in the curve's unit."""
        return float(self.found[2])

    @property
    def sigmas(self) -> Floats:
        """One standard deviation of P, C and B, shape (3,)."""
        noise = self.operator**2 @ self.part.variance * self.excess
        return np.sqrt(noise + self.lean**2)

    @property
    def lean(self) -> Floats:
        """What one standard deviation of C does to P, C and B, shape (3,)."""
        term = self.part.curve.q_inv_nm**-6.0
        return (self.operator @ term - np.array([0.0, 1.0, 0.0])) * self.next_sigma


def fit_porod(points: Steady, length_nm: float | None = None, constant: float = 0.0) -> PorodFit:
    """Fit Porod's law with a constant background (Porod 1951) to the upper part of a curve.

    Where a length is known, the next term of the law is fitted too, expected at 0 +- 2 P / T^2. What is known
    of it then limits the error of P where the counts cannot.

    Parameters
    ----------
    points
        The curve, q above 0, weighed.
    length_nm
        T = 4 phi (1 - phi) V / S, as far as known, nm; None leaves the next term out.
    constant
        P, as far as known, for the size of the next term.

    Raises
    ------
    FitFailed
        When the window holds too few points.
    """
    q = points.curve.q_inv_nm
    first = int(np.searchsorted(q, q[0] * (q[-1] / q[0]) ** _start(q, length_nm)))
    part = points.rows(first, len(points))
    if len(part) < MIN_POINTS:
        raise FitFailed(f"{len(part)} points at high q, needs {MIN_POINTS}")
    next_sigma = 0.0 if length_nm is None else NEXT_TERM * abs(constant) / length_nm**2
    q, design = part.curve.q_inv_nm, _design(part.curve.q_inv_nm)
    use = np.array([True, next_sigma > 0, True])
    scaled = design[:, use] * np.array([1.0, next_sigma, 1.0])[use]  # C in units of what is expected of it
    prior = np.diag(np.array([0.0, 1.0, 0.0])[use])
    weighted = scaled * part.weight[:, None]
    operator = np.zeros((3, len(part)))
    operator[use] = invert(weighted.T @ scaled + prior) @ weighted.T
    operator[1] *= next_sigma
    found = operator @ part.curve.intensity
    chi2 = float(part.weight @ (part.curve.intensity - design @ found) ** 2)
    return PorodFit(part, first, found, operator, length_nm, next_sigma, excess(chi2, len(part) - 2))


def _start(q_inv_nm: Floats, length_nm: float | None) -> float:
    """Where the window begins, 0 to 1, in ln q."""
    if length_nm is None:
        return FIRST_START
    at = np.log(QT_START / length_nm / q_inv_nm[0]) / np.log(q_inv_nm[-1] / q_inv_nm[0])
    return float(np.clip(at, *START_LIMITS))


def _design(q_inv_nm: Floats) -> Floats:
    return np.stack([q_inv_nm**-4.0, q_inv_nm**-6.0, np.ones_like(q_inv_nm)], axis=1)


def porod_model(fit: PorodFit) -> Fit:
    """Put the law beside its points.

    Parameters
    ----------
    fit
        What `fit_porod` found.

    Returns
    -------
    Fit
        ``porod``: Porod's constant and invariant continue a curve by the same fit, which is kept once.
    """
    unit, sigmas = fit.part.curve.unit, fit.sigmas.tolist()
    found = tuple(
        Parameter(name=name, value=float(value), sigma=sigma, unit=f"{unit}{per}")
        for name, value, sigma, per in zip(
            ("constant", "next_term", "background"), fit.found, sigmas, ("/nm^4", "/nm^6", ""), strict=True
        )
    )
    model = _design(fit.part.curve.q_inv_nm) @ fit.found
    return make_fit("porod", fit.part.curve, model, found, 2 + (fit.next_sigma > 0))
