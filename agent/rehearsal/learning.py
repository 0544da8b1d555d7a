"""Learn an emulator from a finished campaign's log; say how far it can be trusted, or refuse."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from agent.rehearsal.emulator import Emulator, Night
from agent.rehearsal.scoring import measured
from agent.rehearsal.setting import Setting
from agent.rehearsal.yardsticks.catalog import yardstick_for
from db.contents import read_contents
from db.engine import open_to_read
from db.histories import read_history
from db.queries import read_campaigns
from models.domain.action import Exposure
from models.domain.campaign import CampaignSpec
from models.domain.canonical import sha256_text
from models.domain.errors import BadInput, FitFailed
from models.domain.history import History, Observation
from models.domain.scattering import Curve, Floats, Mask
from models.domain.space import Point
from models.gp.encoding import Encoding
from models.saxs.curve_analysis import CurveAnalysis, Shown
from models.saxs.curve_files import read_curve
from models.saxs.curve_reader import CurveReader
from models.saxs.extractors import load_extractors
from models.saxs.profile import bin_curve

FEWEST_CURVES = 12
"""Shorter logs teach too little."""
N_FOLDS = 10
"""Parts of a log that are foretold from all others, one after the other."""
LEAST_EXPLAINED = 0.4
"""Share of the variance of what is sought that must be foretold of curves that were left out."""
N_BINS = 160
"""Bins of curves that do not share their q."""


@dataclass(frozen=True)
class Trust:
    """How well an emulator foretells curves that were left out of it."""

    n_curves: int
    """Curves that it learned from."""
    explained: float
    """Share of the variance of what is sought that it foretells; negative where a constant does better."""
    error: str
    """The error of what is sought, in words."""
    curve_rms: float
    """Median over the curves of the rms error of log-intensity, about a share."""

    def text(self) -> str:
        """For people."""
        return (
            f"Emulated from {self.n_curves} recorded curves. Of curves left out of it, it foretells "
            f"{self.error} ({self.explained:.0%} of the variance), and intensities to {self.curve_rms:.1%}."
        )


@dataclass(frozen=True, eq=False)
class Recorded:
    """A finished campaign."""

    spec: CampaignSpec
    """Its file."""
    history: History
    """What happened."""
    curves: dict[int, Curve]
    """Accepted curves of measurements, by `seq`."""


def emulate(setting: Setting, url: str) -> Setting:
    """The setting with an emulator of the campaign that it names in its scene.

    Raises
    ------
    BadInput
        When there is no such campaign, its log is too short, or the emulator is too poor.
    """
    where = f"--world log:{setting.choice.place}"
    recorded = read_recorded(url, setting.choice.place, where)
    night = night_of(recorded, Encoding(setting.plan.space), where)
    trust = cross_validate(night, setting, where)
    if not trust.explained >= LEAST_EXPLAINED:
        raise BadInput(
            where,
            f"is emulated too poorly: of curves left out it foretells {trust.explained:.0%} of the variance "
            f"of {setting.plan.spec.objective.quantity}, at least {LEAST_EXPLAINED:.0%} are needed",
            "Measure more, or rehearse on a twin",
        )
    key = sha256_text(f"{setting.scene.key} {night.intensities.tobytes().hex()[:4096]} {len(night.columns)}")
    scene = replace(setting.scene, key=key, extra=(night, setting.plan.space))
    return replace(setting, scene=scene, told=trust.text(), recorded=recorded)


def read_recorded(url: str, name: str, where: str) -> Recorded:
    """A finished campaign with its curves."""
    with open_to_read(url).connect() as connection:
        try:
            campaign = read_campaigns(connection, name)[0]
        except BadInput as error:
            raise BadInput(where, error.problem, error.remedy) from None
        history = read_history(connection, campaign.id)
        contents = read_contents(connection, campaign.id, "curve")
    accepted = {observation.seq for _, observation in history.accepted()}
    curves = {seq: _read(content) for seq, content in contents.items() if seq in accepted}
    return Recorded(campaign.spec, history, curves)


def _read(content: bytes) -> Curve:
    with tempfile.NamedTemporaryFile(suffix=".dat") as file:
        file.write(content)
        file.flush()
        return read_curve(Path(file.name))


def night_of(recorded: Recorded, encoding: Encoding, where: str) -> Night:
    """The curves of a campaign on one grid of q.

    Raises
    ------
    BadInput
        When there are too few, or they were measured on other axes.
    """
    rows = list(_rows(recorded))
    if not rows and any(recorded.history.accepted()):
        raise BadInput(
            where,
            "has values on record and no curves, and only curves can be emulated",
            "Rehearse on the table of values itself: --world DIR",
        )
    if len(rows) < FEWEST_CURVES:
        raise BadInput(
            where,
            f"has {len(rows)} accepted curves on record, at least {FEWEST_CURVES} are needed to emulate it",
            "Let it go on first, or rehearse on a twin",
        )
    names = set(encoding.space.names)
    if set(rows[0][0].coordinates) != names:
        raise BadInput(
            where,
            f"was measured over {', '.join(rows[0][0].coordinates)}, the campaign is over {', '.join(names)}",
            "Name a campaign over the same axes",
        )
    q, intensities, sigmas = _on_one_grid([curve for _, curve, _ in rows], recorded.spec)
    n_asked = len(measured(recorded.history))
    return Night(
        columns=encoding.encode([point for point, _, _ in rows]),
        q_inv_nm=q,
        intensities=intensities,
        sigmas=sigmas,
        exposures_s=np.array([exposed_s for _, _, exposed_s in rows]),
        unit=rows[0][1].unit,
        share_failed=1.0 - len(rows) / max(n_asked, 1),
    )


def _rows(recorded: Recorded) -> Iterator[tuple[Point, Curve, float]]:
    for decision, observation in recorded.history.accepted():
        exposure, curve = recorded.history.exposure(observation.seq), recorded.curves.get(observation.seq)
        if exposure is not None and curve is not None and decision.point is not None:
            yield decision.point, curve, max(recorded.history.exposed_s(observation.seq), 1e-9)


def _on_one_grid(curves: list[Curve], spec: CampaignSpec) -> tuple[Floats, Floats, Floats]:
    """q, intensities and sigmas: as they are where all share their q, else in bins."""
    first = curves[0].q_inv_nm
    if all(len(c) == len(first) and np.allclose(c.q_inv_nm, first, rtol=1e-6) for c in curves):
        return first, np.stack([c.intensity for c in curves]), np.stack([c.sigma for c in curves])
    low = max(float(c.q_inv_nm[0]) for c in curves)
    high = min(float(c.q_inv_nm[-1]) for c in curves)
    window = max(low, spec.analysis.q_min_inv_nm), min(high, spec.analysis.q_max_inv_nm)
    binned = [bin_curve(curve, window, N_BINS) for curve in curves]
    values = np.array([[np.nan if x is None else x for x in one.intensity] for one in binned])
    sigmas = np.array([[np.nan if x is None else x for x in one.sigma] for one in binned])
    is_shared = np.isfinite(values).all(axis=0) & np.isfinite(sigmas).all(axis=0)
    return np.array(binned[0].q_inv_nm)[is_shared], values[:, is_shared], sigmas[:, is_shared]


def cross_validate(night: Night, setting: Setting, where: str) -> Trust:
    """Foretell each curve from all of another part of the log."""
    spec = setting.plan.spec
    rows = np.random.default_rng(spec.seed).permutation(len(night.columns))
    reader = CurveReader(spec.analysis, load_extractors(spec.analysis.features), spec.objective.profile_bins)
    foretold = np.empty_like(night.intensities)
    try:
        for part in np.array_split(rows, min(N_FOLDS, len(rows))):
            emulator = Emulator(night.without(part))
            foretold[part] = emulator.mean(night.columns[part])
    except FitFailed as error:
        raise BadInput(
            where, f"cannot be emulated ({error})", "Measure more, or rehearse on a twin"
        ) from None
    curves = [(night.intensities[k], foretold[k], night.sigmas[k]) for k in range(len(rows))]
    yardstick = yardstick_for(spec.objective, setting.plan.problem.units)
    true, guessed = (
        np.array([yardstick.read(_observe(reader, night, one[k], one[2])) for one in curves]) for k in (0, 1)
    )
    known = _is_told(true) & _is_told(guessed)
    if known.sum() < FEWEST_CURVES // 2:
        raise BadInput(
            where,
            f"has {spec.objective.quantity} in {known.sum()} of {len(rows)} curves that it foretells",
            "Choose a feature that its curves have",
        )
    explained, error = yardstick.explain(true[known], guessed[known])
    logs = [_log_rms(*one) for one in curves]
    return Trust(len(rows), explained, error, float(np.median(logs)))


def _is_told(rows: Floats) -> Mask:
    """Which rows have all that any of them has, shape (n,)."""
    is_finite: Mask = np.isfinite(rows)
    return np.all(is_finite[:, is_finite.any(axis=0)], axis=1) & is_finite.any()


def _log_rms(true: Floats, guess: Floats, sigma: Floats) -> float:
    """Rms error of log-intensity, where the intensity stands clear of its noise."""
    is_clear = (true > 3.0 * sigma) & (guess > 0)
    if not is_clear.any():
        return float("nan")
    return float(np.sqrt(np.mean(np.log(guess[is_clear] / true[is_clear]) ** 2)))


def _observe(reader: CurveReader, night: Night, intensity: Floats, sigma: Floats) -> Observation:
    shown = Shown(Curve(night.q_inv_nm, intensity, sigma, night.unit))
    exposure = Exposure(
        seq=1, action_id="1", run_uid="", point=Point(coordinates={}), exposure_s=1.0, assets=()
    )
    return CurveAnalysis(reader, lambda _: shown)(exposure, None, History()).observation
