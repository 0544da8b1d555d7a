"""A basis of log-intensity: the mean curve and the ways in which curves of a campaign differ from it."""

from dataclasses import dataclass, replace

import numpy as np

from models.domain.errors import FitFailed
from models.domain.scattering import Floats
from models.domain.soft_log import soften, soften_sigma
from models.gp.curve_set import FEWEST_CURVES, CurveSet
from models.gp.training import ROUNDING

LEAST_DIFFERENCE = 0.02
"""Differences of log-intensity that nobody cares for: bins measured more precisely count no more."""
MOST_COMPONENTS = 10
"""Ways to differ that are learned, each by a belief of its own; the others are noise to them."""
MOST_LEFT_OUT = 24
"""Curves that are left out one at a time to see what a basis misses; of more, as many evenly."""
LEAST_LENGTH = 1.0
"""A further curve that is told but for this length, in units of noise and least difference, needs no more."""
LEAST_FLOOR = 1e-6
"""Smallest softening, relative to the largest intensity: where curves come without noise."""


@dataclass(frozen=True, eq=False)
class Coefficients:
    """Curves as a basis tells them."""

    values: Floats
    """Shape (n, n_components)."""
    sigmas: Floats
    """One standard deviation of each by counting statistics, shape (n, n_components)."""


@dataclass(frozen=True, eq=False)
class CurveBasis:
    """Softened log-intensity as a mean and components; see `models.domain.soft_log`."""

    q_inv_nm: Floats
    """Middle of each bin, shape (n_q,), 1/nm."""
    unit: str
    """Unit of the intensity."""
    floor: Floats
    """Where the logarithm is softened: the median noise of each bin, shape (n_q,), in `unit`."""
    scale: Floats
    """What a difference of log-intensity is divided by where components are found, shape (n_q,)."""
    mean: Floats
    """Mean log-intensity, shape (n_q,)."""
    vectors: Floats
    """What one unit of each coefficient adds to log-intensity, shape (n_components, n_q)."""
    projection: Floats
    """Coefficients of a difference of log-intensity: ``difference @ projection``, (n_q, n_components)."""
    spreads: Floats
    """Standard deviation of each coefficient among the curves it was found from, shape (n_components,)."""
    misses: Floats
    """What was missed of curves that the basis was not made from, less noise, shape (n_missed, n_q): their
    second moment is that of what any further curve has beside its components."""
    n_asked: int
    """Bins that the campaign asked for; those that some curve lacks are left out."""

    @property
    def n_components(self) -> int:
        """Count of components."""
        return len(self.vectors)

    @property
    def names(self) -> tuple[str, ...]:
        """Name of the belief about each coefficient."""
        return tuple(f"component {k + 1}" for k in range(self.n_components))

    @property
    def missed_variance(self) -> Floats:
        """Variance of log-intensity beside the components, shape (n_q,)."""
        return (self.misses**2).mean(axis=0)

    @property
    def missed_mean_square(self) -> float:
        """The same averaged over the bins."""
        return float(self.missed_variance.mean())

    @property
    def bins_text(self) -> str:
        """``, in 58 of 64 bins``; nothing where no curve lacks any."""
        n = len(self.q_inv_nm)
        return "" if n == self.n_asked else f", in {n} of {self.n_asked} bins (some curve lacks the others)"

    def read(self, intensities: Floats, sigmas: Floats) -> Coefficients:
        """Coefficients of curves, each shape (n, n_q), with the sigmas that counting statistics give them."""
        logs = soften(intensities, self.floor)
        noise = soften_sigma(intensities, sigmas, self.floor)
        values = (logs - self.mean) @ self.projection
        return Coefficients(values, np.sqrt(noise**2 @ self.projection**2))


def with_way_to(basis: CurveBasis, logs: Floats, curves: CurveSet, n_context: int) -> CurveBasis:
    """The basis with one component more, so that it can tell one further curve exactly.

    Parameters
    ----------
    basis
        A basis.
    logs
        Softened log-intensity of the further curve, shape (n_q,).
    curves, n_context
        What the basis was found from.
    """
    difference = (logs - basis.mean) / basis.scale
    told = basis.vectors / basis.scale
    way = difference - (difference @ told.T) @ told
    length = float(np.sqrt((way**2).sum()))
    if length < LEAST_LENGTH:
        return basis
    way /= length
    n = int((curves.order < n_context).sum())
    own = (soften(curves.intensities[:n], basis.floor) - basis.mean) @ (way / basis.scale)
    misses = basis.misses / basis.scale
    return replace(
        basis,
        vectors=np.vstack([basis.vectors, way * basis.scale]),
        projection=np.column_stack([basis.projection, way / basis.scale]),
        spreads=np.append(basis.spreads, own.std()),
        misses=(misses - np.outer(misses @ way, way)) * basis.scale,
    )


