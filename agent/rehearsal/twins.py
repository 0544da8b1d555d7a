"""The twins: the virtual beamline with all its frames, and the same truth counted bin by bin."""

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from agent.rehearsal import slices
from agent.rehearsal.jobs import Job
from agent.rehearsal.slices import SliceTruth
from agent.rehearsal.worlds import Stage, bins_for, imagined
from instruments import virtual
from instruments.curves_only import CurveInstrument, Handling
from instruments.fast_twin import FastTwin, find_rings
from instruments.power_cut import CUTS
from instruments.virtual_deck import VirtualDeck
from models.domain.campaign import CampaignSpec
from models.domain.errors import BadInput
from models.domain.history import History, Observation
from models.domain.inputs import options_for
from models.domain.space import Point
from models.saxs.curve_analysis import CurveAnalysis, Shown
from models.saxs.curve_reader import CurveReader
from models.saxs.extractors import load_extractors
from models.saxs.pipeline import build_analysis
from models.saxs.reduction import Detector
from sims.world import World as Beamline
from sims.world import WorldSpec

TRIES = 4
"""Decisions for each measurement of the budget, blanks and second tries among them, that may be struck."""
KIND = "virtual"
"""Kind of instrument of which there is a fast twin."""


class FastWorld:
    """The fast twin of a virtual beamline."""

    def __init__(self, spec: CampaignSpec, home: str, detector: Detector | None = None) -> None:
        """Lay out the detector once.

        Parameters
        ----------
        spec
            The campaign file.
        home
            Its folder.
        detector
            What is known of the detector; found from the campaign file when None.

        Raises
        ------
        BadInput
            When the campaign's instrument has no fast twin.
        """
        refuse_no_twin(spec)
        self._spec = spec
        self._options = options_for(virtual.build, spec.instrument.options, "instrument")
        self._beamline = Beamline(self._world_spec, spec.seed)
        self._extractors = load_extractors(spec.analysis.features)
        self._rings = find_rings(self._beamline, spec.analysis, detector or _detector_of(spec, home))
        self._ideal = FastTwin(self._beamline, self._rings, spec.seed)
        self._blank = self._ideal_blank()

    @property
    def _world_spec(self) -> WorldSpec:
        return self._options.world

    @contextmanager
    def stage(self, job: Job) -> Generator[Stage]:
        """Set the stage for one campaign."""
        spec, deck = job.spec, None
        if spec.deck is not None:
            deck = VirtualDeck(spec.deck, virtual.COMPONENTS, spec.seed)
        twin = FastTwin(self._beamline, self._rings, spec.seed, deck)
        twin.noise = job.noise
        handling = Handling(is_made=True, has_samples=True, prepare_s=self._options.mix_s)
        instrument = CurveInstrument(job.name, twin, handling)
        reader = CurveReader(spec.analysis, self._extractors, bins_for(spec, self._spec))
        yield Stage(instrument, CurveAnalysis(reader, instrument.shown), instrument.clock)

    def truth(self, point: Point, place: int) -> Observation:
        """What the noise-free curve says, less the noise-free blank's, weighed as one exposure would be."""
        del place
        exposure_s = self._spec.measurement.exposure_s
        curve = self._ideal.ideal(dict(point.numbers), exposure_s)
        reader = CurveReader(self._spec.analysis, self._extractors, self._spec.objective.profile_bins)
        blank = self._blank
        shown = {1: Shown(curve)} | ({} if blank is None else {2: blank})
        analysis = CurveAnalysis(reader, lambda exposure: shown[exposure.seq])
        return analysis(imagined(point), None if blank is None else imagined(point, 2), History()).observation

    def _ideal_blank(self) -> Shown | None:
        blank = self._spec.measurement.blank
        if blank is None:
            return None
        mixture = {name: float(value) for name, value in blank.point.items()}
        return Shown(self._ideal.ideal(mixture, self._spec.measurement.exposure_s))


class FullWorld:
    """The virtual beamline as it is: devices, frames, faults, dose; only its time is compressed."""

    def __init__(self, spec: CampaignSpec, home: str) -> None:
        """Keep the campaign; its truth is that of the fast twin, or of each seed's slice."""
        self._spec, self._home = spec, home
        is_scan = spec.instrument.kind == slices.KIND
        self._truth = SliceTruth(spec) if is_scan else FastWorld(spec, home).truth

    @contextmanager
    def stage(self, job: Job) -> Generator[Stage]:
        """Build the beamline of this seed, writing into a folder that is thrown away."""
        from agent.plan import prepare
        from instruments.runner import BlueskyInstrument

        with tempfile.TemporaryDirectory(prefix="nightbeam-rehearsal-") as folder:
            spec = job.spec.model_copy(update={"folder": folder})
            plan = prepare(spec, Path(self._home), f"sqlite:///{folder}/none.db")
            plan.folder.mkdir(parents=True)
            _cut_no_power(plan.folder, spec)
            instrument = BlueskyInstrument(plan.beamline, job.name, plan.folder)
            analysis = build_analysis(
                spec.analysis,
                extractors=plan.extractors,
                folder=plan.folder,
                detector=plan.detector,
                profile_bins=bins_for(spec, self._spec),
            )
            try:
                yield Stage(instrument, analysis, plan.beamline.clock)
            finally:
                instrument.close()

    def truth(self, point: Point, place: int) -> Observation:
        """Without noise and faults."""
        return self._truth(point, place)


def _cut_no_power(folder: Path, spec: CampaignSpec) -> None:
    """Let every power cut of the twin have happened.

    A night that is gone on with decides as if there had been none; a worker that is killed begins anew.
    """
    marks = folder / CUTS
    marks.mkdir()
    for seq in range(TRIES * spec.budget.measurements + 1):
        (marks / f"{seq:05d}").touch()


def refuse_no_twin(spec: CampaignSpec) -> None:
    """Refuse a campaign of whose instrument there is no twin."""
    kinds = (KIND, slices.KIND)
    if spec.instrument.kind not in kinds:
        raise BadInput(
            "--world",
            f"is a twin, but the instrument is of kind {spec.instrument.kind!r}; there are twins of "
            f"{' and '.join(map(repr, kinds))}",
            "Name a folder of measured curves, or log:CAMPAIGN",
        )


def why_no_fast_twin(spec: CampaignSpec) -> str:
    """Why there is no fast twin for a campaign of which there is a full one; empty where there is."""
    if spec.instrument.kind != KIND:
        return f"an instrument of kind {spec.instrument.kind!r} has no fast one"
    return "the fast one has no set-up to readjust, and the campaign has a [setup]" if spec.setup else ""


def _detector_of(spec: CampaignSpec, home: str) -> Detector:
    from agent.known_detector import plan_detector
    from instruments.kinds import BuildContext

    context = BuildContext(campaign=spec.name, seed=spec.seed, folder=Path(tempfile.gettempdir()) / spec.name)
    options = options_for(virtual.build, spec.instrument.options, "instrument")
    return plan_detector(spec.analysis, Path(home), virtual.build(options, context))
