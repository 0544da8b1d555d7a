"""Tell whether repeats of one measurement are alike, and which of them to keep."""

from collections.abc import Sequence

import numpy as np
from pydantic import Field
from scipy import stats

from models.domain.errors import BadInput
from models.domain.frozen import Frozen
from models.domain.scattering import Curve, Floats
from models.saxs.cormap import chance_of_run, longest_run_of
from models.saxs.correct import average, check_alike, weights_of

DEFAULT_LEVEL = 0.01
"""Chance that anything is left out of a series in which nothing changed."""
N_TESTS = 2
"""Tests of one pair: runs of signs, and chi squared."""
CLEAR_FACTOR = 3.0
"""Differences within so many sigma of the shared factor have no side."""
N_PERSISTENT = 2
"""A change lasts when so many curves in a row differ."""


class Comparison(Frozen):
    """One curve of a series beside the first."""

    number: int
    """Its place in the series; the first is 0."""
    source: str
    """Where it came from."""
    longest_run: int
    """Most points in a row at which it stands on one side of the first."""
    n_points: int
    """Points at which the two differ at all."""
    p_runs: float
    """Chance of so long a run, or a longer one, between curves that are alike (CorMap)."""
    chi2_reduced: float
    """Squared difference by the variance of both, over points."""
    p_chi2: float
    """Chance of so large a chi squared, or a larger one."""
    p_adjusted: float
    """Smaller of both, times the count of all tests of the series (Bonferroni), at most 1."""
    is_different: bool
    """True where `p_adjusted` is below the level."""


class Similarity(Frozen):
    """What a series of repeats looks like."""

    level: float = Field(ge=0, lt=1)
    """Chance that anything is left out of a series in which nothing changed; 0 leaves nothing out."""
    comparisons: tuple[Comparison, ...]
    """Every curve but the first."""
    changed_at: int | None
    """Place of the first curve from which on the change lasts; None where none does."""
    accepted: tuple[int, ...]
    """Places to keep: those before a lasting change, without single ones that differ."""

    @property
    def left_out(self) -> tuple[int, ...]:
        """Places that are not kept."""
        return tuple(c.number for c in self.comparisons if c.number not in self.accepted)

    def why(self) -> str:
        """One line on what was left out and why; empty where nothing was."""
        if not self.left_out:
            return ""
        of_all = f"{len(self.left_out)} of {len(self.comparisons) + 1} left out"
        alone = [c for c in self.comparisons if c.number in self.left_out and not self._is_after(c.number)]
        parts = [f"{c.source} alone differs from the first ({_evidence(c)})" for c in alone]
        if self.changed_at is not None:
            first = self.comparisons[self.changed_at - 1]
            parts.append(f"{first.source} and all after it: a lasting change ({_evidence(first)})")
        return f"{of_all} at a level of {self.level:g}: {'; '.join(parts)}"

    def _is_after(self, number: int) -> bool:
        return self.changed_at is not None and number >= self.changed_at


