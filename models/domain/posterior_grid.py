"""What a model believed of one feature over the whole space, at one decision."""

from typing import Self

from pydantic import model_validator

from models.domain.frozen import Frozen
from models.domain.inputs import validated_json
from models.domain.space import Axis


class PosteriorGrid(Frozen):
    """Posterior of the objective's feature at points spread over the space."""

    seq: int
    """`seq` of the decision at which it was believed."""
    watermark: int
    """`seq` of the last decision whose outcome was known."""
    feature: str
    """Name of the feature."""
    unit: str
    """Unit of `mean` and `sigma`."""
    axes: tuple[Axis, ...]
    """The axes, in the order of a point's values."""
    points: tuple[tuple[float | str, ...], ...]
    """Points in the axes' units, or by the names of their levels, shape (n, n_axes)."""
    samples: tuple[str, ...] = ()
    """Name of the sample at each point where only certain samples exist, else empty."""
    mean: tuple[float, ...]
    """Posterior mean of the noise-free feature, shape (n,), in `unit`."""
    sigma: tuple[float, ...]
    """Posterior standard deviation of the noise-free feature, shape (n,), in `unit`."""
    hyperparameters: dict[str, tuple[float, ...]]
    """The model's hyperparameters, as in its state."""
    hyperparameters_of: int | None
    """`seq` of the decision whose hyperparameters they are; None when they were fitted for this map."""

    @model_validator(mode="after")
    def _shapes_match(self) -> Self:
        n, n_axes = len(self.points), len(self.axes)
        if {len(self.mean), len(self.sigma)} != {n} or any(len(point) != n_axes for point in self.points):
            raise ValueError(f"a map of {n} points on {n_axes} axes needs as many means and sigmas")
        if self.samples and len(self.samples) != n:
            raise ValueError(f"a map of {n} points names {len(self.samples)} samples; name all or none")
        return self


def posterior_grid_from_json(text: str | bytes) -> PosteriorGrid:
    """Read a map that was kept as JSON; the very same numbers come back.

    Parameters
    ----------
    text
        Content of an artifact whose role is ``posterior_grid``.

    Returns
    -------
    PosteriorGrid
        The map.

    Raises
    ------
    BadInput
        When it is no such map.
    """
    return validated_json(PosteriorGrid, text, "posterior grid")
