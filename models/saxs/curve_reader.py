"""From a reduced curve to what it says: cut it to the window, judge it, extract features."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.domain.analysis_spec import AnalysisSpec
from models.domain.errors import BadInput
from models.domain.scattering import Curve, CurveProfile, Verdict
from models.saxs.checks.curves import check_curve
from models.saxs.extractor import Extractor, Found
from models.saxs.precision import as_recorded
from models.saxs.profile import bin_curve
from models.saxs.reading import NO_FRAME, Profile, read_all


@dataclass(frozen=True, eq=False)
class CurveRead:
    """What a curve said."""

    is_accepted: bool
    """False when a check failed."""
    verdicts: tuple[Verdict, ...]
    """What all checks said, those of the frame first."""
    found: Found
    """Features, absences and fits; none when a check failed."""
    profile: CurveProfile | None
    """The curve in few bins, where they are asked for."""


class CurveReader:
    """Reads curves by the rules of one campaign."""

    def __init__(
        self, spec: AnalysisSpec, extractors: Sequence[Extractor], profile_bins: int | None = None
    ) -> None:
        """Take the rules.

        Parameters
        ----------
        spec
            The window of q, and what curves are held against.
        extractors
            What reads features.
        profile_bins
            In how many bins accepted curves go into the record for whole curves to be learned; None: in none.

        Raises
        ------
        BadInput
            When bins are asked for from q = 0: they are even in log q.
        """
        if profile_bins is not None and spec.q_min_inv_nm <= 0:
            raise BadInput(
                "analysis.q_min_inv_nm",
                "is 0 1/nm, but whole curves are learned in bins that are even in log q",
                "Give the smallest q of the curves",
            )
        self._extractors = tuple(extractors)
        self._window_inv_nm = (spec.q_min_inv_nm, spec.q_max_inv_nm)
        self._limits, self._profile_bins = spec.checks, profile_bins

    def cut(self, curve: Curve) -> Curve:
        """The curve within the window, in the digits that go on record."""
        return as_recorded(curve.between(*self._window_inv_nm))

    def read(
        self, curve: Curve | None, verdicts: tuple[Verdict, ...] = (), profile: Profile = NO_FRAME
    ) -> CurveRead:
        """Judge a curve that was cut, and read it.

        Parameters
        ----------
        curve
            The curve; None when its frame could not be normalised.
        verdicts
            What the checks of its frame said.
        profile
            The azimuthal profile of the same exposure, or why there is none.
        """
        if curve is None:
            return CurveRead(False, verdicts, (), None)
        verdicts += check_curve(curve, self._limits)
        if any(verdict.is_refusal for verdict in verdicts):
            return CurveRead(False, verdicts, (), None)
        summary = None
        if self._profile_bins is not None:
            summary = bin_curve(curve, self._window_inv_nm, self._profile_bins)
        return CurveRead(True, verdicts, read_all(self._extractors, curve, profile), summary)
