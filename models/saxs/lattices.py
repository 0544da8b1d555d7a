"""Which lattice a series of peaks belongs to: a posterior over seven."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.domain.scattering import Floats, Mask

Indices = NDArray[np.int64]

SQUARES: dict[str, tuple[int, ...]] = {
    "lamellar": (1, 4, 9, 16, 25, 36),
    "hexagonal": (1, 3, 4, 7, 9, 12, 13, 16),
    "bcc": (2, 4, 6, 8, 10, 12, 14, 16, 18),
    "sc": (1, 2, 3, 4, 5, 6, 8, 9),
    "fcc": (3, 4, 8, 11, 12, 16, 19, 20),
    "ia3d": (6, 8, 14, 16, 20, 22, 24, 26),
    "pn3m": (2, 3, 4, 6, 8, 9, 10, 11, 12),
}
"""Squares of q of the reflections that each lattice allows, in units of (2 pi / a)^2, for the hexagonal one
of (4 pi / (sqrt(3) a))^2 (International Tables for Crystallography, volume A)."""
HEXAGONAL_FACTOR = 2 / math.sqrt(3)
"""a is 2 pi times this and the root of the square, over q."""
SHIFT = 0.004
"""One standard deviation of what a form factor does to the place of a peak, relative."""
SEEN_GAP = 0.05
"""Places that are farther apart, relative, have a gap between them."""
ABSENT = 0.25
"""Chance that an allowed reflection in range, which would have been seen, is absent: its form factor is 0."""
STRANGE = 0.02
"""Chance that a peak belongs to no lattice."""
DECADE = math.log(10)
"""Where nothing is known of a place or a scale, it lies in one decade of q: the range of ln q."""
N_FIRST = 2
"""One of so many first peaks is one of so many first reflections."""


@dataclass(frozen=True, eq=False)
class Reflections:
    """Peaks of one curve."""

    q_inv_nm: Floats
    """Positions, increasing, shape (n,), 1/nm."""
    sigma_inv_nm: Floats
    """One standard deviation of each, shape (n,), 1/nm."""
    seen_inv_nm: Floats
    """Places where a reflection as weak as the weakest peak would have been seen, increasing, 1/nm."""

    def would_be_seen(self, q_inv_nm: float) -> bool:
        """Say whether a reflection at this q would have been seen: it lies between two such places."""
        place = int(np.searchsorted(self.seen_inv_nm, q_inv_nm))
        if place in (0, self.seen_inv_nm.size):
            return False
        return bool(self.seen_inv_nm[place] - self.seen_inv_nm[place - 1] < SEEN_GAP * q_inv_nm)


@dataclass(frozen=True)
class LatticeFit:
    """Peaks as the reflections of one lattice."""

    name: str
    """Name of the lattice."""
    log_evidence: float
    """ln of the likelihood, up to what all lattices share."""
    parameter_nm: float
    """Lattice parameter a, for lamellae the spacing, nm."""
    sigma_nm: float
    """One standard deviation of it, from the peaks' positions, nm."""
    orders: tuple[int, ...]
    """Which peaks are which reflections: square of each, 0 for a stranger."""


def weigh_lattices(peaks: Reflections) -> dict[str, tuple[float, LatticeFit]]:
    """Weigh all lattices, expected alike, and that peaks are of none of them, expected as often as of any.

    A peak is found where its lattice has a reflection, within its sigma and 0.4 % (Gaussian, in ln q); a
    reflection that would have been seen is absent with a chance of one quarter; a peak is a stranger with a
    chance of 2 %, anywhere. The scale, which the peaks must share, is free. Peaks of no lattice lie anywhere.

    Parameters
    ----------
    peaks
        At least two.

    Returns
    -------
    dict
        Probability and best fit of each lattice; what the probabilities lack to 1 is that of no lattice.
    """
    fits = {
        name: max(
            (_assign(name, peaks, anchor, first) for anchor in range(N_FIRST) for first in squares[:N_FIRST]),
            key=lambda fit: fit.log_evidence,
        )
        for name, squares in SQUARES.items()
    }
    of_none = math.log(len(fits)) - peaks.q_inv_nm.size * math.log(DECADE)
    best = max(of_none, *(fit.log_evidence for fit in fits.values()))
    weights = {name: math.exp(fit.log_evidence - best) for name, fit in fits.items()}
    total = sum(weights.values()) + math.exp(of_none - best)
    return {name: (weights[name] / total, fit) for name, fit in fits.items()}


