"""The shape of one peak on its background, and its derivatives."""

from dataclasses import dataclass

import numpy as np

from models.compiled import compiled
from models.domain.scattering import Floats
from models.saxs.steady import Steady

N_PARAMETERS = 9
"""Shift, ln width, ln ratio of half widths, ln strength, Lorentzian share, and four of background."""


@dataclass(frozen=True, eq=False)
class PeakTask:
    """A window of a curve, and where the peak in it is thought to be.

    I = B (1 + s V): B is exp of a cubic in ln q, V the pseudo-Voigt of Wertheim et al. 1974 (Rev. Sci.
    Instrum. 45, 1369), eta V_Lorentz + (1 - eta) V_Gauss of one full width, or of two half widths.
    """

    part: Steady
    """The window."""
    start: tuple[float, float]
    """Position and full width, 1/nm."""
    half_window: float
    """Half of the window in ln q."""

    def model(self, p: Floats) -> tuple[Floats, Floats]:
        """Intensity for nine parameters, shape (n_q,), and its derivatives, shape (n_q, 9)."""
        q_inv_nm = self.part.curve.q_inv_nm
        intensity, jacobian = np.empty(q_inv_nm.size), np.empty((q_inv_nm.size, N_PARAMETERS))
        shape_peak(q_inv_nm, np.array([*self.start, self.half_window]), p, intensity, jacobian)
        return intensity, jacobian


@compiled
def shape_peak(q_inv_nm: Floats, frame: Floats, p: Floats, intensity: Floats, jacobian: Floats) -> None:
    """Fill in intensity and derivatives.

    Parameters
    ----------
    q_inv_nm
        Where, shape (n_q,), 1/nm.
    frame
        Position and full width to begin with, 1/nm, and half of the window in ln q.
    p
        The parameters, shape (9,).
    intensity, jacobian
        What is filled in, shape (n_q,) and (n_q, 9).
    """
    at, fwhm, strength, share = frame[0] + p[0] * frame[1], frame[1], np.exp(p[3]), p[4]
    for i in range(q_inv_nm.size):
        x, offset = np.log(q_inv_nm[i] / frame[0]) / frame[2], q_inv_nm[i] - at
        side = 1.0 if offset < 0 else -1.0
        relative = np.exp(p[1] + p[2] * side)
        u = offset / (fwhm * relative)
        lorentz, gauss = 1 / (1 + 4 * u**2), np.exp(-4 * np.log(2.0) * u**2)
        voigt = share * lorentz + (1 - share) * gauss
        by_u = -8 * u * (share * lorentz**2 + (1 - share) * np.log(2.0) * gauss)
        background = np.exp(min(max(p[5] + x * (p[6] + x * (p[7] + x * p[8])), -700.0), 700.0))
        summit = background * strength
        value, slope = background + summit * voigt, summit * by_u
        intensity[i] = value
        jacobian[i, 0], jacobian[i, 1], jacobian[i, 2] = -slope / relative, -slope * u, -slope * u * side
        jacobian[i, 3], jacobian[i, 4] = summit * voigt, summit * (lorentz - gauss)
        jacobian[i, 5], jacobian[i, 6] = value, value * x
        jacobian[i, 7], jacobian[i, 8] = value * x**2, value * x**3
