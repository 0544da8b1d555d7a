"""Even draws from the box of all axes, with sums obeyed by the smallest simple body around them."""

import math
from collections.abc import Generator

import numpy as np
from scipy.stats import qmc

from models.domain.scattering import Floats
from models.domain.space import SearchSpace, SumConstraint
from models.gp.encoding import Encoding


def even_boxes(encoding: Encoding, n_batch: int, rng: np.random.Generator) -> Generator[Floats]:
    """Draw along a scrambled Sobol sequence; sums of continuous axes hold, all else is for others to reject.

    Parameters
    ----------
    encoding
        The space.
    n_batch
        Draws at a time, a power of two.
    rng
        Source of randomness.

    Yields
    ------
    Floats
        Encoded draws, shape (n_batch, n_columns).
    """
    space = encoding.space
    sampler = qmc.Sobol(len(space.axes), scramble=True, rng=rng)
    while True:
        columns = encoding.spread(_around_region(space, sampler.random(n_batch)))
        for constraint in space.sums:
            _obey_sum(encoding, constraint, columns)
        yield columns


def _around_region(space: SearchSpace, shares: Floats) -> Floats:
    """Crowd the shares of the region's axes into the rectangle around it, where nothing else binds them."""
    region = space.region
    if region is None:
        return shares
    bound = {name for constraint in space.constraints.values() for name in constraint.weights}
    for name, (least, most) in zip(region.axes, region.bounds, strict=True):
        axis, place = space.axis(name), space.names.index(name)
        if axis.is_discrete or name in bound or axis.span == 0:
            continue
        low, high = np.clip((np.array([least, most]) - axis.low) / axis.span, 0.0, 1.0)
        shares[:, place] = low + shares[:, place] * (high - low)
    return shares


def _obey_sum(encoding: Encoding, constraint: SumConstraint, columns: Floats) -> None:
    """Make even columns obey one sum, in place; the bounds are for others to look at.

    Three bodies hold the allowed slice: the simplex on the lower bounds, the simplex that hangs from the
    upper ones (exponential spacings: Devroye, Non-Uniform Random Variate Generation, 1986, ch. V.2), and
    the box of all axes but the widest, which takes up the rest. The smallest wastes the fewest draws.
    """
    parts = [encoding.space.axis(name) for name in constraint.axes]
    if any(axis.is_discrete for axis in parts):
        return
    wide = [axis for axis in parts if axis.span > 0]  # an axis without extent stays where it is
    if not wide:
        return
    where = np.array([encoding.slices[axis.name].start for axis in wide])
    spans = np.array([axis.span for axis in wide])
    rise = constraint.total - sum(axis.low for axis in parts)
    rise = min(max(rise, 0.0), float(spans.sum()))  # a total at the edge may lie beyond it by rounding
    fall = spans.sum() - rise
    widest, n_free = int(np.argmax(spans)), len(wide) - 1
    others = np.delete(np.arange(len(wide)), widest)
    simplex = min(rise, fall) ** n_free / math.factorial(n_free)
    if np.prod(spans[others]) < simplex:
        values = columns[:, where] * spans
        values[:, widest] = rise - values[:, others].sum(axis=1)
    else:
        spacings = -np.log1p(-columns[:, where])
        shares = spacings / np.maximum(spacings.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
        values = rise * shares if rise <= fall else spans - fall * shares
    columns[:, where] = values / spans