def _assign(name: str, peaks: Reflections, anchor: int, first: int) -> LatticeFit:
    """Take one peak as one reflection, and all others as the nearest ones or as strangers."""
    squares = np.array(SQUARES[name], dtype=np.float64)
    log_q = np.log(peaks.q_inv_nm)
    noise = peaks.sigma_inv_nm / peaks.q_inv_nm
    width = np.hypot(noise, SHIFT)
    scale = float(log_q[anchor] - 0.5 * math.log(first))
    nearest = np.zeros(log_q.size, dtype=np.int64)
    is_member = np.ones(log_q.size, dtype=np.bool_)
    for _ in range(2):  # the second round with the scale that all members share
        off = log_q[:, None] - scale - 0.5 * np.log(squares)
        nearest = np.abs(off).argmin(axis=1).astype(np.int64)
        misses = off[np.arange(log_q.size), nearest] / width
        member = np.log(1 - STRANGE) - 0.5 * misses**2 - np.log(width * math.sqrt(2 * math.pi))
        is_member = member > math.log(STRANGE / DECADE)
        is_member[anchor] = True
        is_member &= _is_first_of_its_kind(nearest, np.abs(misses))
        weight = is_member / width**2
        scale = float(weight @ (log_q - 0.5 * np.log(squares[nearest])) / weight.sum())
    return _weigh(name, peaks, (nearest, is_member), scale)


def _is_first_of_its_kind(nearest: Indices, distance: Floats) -> Mask:
    """Of several peaks at one reflection, the nearest one is it."""
    order = np.lexsort((distance, nearest))
    is_first = np.zeros(nearest.size, dtype=np.bool_)
    is_first[order[np.unique(nearest[order], return_index=True)[1]]] = True
    return is_first


def _weigh(name: str, peaks: Reflections, assigned: tuple[Indices, Mask], scale: float) -> LatticeFit:
    """Evidence and lattice parameter of one assignment."""
    nearest, is_member = assigned
    squares = np.array(SQUARES[name], dtype=np.float64)
    log_q, noise = np.log(peaks.q_inv_nm), peaks.sigma_inv_nm / peaks.q_inv_nm
    width = np.hypot(noise, SHIFT)
    misses = (log_q - scale - 0.5 * np.log(squares[nearest])) / width
    member = np.log(1 - STRANGE) - 0.5 * misses**2 - np.log(width * math.sqrt(2 * math.pi))
    stranger = math.log(STRANGE / DECADE)
    evidence = float(np.where(is_member, member, stranger).sum())
    evidence += 0.5 * math.log(2 * math.pi / float((is_member / width**2).sum())) - math.log(DECADE)
    found = set(nearest[is_member].tolist())
    for order, square in enumerate(squares.tolist()):
        if order in found:
            evidence += math.log(1 - ABSENT)
        elif peaks.would_be_seen(math.exp(scale) * math.sqrt(square)):
            evidence += math.log(ABSENT)
    # the parameter by noise alone: what form factors do is a bias that all peaks share in part
    weight = is_member / noise**2
    scale = float(weight @ (log_q - 0.5 * np.log(squares[nearest])) / weight.sum())
    factor = HEXAGONAL_FACTOR if name == "hexagonal" else 1.0
    parameter_nm = 2 * math.pi * factor / math.exp(scale)
    orders = np.where(is_member, squares[nearest], 0).astype(int)
    return LatticeFit(
        name, evidence, parameter_nm, parameter_nm / math.sqrt(float(weight.sum())), tuple(orders.tolist())
    )
