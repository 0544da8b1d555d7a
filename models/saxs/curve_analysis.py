"""From a curve that no frame stands behind, or from values alone, to an observation."""

from collections.abc import Callable
from dataclasses import dataclass

from models.domain.action import Exposure
from models.domain.errors import BadInput, FrameRejected
from models.domain.history import History, Observation
from models.domain.records import Observed
from models.domain.scattering import Absence, Curve, Feature, Verdict
from models.saxs.correct import subtract
from models.saxs.curve_reader import CurveReader
from models.saxs.value_files import observe_values


@dataclass(frozen=True, eq=False)
class Shown:
    """What an instrument without frames brings back."""

    curve: Curve | None = None
    """The curve, before a blank is subtracted; None where there are values alone."""
    verdicts: tuple[Verdict, ...] = ()
    """What checks of its frame would have said."""
    values: tuple[Feature | Absence, ...] = ()
    """What an instrument gave that measures values itself."""


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
        """Subtract the blank, judge, and extract features; take values as they are.

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
        if curve is None:
            return Observed(observation=observe_values(exposure.seq, shown.values))
        empty = None if blank is None else self._shown(blank).curve
        if empty is not None:
            try:
                curve = subtract(curve, empty)
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
