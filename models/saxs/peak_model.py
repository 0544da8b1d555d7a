"""The shape of peaks on one background, and its derivatives."""

from dataclasses import dataclass

import numpy as np

from models.compiled import compiled
from models.domain.scattering import Floats
from models.saxs.steady import Steady

N_OF_PEAK = 5
"""Parameters of a peak: shift, ln width, ln ratio of half widths, ln strength, Lorentzian share."""
N_OF_BACKGROUND = 4
"""And of the background below them all."""


@dataclass(frozen=True, eq=False)
class PeakTask:
    """A window of a curve, and where the peaks in it are thought to be.

    I = B (1 + sum s V): B is exp of a cubic in ln q, V the pseudo-Voigt of Wertheim et al. 1974 (Rev. Sci.
    Instrum. 45, 1369), eta V_Lorentz + (1 - eta) V_Gauss of one full width, or of two half widths.
    """

    part: Steady
    """The window."""
    starts: tuple[tuple[float, float], ...]
    """Position and full width of each peak, 1/nm, by increasing position."""
    half_window: float
    """Half of the window in ln q."""

    @property
    def centre_inv_nm(self) -> float:
        """Middle of the window in ln q, 1/nm."""
        return float(np.sqrt(self.starts[0][0] * self.starts[-1][0]))

    @property
    def frame(self) -> Floats:
        """Middle and half of the window, and what the peaks' shifts and widths are counted from."""
        return np.array([self.centre_inv_nm, self.half_window, *(x for start in self.starts for x in start)])

    def model(self, p: Floats) -> tuple[Floats, Floats]:
        """Intensity for n parameters, shape (n_q,), and its derivatives, shape (n_q, n)."""
        q_inv_nm = self.part.curve.q_inv_nm
        intensity, jacobian = np.empty(q_inv_nm.size), np.empty((q_inv_nm.size, p.size))
        shape_peaks(q_inv_nm, self.frame, p, intensity, jacobian)
        return intensity, jacobian


@compiled
def shape_peaks(q_inv_nm: Floats, frame: Floats, p: Floats, intensity: Floats, jacobian: Floats) -> None:
    """Fill in intensity and derivatives.

    Parameters
    ----------
    q_inv_nm
        Where, shape (n_q,), 1/nm.
    frame
        As in `PeakTask`.
    p
        The parameters, five of each peak and four of the background, shape (n,).
    intensity, jacobian
        What is filled in, shape (n_q,) and (n_q, n).
    """
    below = len(p) - N_OF_BACKGROUND
    for i in range(q_inv_nm.size):
        x = np.log(q_inv_nm[i] / frame[0]) / frame[1]
        exponent = p[below] + x * (p[below + 1] + x * (p[below + 2] + x * p[below + 3]))
        background = np.exp(min(max(exponent, -700.0), 700.0))
        value = background
        for k in range(0, below, N_OF_PEAK):
            at, fwhm = frame[2 + 2 * k // N_OF_PEAK], frame[3 + 2 * k // N_OF_PEAK]
            offset = q_inv_nm[i] - (at + p[k] * fwhm)
            side = 1.0 if offset < 0 else -1.0
            relative = np.exp(p[k + 1] + p[k + 2] * side)
            u, share = offset / (fwhm * relative), p[k + 4]
            lorentz, gauss = 1 / (1 + 4 * u**2), np.exp(-4 * np.log(2.0) * u**2)
            voigt = share * lorentz + (1 - share) * gauss
            by_u = -8 * u * (share * lorentz**2 + (1 - share) * np.log(2.0) * gauss)
            summit = background * np.exp(p[k + 3])
            slope = summit * by_u
            value += summit * voigt
            jacobian[i, k], jacobian[i, k + 1] = -slope / relative, -slope * u
            jacobian[i, k + 2] = -slope * u * side
            jacobian[i, k + 3], jacobian[i, k + 4] = summit * voigt, summit * (lorentz - gauss)
        intensity[i] = value
        for k in range(N_OF_BACKGROUND):
            jacobian[i, below + k] = value * x**k