def find_basis(curves: CurveSet, n_context: int) -> CurveBasis:
    """Principal components of the curves that were read first.

    Each bin is divided by its noise, so that noise is alike everywhere; the components kept are those whose
    singular values noise alone would not reach (the optimal hard threshold of Gavish and Donoho, IEEE Trans.
    Inf. Theory 60 (2014) 5040, eq. 11, for known noise). What the basis misses is judged by curves that were
    left out of it, one at a time.

    Parameters
    ----------
    curves
        Whole curves.
    n_context
        How many of the measurements that were read first may shape it.

    Raises
    ------
    FitFailed
        When fewer than two curves are among them, or all are equal.
    """
    n = int((curves.order < n_context).sum())
    if n < FEWEST_CURVES:
        raise FitFailed(f"a basis of curves needs {FEWEST_CURVES}, there are {n}")
    intensities, sigmas = curves.intensities[:n], curves.sigmas[:n]
    floor = np.maximum(np.median(sigmas, axis=0), LEAST_FLOOR * np.abs(intensities).max())
    if not (floor > 0).all():
        raise FitFailed(f"all {n} curves are zero")
    logs = soften(intensities, floor)
    if np.ptp(logs, axis=0).max() <= ROUNDING * np.abs(logs).max():
        raise FitFailed(f"all {n} curves are equal")
    noise = soften_sigma(intensities, sigmas, floor)
    scale = np.sqrt((noise**2).mean(axis=0) + LEAST_DIFFERENCE**2)
    share_of_noise = float(((noise / scale) ** 2).mean())
    components = _components(logs / scale, share_of_noise)
    misses = _misses(logs / scale, share_of_noise, len(components)) * scale
    projection = components.T / scale[:, np.newaxis]
    mean = logs.mean(axis=0)
    return CurveBasis(
        q_inv_nm=curves.q_inv_nm,
        unit=curves.unit,
        floor=floor,
        scale=scale,
        mean=mean,
        vectors=components * scale,
        projection=projection,
        spreads=((logs - mean) @ projection).std(axis=0),
        misses=_without_noise(misses, noise),
        n_asked=curves.n_asked,
    )


def _components(rows: Floats, noise_variance: float, n_most: int = MOST_COMPONENTS) -> Floats:
    """Directions in which rows differ by more than noise, the first at least, shape (n_components, n_q)."""
    n, n_q = rows.shape
    _, values, directions = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    threshold = _threshold(n, n_q) * np.sqrt(noise_variance)
    n_kept = int(np.clip((values > threshold).sum(), 1, min(n_most, n // 2)))
    kept = directions[:n_kept]
    largest = kept[np.arange(n_kept), np.abs(kept).argmax(axis=1)]
    return kept * np.sign(largest)[:, np.newaxis]  # a decomposition does not know up from down


def _threshold(n: int, n_q: int) -> float:
    """Singular value above which a component of n rows of n_q values with noise of variance 1 is kept."""
    ratio = min(n, n_q) / max(n, n_q)
    root = np.sqrt(ratio**2 + 14.0 * ratio + 1.0)
    return float(np.sqrt(2.0 * (ratio + 1.0) + 8.0 * ratio / (ratio + 1.0 + root)) * np.sqrt(max(n, n_q)))


def _misses(rows: Floats, noise_variance: float, n_components: int) -> Floats:
    """What a basis of all others misses of rows, shape (n_missed, n_q)."""
    n = len(rows)
    if n == FEWEST_CURVES:
        return rows - rows.mean(axis=0)
    left_out = np.unique(np.linspace(0, n - 1, min(n, MOST_LEFT_OUT)).round().astype(int))
    missed = np.empty((len(left_out), rows.shape[1]))
    for place, row in enumerate(left_out):
        others = np.delete(rows, row, axis=0)
        components = _components(others, noise_variance, n_components)
        difference = rows[row] - others.mean(axis=0)
        missed[place] = difference - (difference @ components.T) @ components
    return missed


def _without_noise(missed: Floats, noise: Floats) -> Floats:
    """Misses, each bin made smaller by the share of its square that is noise."""
    squares = (missed**2).mean(axis=0)
    own = np.maximum(squares - (noise**2).mean(axis=0), 0.0)
    return missed * np.sqrt(own / np.maximum(squares, 1e-300))
