"""From an exposure to an observation: reduce, subtract the blank, judge, extract."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from models.domain.action import Asset, Exposure
from models.domain.artifact import Artifact
from models.domain.campaign import AnalysisSpec
from models.domain.disk import disk_refuses
from models.domain.errors import BadInput, FitFailed, FrameRejected
from models.domain.geometry import Geometry
from models.domain.history import History, Observation
from models.domain.records import Observed
from models.domain.scattering import Absence, Curve, CurveProfile, Feature, Fit, Frame, Verdict
from models.saxs.add_frames import add_frames, frame_path
from models.saxs.azimuth import Cake, divide, even_out, profile_of
from models.saxs.bins import Binning
from models.saxs.checks.catalogue import NEEDED, check_frame
from models.saxs.checks.check import Subject
from models.saxs.checks.curves import check_curve
from models.saxs.checks.earlier import Earlier, look_back
from models.saxs.checks.recall import Recall
from models.saxs.checks.trace import Trace
from models.saxs.correct import subtract, to_scale
from models.saxs.corrections import Scale
from models.saxs.curve_files import read_curve, write_curve
from models.saxs.extractor import Extractor, Found
from models.saxs.fits import as_artifacts
from models.saxs.frame_files import geometry_from_header, read_frame
from models.saxs.integrate import integrate
from models.saxs.precision import as_recorded
from models.saxs.profile import bin_curve
from models.saxs.reading import NO_FRAME, Profile, read_all

CURVES_FOLDER = "curves"
"""Subfolder of the campaign's folder where reduced curves go."""
N_BLANKS_KEPT = 4
"""Blanks that are kept in memory; a campaign looks back at one, a resumed one at a few."""


@dataclass(frozen=True, eq=False)
class Reduced:
    """An exposure as a curve."""

    curve: Curve | None
    """The curve; None when the frame cannot be normalised."""
    frame: Frame | None
    """The frame; None when the instrument brought a curve."""
    cake: Cake | None
    """The frame by azimuth; None without a frame, or where no extractor asks for directions."""
    verdicts: tuple[Verdict, ...]
    """What the checks said of the frame."""
    trace: Trace | None = None
    """The frame's rings; None where no check counted them."""


