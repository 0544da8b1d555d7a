"""A folder of measured curves as a world: each sample shows the curve that was measured of it."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from agent.rehearsal.jobs import Job
from agent.rehearsal.worlds import Stage
from instruments.curves_only import CurveInstrument, Handling
from instruments.dataset import Options, open_dataset, read_sample
from models.domain.action import Exposure
from models.domain.campaign import CampaignSpec
from models.domain.decision import Decision
from models.domain.errors import BadInput, UnreachablePoint
from models.domain.history import History, Observation
from models.domain.inputs import validated
from models.domain.scattering import Curve
from models.domain.space import Point
from models.saxs.curve_analysis import CurveAnalysis, Shown
from models.saxs.curve_reader import CurveReader
from models.saxs.extractors import load_extractors

KIND = "dataset"


class MeasuredWorld:
    """Measured curves, served from memory."""

    def __init__(self, spec: CampaignSpec, home: str) -> None:
        """Read every curve once.

        Parameters
        ----------
        spec
            The campaign file, with an instrument of kind ``dataset``.
        home
            Its folder.

        Raises
        ------
        BadInput
            When the folder, its description or a curve is not as it should be.
        """
        self._spec = spec
        options = Options.model_validate(spec.instrument.options)
        dataset = open_dataset(options, Path(home))
        self._curves = {sample: read_sample(dataset, sample) for sample in dataset.curves}
        self._extractors = load_extractors(spec.analysis.features)

    @contextmanager
    def stage(self, job: Job) -> Generator[Stage]:
        """Set the stage for one campaign."""
        instrument = CurveInstrument(job.name, _Shelf(self._curves), Handling(has_samples=True))
        reader = CurveReader(job.spec.analysis, self._extractors, job.spec.objective.profile_bins)
        yield Stage(instrument, CurveAnalysis(reader, instrument.shown), instrument.clock)

    def truth(self, point: Point, place: int) -> Observation:
        """What its measured curve says: nobody knows better."""
        del place
        reader = CurveReader(self._spec.analysis, self._extractors, self._spec.objective.profile_bins)
        shown = Shown(self._curves[str(point.sample)])
        exposure = Exposure(seq=1, action_id="1", run_uid="", point=point, exposure_s=1.0, assets=())
        return CurveAnalysis(reader, lambda _: shown)(exposure, None, History()).observation


class _Shelf:
    """Shows the curve of a sample by its name."""

    def __init__(self, curves: dict[str, Curve]) -> None:
        self._curves = curves

    def bring(self, decision: Decision) -> None:
        """Nothing fails."""

    def show(self, decision: Decision, action_id: str) -> Shown:
        """The curve of the decision's sample."""
        del action_id
        sample = decision.point.sample if decision.point else None
        if sample is None or sample not in self._curves:
            raise UnreachablePoint(f"decision {decision.seq}: there is no measured curve of {sample!r}.")
        return Shown(self._curves[sample])


def on_folder(spec: CampaignSpec, folder: Path) -> CampaignSpec:
    """The campaign with a folder of measured curves in the place of its instrument, and of its axes.

    Raises
    ------
    BadInput
        When there is no such folder.
    """
    if not folder.is_dir():
        raise BadInput(
            f"--world {folder}",
            "there is no such folder, and it is no name of a world",
            "Use twin, fast, log:CAMPAIGN, or a folder with a dataset.toml",
        )
    tables = spec.model_dump(mode="json", exclude_unset=True)
    described = spec.instrument.options.get("description") if spec.instrument.kind == KIND else None
    instrument = {"kind": KIND, "folder": str(folder.resolve())}
    if described is not None:
        instrument["description"] = described
    for key in ("axes", "sums", "linear", "region", "candidates", "deck", "setup"):
        tables.pop(key, None)
    tables.get("measurement", {}).pop("blank", None)
    tables["budget"].pop("stock", None)
    return validated(CampaignSpec, tables | {"instrument": instrument}, f"--world {folder}")
