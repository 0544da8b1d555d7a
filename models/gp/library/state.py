"""What is kept of a Gaussian process whose kernel is a user's own: plain JSON."""

from typing import Literal, Self

from pydantic import Field, model_validator

from models.domain.frozen import Frozen
from models.gp.conditioned import Conditioned
from models.gp.hyperparameters import Standardised
from models.gp.scale import Scale


class Parameter(Frozen):
    """One parameter of a kernel, raw, as the kernel's module keeps it."""

    name: str
    """Its name in the module, such as ``base_kernel.raw_lengthscale``."""
    shape: tuple[int, ...]
    """Its shape."""
    values: tuple[float, ...]
    """Its values, row by row."""

    @model_validator(mode="after")
    def _shape_and_values_agree(self) -> Self:
        size = 1
        for length in self.shape:
            size *= length
        if size != len(self.values):
            raise ValueError(f"parameter {self.name} of shape {self.shape} has {len(self.values)} values")
        return self


class LibraryMemberState(Frozen):
    """One set of hyperparameters."""

    parameters: tuple[Parameter, ...]
    """The kernel's."""
    noise: float = Field(gt=0)
    """Learned variance of an observation beyond its known one, standardised."""
    weight: float = Field(default=1.0, ge=0, le=1)
    """Its probability among the members."""
    inflation: float = Field(gt=0)
    """Factor on all its variances, from the residuals that were left out one at a time."""


class LibraryState(Frozen):
    """All that a belief with one's own kernel needs besides the observations and the kernel's file."""

    model: Literal["gaussian process, a kernel of one's own"] = "gaussian process, a kernel of one's own"
    """Which model."""
    kernel: str
    """Name of the function that makes the kernel, ``module:function``."""
    columns: tuple[str, ...]
    """Names of the scaled columns that it was made for."""
    fitted_to: int = Field(ge=2)
    """Count of observations, the first ones, that the hyperparameters were found from."""
    mean: float
    """What is subtracted from every value, in the feature's unit."""
    spread: float = Field(gt=0)
    """What every value is divided by, in the feature's unit."""
    members: tuple[LibraryMemberState, ...] = Field(min_length=1)
    """The members, that of largest density first."""

    @property
    def scale(self) -> Scale:
        """How values are standardised: as they are."""
        return Scale(self.mean, self.spread)

    @property
    def sizes(self) -> set[int]:
        """Counts of columns that it is for."""
        return {len(self.columns)}

    def condition(self, known: Standardised) -> list[Conditioned]:
        """The members, conditioned on observations. Loads torch.

        Raises
        ------
        BadInput
            When there is no such kernel, or it has other parameters.
        FitFailed
            When the kernel raises, or a covariance cannot be factored.
        """
        from models.gp.library.kernels import make_kernel, with_parameters
        from models.gp.library.member import LibraryMember

        return [
            LibraryMember(
                with_parameters(make_kernel(self.kernel, self.columns), one.parameters), one.noise, known
            )
            for one in self.members
        ]

    @property
    def hyperparameters(self) -> dict[str, tuple[float, ...]]:
        """Those of the member of largest density, by name: raw, as the kernel's module keeps them."""
        best = self.members[0]
        return {one.name: one.values for one in best.parameters} | {"noise": (best.noise,)}