class ScatteringAnalysis:
    """Reads exposures: the `Analysis` port. What it remembers of earlier ones it can read again."""

    def __init__(
        self,
        spec: AnalysisSpec,
        extractors: Sequence[Extractor],
        folder: Path,
        geometry: Geometry | None,
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
        geometry
            Where the detector stands; None takes it from each frame's header.
        profile_bins
            In how many bins accepted curves go into the record for whole curves to be learned; None: in none.
        """
        self._spec = spec
        self._extractors = tuple(extractors)
        self._folder = folder
        self._geometry = geometry
        self._window_inv_nm = (spec.q_min_inv_nm, spec.q_max_inv_nm)
        self._limits = spec.checks
        self._blanks: dict[str, Reduced] = {}
        self._recall = Recall(geometry)
        self._profile_bins = profile_bins
        self._scale = Scale(factor=spec.scale, unit=spec.intensity_unit)

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
        """Reduce, subtract, judge and extract."""
        empty = None if blank is None else self._reduced_blank(blank)
        sample = self._reduce(exposure, empty, history)
        curve = sample.curve
        if curve is not None and empty is not None and empty.curve is not None:
            curve = self._subtracted(exposure, curve, empty.curve)
        verdicts, profile = sample.verdicts, _profile(sample, empty)
        if curve is not None and sample.cake is not None and not isinstance(profile, str):
            curve = even_out(curve, sample.cake, profile)
        kept: Artifact | None = None
        if curve is not None:
            curve = as_recorded(curve.between(*self._window_inv_nm))
            verdicts += check_curve(curve, self._limits)
            kept = self._write(exposure.seq, curve)
        is_accepted = curve is not None and not any(verdict.is_refusal for verdict in verdicts)
        found: Found = ()
        if is_accepted and curve is not None:
            found = read_all(self._extractors, curve, profile)
        observation = Observation(
            seq=exposure.seq,
            is_accepted=is_accepted,
            features=tuple(x for x in found if isinstance(x, Feature)),
            absences=tuple(x for x in found if isinstance(x, Absence)),
            verdicts=verdicts,
            curve=None if kept is None else self._asset(exposure.seq, kept),
            blank_seq=None if blank is None else blank.seq,
            profile=self._summary(curve) if is_accepted else None,
        )
        fits = as_artifacts(tuple(x for x in found if isinstance(x, Fit)))
        return Observed(observation=observation, artifacts=fits if kept is None else (kept, *fits))

    def _summary(self, curve: Curve | None) -> CurveProfile | None:
        """The curve in few bins, where they are asked for."""
        if curve is None or self._profile_bins is None:
            return None
        return bin_curve(curve, self._window_inv_nm, self._profile_bins)

    def _reduced_blank(self, blank: Exposure) -> Reduced:
        """Reduce a blank once."""
        key = blank.action_id
        if key not in self._blanks:
            if len(self._blanks) >= N_BLANKS_KEPT:
                self._blanks.pop(next(iter(self._blanks)))
            self._blanks[key] = self._reduce(blank, None, None)
        return self._blanks[key]

    def _reduce(self, exposure: Exposure, blank: Reduced | None, history: History | None) -> Reduced:
        """Turn an exposure's file into a curve; without a history it was judged before."""
        asset = next((a for a in exposure.assets if a.role in ("frame", "curve")), None)
        if asset is None:
            raise FrameRejected(
                f"decision {exposure.seq}: the exposure has no frame and no curve; measure again"
            )
        path = Path(asset.path)
        try:
            if asset.role == "curve":
                return Reduced(read_curve(path, q_unit="1/nm"), None, None, ())
            return self._reduce_frame(path, exposure, blank, history)
        except BadInput as error:
            raise FrameRejected(str(error)) from error

    def _reduce_frame(
        self, path: Path, exposure: Exposure, blank: Reduced | None, history: History | None
    ) -> Reduced:
        """Read and judge a frame, and integrate it with those that it is added to."""
        frame = read_frame(path, exposure=exposure)
        geometry = self._geometry or geometry_from_header(path)
        subject = Subject(
            frame=frame,
            geometry=geometry,
            blank=None if blank is None else blank.frame,
            earlier=self._earlier(exposure, blank, history or History()),
            limits=self._limits,
            window_inv_nm=self._window_inv_nm,
        )
        verdicts = () if history is None else check_frame(subject)
        if any(verdict.check in NEEDED and not verdict.is_ok for verdict in verdicts):
            return Reduced(None, frame, None, verdicts)
        trace = self._recall.keep(exposure, subject)
        alone, added = frame, () if history is None else history.added_to(exposure.seq)
        for one in added:
            frame = add_frames(frame, read_frame(frame_path(one), exposure=one))
        q_min, q_max = self._window_inv_nm
        binning = Binning(n_bins=self._spec.n_bins, q_min_inv_nm=q_min, q_max_inv_nm=q_max)
        curve = to_scale(integrate(frame, geometry, binning), self._scale)
        has_readers = any(extractor.extract_azimuth is not None for extractor in self._extractors)
        cake = divide(frame, geometry, binning) if has_readers else None
        return Reduced(curve, alone, cake, verdicts, trace)

    def _earlier(self, exposure: Exposure, blank: Reduced | None, history: History) -> Earlier:
        """What was measured before."""
        earlier = look_back(history, exposure, self._recall.trace)
        return earlier if blank is None else replace(earlier, blank=blank.trace)

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
    geometry: Geometry | None,
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
    geometry
        Where the detector stands; None takes it from each frame's header.
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
    if profile_bins is not None and spec.q_min_inv_nm <= 0:
        raise BadInput(
            "analysis.q_min_inv_nm",
            "is 0 1/nm, but whole curves are learned in bins that are even in log q",
            "Give the smallest q of the curves",
        )
    return ScatteringAnalysis(spec, extractors, folder, geometry, profile_bins)


def _profile(sample: Reduced, blank: Reduced | None) -> Profile:
    """The azimuthal profile of an exposure less its blank, or why there is none."""
    if sample.cake is None:
        return NO_FRAME
    try:
        return profile_of(sample.cake, None if blank is None else blank.cake)
    except FitFailed as error:
        return str(error)
