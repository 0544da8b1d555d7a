"""Whole curves, in the order of measurement: what a basis of curves is found from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.domain.errors import FitFailed
from models.domain.scattering import Floats, Mask

FEWEST_BINS = 8
"""Curves that share fewer bins say nothing as a whole."""
FEWEST_CURVES = 2
"""A mean of curves, and one way in which they differ."""


@dataclass(frozen=True, eq=False)
class CurveSet:
    """Curves of one campaign, each in the same bins; what a curve lacks is NaN until `whole` drops it."""

    unit_points: Floats
    """Where each was measured, scaled coordinates, shape (n, n_columns)."""
    q_inv_nm: Floats
    """Middle of each bin, shape (n_q,), 1/nm."""
    intensities: Floats
    """Intensity of each curve in each bin, shape (n, n_q), in `unit`; NaN in a bin without points."""
    sigmas: Floats
    """One standard deviation of each, shape (n, n_q), in `unit`."""
    order: NDArray[np.int64]
    """Place of each among all measurements that were read, from 0, shape (n,)."""
    unit: str
    """Unit of the intensity."""
    n_asked: int
    """Bins that the campaign asked for; fewer are left where some curve lacks one."""

    def __post_init__(self) -> None:
        """Check the shapes once, at birth."""
        shape = (len(self.unit_points), len(self.q_inv_nm))
        if self.intensities.shape != shape or self.sigmas.shape != shape or len(self.order) != shape[0]:
            raise ValueError(
                f"curves have shapes {self.intensities.shape} and {self.sigmas.shape}, need {shape}"
            )

    def __len__(self) -> int:
        """Count of curves."""
        return len(self.unit_points)

    def whole(self) -> "CurveSet":
        """The same curves in the bins that none of them lacks.

        Raises
        ------
        FitFailed
            When there are fewer than two curves, or too few such bins.
        """
        if len(self) < FEWEST_CURVES:
            raise FitFailed(f"whole curves are learned from {FEWEST_CURVES} or more, there are {len(self)}")
        shared = self._is_shared()
        if shared.sum() < FEWEST_BINS:
            raise FitFailed(
                f"{shared.sum()} of {len(shared)} bins in q are in every curve, "
                f"whole curves need {FEWEST_BINS}"
            )
        return CurveSet(
            self.unit_points,
            self.q_inv_nm[shared],
            np.ascontiguousarray(self.intensities[:, shared]),
            np.ascontiguousarray(self.sigmas[:, shared]),
            self.order,
            self.unit,
            self.n_asked,
        )

    def _is_shared(self) -> Mask:
        is_known: Mask = np.isfinite(self.intensities) & np.isfinite(self.sigmas)
        return np.all(is_known, axis=0)
