"""The truth of the scanning twin: each seed's slice, asked for what is sought."""

import math
from functools import lru_cache

from agent.rehearsal.jobs import seed_of
from instruments import virtual_scan
from models.domain.campaign import CampaignSpec
from models.domain.errors import BadInput
from models.domain.history import Observation
from models.domain.inputs import options_for
from models.domain.point import Point
from models.domain.scattering import Absence, Feature
from models.saxs.extractors import features_made, load_extractors
from sims.specimen_truth import SCAN_TRUTHS, ScanTruth
from sims.specimen_world import AXES, ScanWorld

KIND = "virtual_scan"
UNIT = "1/cm"
"""Unit of intensity in which a slice tells its invariants."""
N_KEPT = 64
"""Slices that one process remembers."""


class SliceTruth:
    """What noise-free patterns of a slice say; where its parts lie follows from each night's seed."""

    def __init__(self, spec: CampaignSpec) -> None:
        """Take the campaign file."""
        self._spec = spec
        self._units = features_made(load_extractors(spec.analysis.features))
        self._of = lru_cache(maxsize=N_KEPT)(self._slice)

    def __call__(self, point: Point, place: int) -> Observation:
        """The features that a campaign seeks, at a place of the slice of one seed."""
        at = {axis: float(point.numbers[axis]) for axis in AXES}
        features: list[Feature] = []
        absences: list[Absence] = []
        for name in self._spec.objective.features:
            value = self._of(place).feature(name, at)
            if math.isnan(value):
                absences.append(Absence(name=name, why="there is air"))
            else:
                features.append(Feature(name=name, value=value, sigma=0.0, unit=self._units[name]))
        return Observation(seq=1, is_accepted=True, features=tuple(features), absences=tuple(absences))

    def _slice(self, place: int) -> ScanTruth:
        options = options_for(virtual_scan.build, self._spec.instrument.options, "instrument")
        analysis = self._spec.analysis
        world = ScanWorld(options.world, seed_of(self._spec, place))
        return ScanTruth(world, analysis.q_min_inv_nm, analysis.q_max_inv_nm)


def refuse_unknown_truth(spec: CampaignSpec) -> None:
    """Refuse a goal of which a slice cannot tell the truth.

    Raises
    ------
    BadInput
        When it is about whole curves, a feature that no slice knows, or another unit.
    """
    names = spec.objective.features
    if spec.objective.profile_bins is not None or not set(names) <= set(SCAN_TRUTHS):
        raise BadInput(
            "objective",
            f"is {spec.objective.text()}, but of {KIND} the truth is known for {', '.join(SCAN_TRUTHS)} only",
            "Rehearse a goal on one of these",
        )
    if spec.analysis.intensity_unit != UNIT and any("invariant" in name for name in names):
        raise BadInput(
            "analysis.intensity_unit",
            f"is {spec.analysis.intensity_unit!r}, but a slice tells its invariant by intensities in {UNIT}",
            f"Give analysis.scale to {UNIT}, as in examples/scan.toml",
        )
