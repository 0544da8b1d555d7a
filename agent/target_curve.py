"""The curve that a campaign is to match, read from its file into the campaign's own bins."""

from pathlib import Path

import numpy as np

from models.domain.analysis_spec import AnalysisSpec
from models.domain.campaign import CampaignSpec
from models.domain.errors import BadInput
from models.domain.misfit import FEWEST_BINS
from models.domain.objective import Match
from models.domain.scattering import CurveProfile
from models.saxs.curve_files import read_curve
from models.saxs.profile import bin_curve


def with_target(spec: CampaignSpec, home: Path) -> CampaignSpec:
    """The campaign with its target curve, where it has one to match: what goes on record is complete.

    Parameters
    ----------
    spec
        The campaign file.
    home
        The folder it lies in.

    Raises
    ------
    BadInput
        When whole curves are asked for without a window in q, or the target cannot be read or compared.
    """
    objective = spec.objective
    if not objective.needs_curves:
        return spec
    _refuse_open_window(spec.analysis)
    if not isinstance(objective, Match) or objective.target is not None:
        return spec
    target = _read_target(home / objective.curve, objective, spec.analysis)
    return spec.model_copy(update={"objective": objective.model_copy(update={"target": target})})


def _refuse_open_window(analysis: AnalysisSpec) -> None:
    for key, reach in {"q_min_inv_nm": "smallest", "q_max_inv_nm": "largest"}.items():
        if key not in analysis.model_fields_set or not getattr(analysis, key) > 0:
            raise BadInput(
                f"analysis.{key}",
                "is not given, but whole curves are learned in bins between two values of q",
                f"Give the {reach} q that all curves reach, 1/nm",
            )


def _read_target(path: Path, objective: Match, analysis: AnalysisSpec) -> CurveProfile:
    where = "objective.curve"
    try:
        curve = read_curve(path)
    except BadInput as error:
        raise error.within(where) from None
    window = (analysis.q_min_inv_nm, analysis.q_max_inv_nm)
    inside = curve.between(*window)
    n_bad = int((~(np.isfinite(inside.intensity) & np.isfinite(inside.sigma))).sum())
    if n_bad:
        raise BadInput(
            where, f"{objective.curve} has {n_bad} points without a finite value", "Remove these points"
        )
    target = bin_curve(curve, window, objective.bins)
    filled = [value for value in target.intensity if value is not None]
    if len(filled) < FEWEST_BINS:
        first, last = curve.q_inv_nm[0], curve.q_inv_nm[-1]
        raise BadInput(
            where,
            f"{objective.curve} goes from q = {first:.3g} to {last:.3g} 1/nm, with points in {len(filled)} "
            f"of the {objective.bins} bins between {window[0]:g} and {window[1]:g} 1/nm",
            f"Give a curve with points in {FEWEST_BINS} of them, move the window in q, or ask for fewer bins",
        )
    if not any(value > 0 for value in filled):
        raise BadInput(where, f"{objective.curve} is nowhere above zero", "Give another curve")
    if objective.scale == "fixed" and curve.unit != analysis.intensity_unit:
        raise BadInput(
            where,
            f"{objective.curve} is in {curve.unit}, but curves are measured in {analysis.intensity_unit}",
            'Bring both to one unit, or compare shapes with scale = "free"',
        )
    return target
