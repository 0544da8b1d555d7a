"""From an exposure to a curve: read, judge, add up, correct and integrate."""

from dataclasses import dataclass, replace
from pathlib import Path

from models.domain.action import Exposure
from models.domain.analysis_spec import AnalysisSpec
from models.domain.errors import BadInput, FrameRejected
from models.domain.geometry import Geometry
from models.domain.history import History
from models.domain.scattering import Curve, Frame, Verdict
from models.saxs.add_frames import add_frames, frame_path
from models.saxs.azimuth import Cake, divide
from models.saxs.bins import Binning
from models.saxs.checks.catalogue import NEEDED, check_frame
from models.saxs.checks.check import Subject
from models.saxs.checks.earlier import Earlier, look_back
from models.saxs.checks.recall import Recall
from models.saxs.checks.trace import Trace
from models.saxs.correct import to_scale
from models.saxs.corrections import NO_CORRECTIONS, Corrections, Scale
from models.saxs.curve_files import read_curve
from models.saxs.frame_files import geometry_from_header, read_frame
from models.saxs.integrate import integrate

N_BLANKS_KEPT = 4
"""Blanks that are kept in memory; a campaign looks back at one, a resumed one at a few."""


@dataclass(frozen=True, eq=False)
class Detector:
    """What is known of a detector before it brings a frame."""

    geometry: Geometry | None = None
    """Where it stands; None takes it from each frame's header."""
    corrections: Corrections = NO_CORRECTIONS
    """What is applied to its frames."""


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


class Reduction:
    """Reduces exposures. What it remembers of earlier ones it can read again."""

    def __init__(self, spec: AnalysisSpec, detector: Detector, *, has_directions: bool) -> None:
        """Keep nothing yet.

        Parameters
        ----------
        spec
            How frames become curves.
        detector
            What is known of the detector. A scale that its corrections state wins over the spec's.
        has_directions
            Whether frames are divided by azimuth as well.
        """
        self._spec = spec
        self._detector = detector
        self._has_directions = has_directions
        self._window_inv_nm = (spec.q_min_inv_nm, spec.q_max_inv_nm)
        self._blanks: dict[str, Reduced] = {}
        self._recall = Recall(detector.geometry)
        scale = detector.corrections.scale
        own = Scale(factor=spec.scale, relative_sigma=scale.relative_sigma, unit=spec.intensity_unit)
        self._scale = scale if scale.is_stated else own

    def blank(self, blank: Exposure) -> Reduced:
        """Reduce a blank once.

        Raises
        ------
        FrameRejected
            As `reduce`.
        """
        key = blank.action_id
        if key not in self._blanks:
            if len(self._blanks) >= N_BLANKS_KEPT:
                self._blanks.pop(next(iter(self._blanks)))
            self._blanks[key] = self.reduce(blank, None, None)
        return self._blanks[key]

    def reduce(self, exposure: Exposure, blank: Reduced | None, history: History | None) -> Reduced:
        """Turn an exposure's file into a curve.

        Parameters
        ----------
        exposure
            What the instrument brought back; its first frame or curve is read.
        blank
            The blank that goes with it; None where there is none.
        history
            What is known so far; without one it was judged before.

        Raises
        ------
        FrameRejected
            When nothing can be read from it.
        """
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
        geometry = self._detector.geometry or geometry_from_header(path)
        subject = Subject(
            frame=frame,
            geometry=geometry,
            blank=None if blank is None else blank.frame,
            earlier=self._earlier(exposure, blank, history or History()),
            limits=self._spec.checks,
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
        corrections = self._detector.corrections
        curve = to_scale(integrate(frame, geometry, binning, corrections=corrections), self._scale)
        cake = divide(frame, geometry, binning, corrections) if self._has_directions else None
        return Reduced(curve, alone, cake, verdicts, trace)

    def _earlier(self, exposure: Exposure, blank: Reduced | None, history: History) -> Earlier:
        """What was measured before."""
        earlier = look_back(history, exposure, self._recall.trace)
        return earlier if blank is None else replace(earlier, blank=blank.trace)
