"""From an exposure to an observation: reduce, subtract the blank, judge, extract."""

from collections.abc import Sequence
from pathlib import Path

from models.domain.action import Asset, Exposure
from models.domain.analysis_spec import AnalysisSpec
from models.domain.artifact import Artifact
from models.domain.disk import disk_refuses
from models.domain.errors import BadInput, FitFailed, FrameRejected
from models.domain.history import History, Observation
from models.domain.records import Observed
from models.domain.scattering import Absence, Curve, Feature, Fit
from models.saxs.azimuth import even_out, profile_of
from models.saxs.correct import subtract
from models.saxs.curve_files import write_curve
from models.saxs.curve_reader import CurveReader
from models.saxs.extractor import Extractor
from models.saxs.fits import as_artifacts
from models.saxs.reading import NO_FRAME, Profile
from models.saxs.reduction import Detector, Reduced, Reduction
from models.saxs.value_files import read_values

CURVES_FOLDER = "curves"
"""Subfolder of the campaign's folder where reduced curves go."""
UNKNOWN = Detector()
"""A detector that nothing is known of."""


class ScatteringAnalysis:
    """Reads exposures: the `Analysis` port. What it remembers of earlier ones it can read again."""

    def __init__(
        self,
        spec: AnalysisSpec,
        extractors: Sequence[Extractor],
        folder: Path,
        detector: Detector,
        profile_bins: int | None = None,
    ) -> None:
        """Take what `build_analysis` prepared.

        Parameters
        ----------
        spec
            How frames become curves and curves become features.
        extractors
            What reads features.
        folder
            The campaign's folder.
        detector
            What is known of the detector.
        profile_bins
            In how many bins accepted curves go into the record for whole curves to be learned; None: in none.
        """
        self._folder = folder
        self._reader = CurveReader(spec, extractors, profile_bins)
        has_directions = any(extractor.extract_azimuth is not None for extractor in extractors)
        self._reduction = Reduction(spec, detector, has_directions=has_directions)

    def __call__(
        self, exposure: Exposure, blank: Exposure | None, history: History | None = None
    ) -> Observed:
        """Reduce, subtract the blank, judge, and extract features.

        Parameters
        ----------
        exposure
            What the instrument brought back; its first frame or curve is read.
        blank
            The blank's exposure; None subtracts nothing.
        history
            What is known so far; without it no check looks back.

        Returns
        -------
        Observed
            With no features when a check failed; with the curve's file, byte for byte, and the fits.

        Raises
        ------
        FrameRejected
            When nothing can be read from it at all.
        LogUnavailable
            When the curve cannot be written.
        """
        try:
            return self._read(exposure, blank, history or History())
        except FrameRejected:
            raise
        except (ArithmeticError, ValueError, LookupError, MemoryError, OSError, RuntimeError) as error:
            # a device wrote this file: whatever is wrong in it must not end a night, now or after a resume
            raise FrameRejected(
                f"decision {exposure.seq}: its file cannot be read ({type(error).__name__}: {error})"
            ) from error

    def _read(self, exposure: Exposure, blank: Exposure | None, history: History) -> Observed:
        """Reduce, subtract, judge and extract; take values as they are."""
        given = _values_in(exposure)
        if given is not None:
            return Observed(observation=given)
        empty = None if blank is None else self._reduction.blank(blank)
        sample = self._reduction.reduce(exposure, empty, history)
        curve = sample.curve
        if curve is not None and empty is not None and empty.curve is not None:
            curve = self._subtracted(exposure, curve, empty.curve)
        profile = _profile(sample, empty)
        if curve is not None and sample.cake is not None and not isinstance(profile, str):
            curve = even_out(curve, sample.cake, profile)
        kept: Artifact | None = None
        if curve is not None:
            curve = self._reader.cut(curve)
            kept = self._write(exposure.seq, curve)
        said = self._reader.read(curve, sample.verdicts, profile)
        observation = Observation(
            seq=exposure.seq,
            is_accepted=said.is_accepted,
            features=tuple(x for x in said.found if isinstance(x, Feature)),
            absences=tuple(x for x in said.found if isinstance(x, Absence)),
            verdicts=said.verdicts,
            curve=None if kept is None else self._asset(exposure.seq, kept),
            blank_seq=None if blank is None else blank.seq,
            profile=said.profile,
        )
        fits = as_artifacts(tuple(x for x in said.found if isinstance(x, Fit)))
        return Observed(observation=observation, artifacts=fits if kept is None else (kept, *fits))

    def _subtracted(self, exposure: Exposure, sample: Curve, blank: Curve) -> Curve:
        """Subtract the blank."""
        try:
            return subtract(sample, blank)
        except BadInput as error:
            raise FrameRejected(f"decision {exposure.seq}: {error}") from error

    def _path(self, seq: int) -> Path:
        return self._folder / CURVES_FOLDER / f"seq-{seq:05d}.dat"

    def _write(self, seq: int, curve: Curve) -> Artifact:
        """Write the curve, and keep what was written."""
        try:
            write_curve(self._path(seq), curve)
            content = self._path(seq).read_bytes()
        except OSError as error:  # our own file: whatever is wrong, it is not the frame
            raise disk_refuses(self._path(seq), error) from error
        return Artifact(role="curve", name="curve", media_type="text/plain", content=content)

    def _asset(self, seq: int, kept: Artifact) -> Asset:
        """The curve's file."""
        return Asset(role="curve", path=str(self._path(seq)), sha256=kept.sha256, n_bytes=len(kept.content))


def build_analysis(
    spec: AnalysisSpec,
    *,
    extractors: Sequence[Extractor],
    folder: Path,
    detector: Detector = UNKNOWN,
    profile_bins: int | None = None,
) -> ScatteringAnalysis:
    """Build the analysis of one campaign.

    Parameters
    ----------
    spec
        How frames become curves and curves become features.
    extractors
        What reads features, as `load_extractors` gives them.
    folder
        The campaign's folder; curves go to ``curves/seq-00001.dat`` in it.
    detector
        What is known of the detector; nothing takes its place from each frame's header and corrects nothing.
    profile_bins
        In how many bins between q_min and q_max accepted curves go into the record, so that whole curves can
        be learned from it; None puts none there.

    Returns
    -------
    ScatteringAnalysis
        Call it with an exposure and its blank.

    Raises
    ------
    BadInput
        When bins are asked for from q = 0: they are even in log q.
    """
    return ScatteringAnalysis(spec, extractors, folder, detector, profile_bins)


def _profile(sample: Reduced, blank: Reduced | None) -> Profile:
    """The azimuthal profile of an exposure less its blank, or why there is none."""
    if sample.cake is None:
        return NO_FRAME
    try:
        return profile_of(sample.cake, None if blank is None else blank.cake)
    except FitFailed as error:
        return str(error)


def _values_in(exposure: Exposure) -> Observation | None:
    """What an instrument read that gives values itself; None where there is something to read them from."""
    path = next((Path(asset.path) for asset in exposure.assets if asset.role == "values"), None)
    if path is None:
        return None
    try:
        found = read_values(path)
    except BadInput as error:
        raise FrameRejected(f"decision {exposure.seq}: {error}") from error
    return Observation(
        seq=exposure.seq,
        is_accepted=True,
        features=tuple(x for x in found if isinstance(x, Feature)),
        absences=tuple(x for x in found if isinstance(x, Absence)),
    )
