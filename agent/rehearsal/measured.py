"""A folder of measured curves or values as a world: each sample shows what was measured of it."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from agent.rehearsal.jobs import Job
from agent.rehearsal.worlds import Stage, bins_for, imagined
from agent.strategy.problem import Problem
from instruments.curves_only import CurveInstrument, Handling
from instruments.dataset import Options, open_dataset, read_sample
from models.domain.campaign import CampaignSpec
from models.domain.decision import Decision
from models.domain.errors import BadInput, UnreachablePoint
from models.domain.history import History, Observation
from models.domain.inputs import validated
from models.domain.seeds import derive_seed
from models.domain.space import Point
from models.saxs.curve_analysis import CurveAnalysis, Shown
from models.saxs.curve_reader import CurveReader
from models.saxs.extractors import load_extractors

KIND = "dataset"
SHARE_KEPT = 0.8
"""Of the samples, in every rehearsed night but the first."""
FEWEST_KEPT = 8
ONE_DATA_SET = (
    "One data set stands behind all nights: each lacks a fifth of its samples, drawn anew, and has the "
    "others in common with the next. Intervals say how sure this is for these samples; for others they are "
    "too narrow."
)
"""What one has to know before intervals are believed."""


class MeasuredWorld:
    """Measured curves, or a table of values, served from memory."""

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
        curves = {sample: Shown(read_sample(dataset, sample)) for sample in dataset.curves}
        self._shelf = curves | {sample: Shown(values=values) for sample, values in dataset.values.items()}
        self._extractors = load_extractors(spec.analysis.features)

    @contextmanager
    def stage(self, job: Job) -> Generator[Stage]:
        """Set the stage for one campaign."""
        instrument = CurveInstrument(job.name, _Shelf(self._shelf), Handling(has_samples=True))
        reader = CurveReader(job.spec.analysis, self._extractors, bins_for(job.spec, self._spec))
        yield Stage(instrument, CurveAnalysis(reader, instrument.shown), instrument.clock)

    def truth(self, point: Point, place: int) -> Observation:
        """What was measured of it: nobody knows better."""
        del place
        reader = CurveReader(self._spec.analysis, self._extractors, self._spec.objective.profile_bins)
        shown = self._shelf[str(point.sample)]
        return CurveAnalysis(reader, lambda _: shown)(imagined(point), None, History()).observation


def without_some(problem: Problem) -> Problem:
    """The task with some of its samples left out, drawn by its seed.

    Nothing is drawn in a night of most strategies among samples that exist: without this, all nights of a
    strategy would be one and the same, and be counted as evidence again and again.
    """
    listed = problem.space.candidates
    n_kept = max(round(SHARE_KEPT * len(listed)), min(FEWEST_KEPT, len(listed)))
    rng = np.random.default_rng(derive_seed(problem.seed, "samples"))
    rows = np.sort(rng.choice(len(listed), n_kept, replace=False))
    space = problem.space.model_copy(update={"candidates": tuple(listed[row] for row in rows)})
    return problem.model_copy(update={"space": space})


class _Shelf:
    """Shows what was measured of a sample, by its name."""

    def __init__(self, shown: dict[str, Shown]) -> None:
        self._shown = shown

    def bring(self, decision: Decision) -> None:
        """Nothing fails."""

    def show(self, decision: Decision, action_id: str) -> Shown:
        """The curve, or the values, of the decision's sample."""
        del action_id
        sample = decision.point.sample if decision.point else None
        if sample is None or sample not in self._shown:
            raise UnreachablePoint(f"decision {decision.seq}: nothing was measured of {sample!r}.")
        return self._shown[sample]


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
