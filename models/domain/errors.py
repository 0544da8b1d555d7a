"""The few things that may go wrong, each with a name.

A message carries the value, the unit, the limit and what to do: at 3 am nobody reads a traceback.
"""


class NightbeamError(Exception):
    """Everything that Nightbeam raises on purpose."""


class BadInput(NightbeamError):
    """A user's mistake, found before anything moves. The command line answers with exit status 2."""

    def __init__(self, where: str, problem: str, remedy: str) -> None:
        """Join the three parts of an answer into one line.

        Parameters
        ----------
        where
            The file and key, or the option: ``campaign.toml: axes[0].high``.
        problem
            What is wrong, with value, unit and limit: ``is -0.2, must be above low = 0``.
        remedy
            What to do, as an imperative: ``Raise high above 0.``
        """
        super().__init__(f"{where}: {problem}. {remedy}")
        self.where = where
        self.problem = problem
        self.remedy = remedy

    def within(self, place: str) -> "BadInput":
        """The same mistake, with the file or table that led to it named first."""
        return BadInput(f"{place}: {self.where}", self.problem, self.remedy)


class BeamlineFault(NightbeamError):
    """A device did not do what it was told: stuck, lost, timed out. Recorded; the loop goes on."""


class LoadFailed(BeamlineFault):
    """A sample that exists did not arrive in the cell, such as by a clog: it may be loaded again."""


class UnreachablePoint(NightbeamError):
    """The instrument cannot present this point: outside a limit, or the stock is used up."""


SURVIVABLE = (BeamlineFault, UnreachablePoint)
"""What an instrument may raise: recorded, and the campaign goes on."""


class FrameRejected(NightbeamError):
    """A frame arrived that must not train a model: no beam, saturated, empty, not finite."""


class StrategyFailed(NightbeamError):
    """A strategy raised, or proposed what the campaign does not allow. Nothing of it is on record."""


class BeamlineUnsafe(NightbeamError):
    """The shutter does not close, or a device does not return. No decision may follow; a person must look."""


class FitFailed(NightbeamError):
    """A feature or a model cannot be had from these values; the message says why."""


class LogUnavailable(NightbeamError):
    """The decision log cannot be written. Nothing may move until it can."""


class LeaseLost(NightbeamError):
    """Another agent has taken over this instrument. This one may neither write nor move anything."""
