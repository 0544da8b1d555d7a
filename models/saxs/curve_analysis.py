"""From a curve that no frame stands behind to an observation: subtract the blank, judge, extract."""

from collections.abc import Callable
from dataclasses import dataclass

from models.domain.action import Exposure
from models.domain.errors import BadInput, FrameRejected
from models.domain.history import History, Observation
from models.domain.records import Observed
from models.domain.scattering import Absence, Curve, Feature, Verdict
from models.saxs.correct import subtract
from models.saxs.curve_reader import CurveReader


@dataclass(frozen=True, eq=False)
class Shown:
    """What an instrument without frames brings back."""

    curve: Curve
    """The curve, before a blank is subtracted."""
    verdicts: tuple[Verdict, ...] = ()
    """What checks of its frame would have said."""


class CurveAnalysis:
    """Reads curves that lie in memory: the `Analysis` port, without files."""

    def __init__(self, reader: CurveReader, shown: Callable[[Exposure], Shown]) -> None:
        """Take the rules, and where curves lie.

        Parameters
        ----------
        reader
            Cuts, judges and reads them.
        shown
            Finds what an exposure brought back.
        """
        self._reader, self._shown = reader, shown

    def __call__(self, exposure: Exposure, blank: Exposure | None, history: History) -> Observed:
        """Subtract the blank, judge, and extract features.

        Parameters
        ----------
        exposure
            What was exposed.
        blank
            The blank's exposure; None subtracts nothing.
        history
            Not looked at: without frames there is nothing to look back at.

        Raises
        ------
        FrameRejected
            When the curves of sample and blank do not fit together.
        """
        del history
        shown = self._shown(exposure)
        curve = shown.curve
        if blank is not None:
            try:
                curve = subtract(curve, self._shown(blank).curve)
            except BadInput as error:
                raise FrameRejected(f"decision {exposure.seq}: {error}") from error
        said = self._reader.read(self._reader.cut(curve), shown.verdicts)
        return Observed(
            observation=Observation(
                seq=exposure.seq,
                is_accepted=said.is_accepted,
                features=tuple(x for x in said.found if isinstance(x, Feature)),
                absences=tuple(x for x in said.found if isinstance(x, Absence)),
                verdicts=said.verdicts,
                blank_seq=None if blank is None else blank.seq,
                profile=said.profile,
            )
        )
