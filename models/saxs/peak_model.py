"""The shape of one peak on its background, and its derivatives."""

from dataclasses import dataclass

import numpy as np

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
        x = np.log(q_inv_nm / self.start[0]) / self.half_window
        offset = q_inv_nm - self.start[0] - p[0] * self.start[1]
        side = np.where(offset < 0, 1.0, -1.0)
        relative = np.exp(p[1] + p[2] * side)
        u = offset / (self.start[1] * relative)
        lorentz, gauss = 1 / (1 + 4 * u**2), np.exp(-4 * np.log(2) * u**2)
        voigt = p[4] * lorentz + (1 - p[4]) * gauss
        by_u = -8 * u * (p[4] * lorentz**2 + (1 - p[4]) * np.log(2) * gauss)
        background = np.exp(np.clip(p[5] + x * (p[6] + x * (p[7] + x * p[8])), -700, 700))
        summit = background * np.exp(p[3])
        intensity = background + summit * voigt
        slope = summit * by_u
        return intensity, np.stack(
            [
                -slope / relative, -slope * u, -slope * u * side, summit * voigt,
                summit * (lorentz - gauss), intensity, intensity * x,
                intensity * x**2, intensity * x**3,
            ],
            axis=1,
        )  # fmt: skip
