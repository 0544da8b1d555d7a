"""What a part of one's own amounts to that breaks in the night: a reason to fill the space, none to end."""

from models.domain.errors import BadInput, FitFailed, NightbeamError
from models.domain.objective import Objective, Own


def own_fault(error: Exception, objective: Objective, parts: tuple[str | None, ...]) -> FitFailed | None:
    """The fault as one that leaves no model; None where no part of one's own can have caused it.

    Parameters
    ----------
    error
        What was raised while a decision was made.
    objective
        What is sought: its goal may be one's own.
    parts
        Names of the kernel and the acquisition, where they are one's own.
    """
    if isinstance(objective, Own) and not isinstance(error, NightbeamError):
        said = " ".join(str(error).split())
        return FitFailed(f"the goal {objective.goal} raised {type(error).__name__}: {said}")
    if isinstance(error, BadInput) and any(parts):
        return FitFailed(str(error))
    return None