def compare_repeats(curves: Sequence[Curve], level: float = DEFAULT_LEVEL) -> Similarity:
    """Compare each curve of a series with the first, and find what may be averaged.

    Two tests look at each pair: the longest run of differences of one sign (CorMap: Franke, Jeffries &
    Svergun 2015, Nat. Methods 12, 419), which needs no sigma, and chi squared by the stated sigma. The
    smaller chance of a pair counts, times the number of all tests (Bonferroni), so that a series in which
    nothing changes loses a curve with a chance of at most `level`, however long it is. The first is the
    reference because what the others are added to would follow a slow change. Where two in a row differ, the
    change lasts: all from there on are left out. One that differs alone is left out alone.

    A factor that all points of a curve share (transmission, monitor) is free within `common_relative_sigma`.
    The tests hold for points that are independent of each other.

    Parameters
    ----------
    curves
        In the order in which they were measured, at least one, on one grid, in one unit.
    level
        Chance that anything is left out of a series in which nothing changed, below 1; 0 leaves nothing out.

    Returns
    -------
    Similarity
        Every comparison, and what to keep.

    Raises
    ------
    BadInput
        When they cannot be compared point by point.
    """
    if not curves:
        raise BadInput("repeats", "there is no curve to compare", "Give at least one")
    check_alike(curves)
    n_tests = N_TESTS * (len(curves) - 1)
    found = tuple(_compare(curves[0], curves[k], k, n_tests, level) for k in range(1, len(curves)))
    differs = [False, *(c.is_different for c in found)]
    in_a_row = (
        k for k in range(1, len(curves)) if len(differs[k : k + N_PERSISTENT]) == N_PERSISTENT
        and all(differs[k : k + N_PERSISTENT])
    )  # fmt: skip
    changed_at = next(in_a_row, None)
    accepted = tuple(k for k in range(len(curves) if changed_at is None else changed_at) if not differs[k])
    return Similarity(level=level, comparisons=found, changed_at=changed_at, accepted=accepted)


def average_alike(curves: Sequence[Curve], level: float = DEFAULT_LEVEL) -> tuple[Curve, Similarity]:
    """Average what is alike in a series of repeats.

    Parameters
    ----------
    curves, level
        As of `compare_repeats`.

    Returns
    -------
    tuple
        The average of the accepted curves, and why these.
    """
    similarity = compare_repeats(curves, level)
    return average([curves[k] for k in similarity.accepted]), similarity


def _compare(first: Curve, other: Curve, number: int, n_tests: int, level: float) -> Comparison:
    """Compare one curve with the first."""
    difference = other.intensity - first.intensity
    weights = weights_of([first, other])
    mean = average([first, other])
    # both are estimates of one mean, so the variance is that of the mean: were each curve's own sigma used, a
    # point that came out low by chance would claim the smaller error
    variance = mean.sigma**2 / (weights[0] * weights[1])
    common = float(np.hypot(first.common_relative_sigma, other.common_relative_sigma))
    chi2, factor, factor_sigma = _chi_squared(difference, variance, mean.intensity, common)
    rest = difference - factor * mean.intensity
    # equal counts say nothing, as a coin on its edge; the shared factor must not tip them all to one side
    rest = rest[np.abs(rest) > CLEAR_FACTOR * factor_sigma * np.abs(mean.intensity)]
    run = longest_run_of(rest)
    p_runs = chance_of_run(rest.size, run)
    p_chi2 = float(stats.chi2.sf(chi2, len(first)))
    p_adjusted = min(1.0, n_tests * min(p_runs, p_chi2))
    return Comparison(
        number=number,
        source=other.source or f"curve {number + 1}",
        longest_run=run,
        n_points=rest.size,
        p_runs=p_runs,
        chi2_reduced=chi2 / len(first),
        p_chi2=p_chi2,
        p_adjusted=p_adjusted,
        is_different=p_adjusted < level,
    )


def _chi_squared(
    difference: Floats, variance: Floats, mean: Floats, common: float
) -> tuple[float, float, float]:
    """Chi squared of a difference whose points share a factor of the mean, that factor, and its sigma.

    The covariance is diagonal plus common^2 mean mean^T; its inverse is that of Sherman & Morrison 1950.
    """
    plain = float(np.sum(difference**2 / variance))
    if common == 0.0:
        return plain, 0.0, 0.0
    along = float(np.sum(difference * mean / variance))
    stiffness = float(np.sum(mean**2 / variance)) + common**-2
    return plain - along**2 / stiffness, along / stiffness, stiffness**-0.5


def _evidence(one: Comparison) -> str:
    """What speaks against a curve."""
    runs = f"a run of {one.longest_run} in {one.n_points} points, p = {one.p_runs:.1g}"
    return f"{runs}; reduced chi squared {one.chi2_reduced:.3g}, p = {one.p_chi2:.1g}"
