"""Samples that were measured once, served from memory: an instrument and an analysis without devices."""

from dataclasses import dataclass
from pathlib import Path

from instruments.dataset import read_sample
from instruments.dataset_table import Dataset
from models.domain.action import Action, ActionReport, Asset, Exposure
from models.domain.analysis_spec import AnalysisSpec
from models.domain.decision import Decision
from models.domain.errors import UnreachablePoint
from models.domain.history import Observation
from models.domain.records import Observed
from models.domain.space import SearchSpace
from models.saxs.curve_files import write_curve
from models.saxs.extractors import load_extractors
from models.saxs.pipeline import build_analysis

ANALYSIS = AnalysisSpec(features=("peak",), q_min_inv_nm=0.1, q_max_inv_nm=5.0)
"""How ``examples/mesoporous_silica/campaign.toml`` reads the curves."""


@dataclass(frozen=True, eq=False)
class Shelf:
    """All samples of a dataset, and what the analysis says of each: the `Instrument` and `Analysis` ports."""

    space: SearchSpace
    """Where the samples stand."""
    observations: dict[str, Observation]
    """What each sample shows, by its name."""

    def actions(self, decision: Decision) -> tuple[Action, ...]:
        """One exposure."""
        action_id = f"shelf-{decision.seq:05d}"
        return (
            Action(action_id=action_id, seq=decision.seq, step=1, kind="expose", action_class="idempotent"),
        )

    def perform(self, action: Action, decision: Decision) -> ActionReport:
        """Take the sample off the shelf."""
        if decision.point is None or decision.point.sample not in self.observations:
            raise UnreachablePoint(f"decision {decision.seq}: there is no such sample on the shelf")
        exposure = Exposure(
            seq=action.seq,
            action_id=action.action_id,
            run_uid="",
            point=decision.point,
            exposure_s=decision.exposure_s,
            assets=(),
        )
        return ActionReport(
            action_id=action.action_id, status="succeeded", sentence="Taken off the shelf.", exposure=exposure
        )

    def reconcile(self, action: Action, decision: Decision) -> ActionReport:
        """Nothing can be left half done."""
        return self.perform(action, decision)

    def make_safe(self) -> None:
        """There is nothing to close."""

    def __call__(
        self, exposure: Exposure, blank: Exposure | None, earlier: tuple[Exposure, ...] = ()
    ) -> Observed:
        """What the analysis said of that sample."""
        del blank, earlier
        seen = self.observations[str(exposure.point.sample)].model_copy(update={"seq": exposure.seq})
        return Observed(observation=seen)


def fill_shelf(dataset: Dataset, folder: Path) -> Shelf:
    """Read every curve of a dataset once, by the analysis that campaigns use.

    Parameters
    ----------
    dataset
        The measured curves.
    folder
        Where the analysis writes its curves.
    """
    extractors = load_extractors(ANALYSIS.features)
    analysis = build_analysis(ANALYSIS, extractors=extractors, folder=folder)
    observations: dict[str, Observation] = {}
    for seq, point in enumerate(dataset.space.candidates, start=1):
        sample = str(point.sample)
        path = folder / "measured" / f"{seq:05d}.dat"
        write_curve(path, read_sample(dataset, sample))
        asset = Asset(role="curve", path=str(path), sha256="0" * 64, n_bytes=path.stat().st_size)
        exposure = Exposure(
            seq=seq, action_id=f"fill-{seq:05d}", run_uid="", point=point, exposure_s=0.0, assets=(asset,)
        )
        observations[sample] = analysis(exposure, None).observation
    return Shelf(dataset.space, observations)
