"""How well a slice is known after a given beam time: our choice of places beside fixed ways over it.

Travel, exposures and overheads count, in seconds; every way has the same motors, the same exposure and the
same noise law, and nobody measures a blank. The hidden slice is `sims.specimen`, asked for the noise-free
feature; noise is drawn with the sigma that the whole pipeline gives for that feature and exposure, so that
no frames need be rendered. Each way's measurements are made into a map in three manners, by the common model,
by linear and by nearest interpolation, and the best of the three counts for it: fixed ways and ours alike.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import JsonValue
from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator

from agent.config import read_campaign
from agent.outline import read_outline
from agent.rehearsal.common_model import fit_common_model
from agent.strategy import bayes
from agent.strategy.problem import Problem
from benchmarks.machine import machine_settings
from benchmarks.row import Peer, Row, make_row
from benchmarks.task import Task
from models.domain.action import Exposure
from models.domain.campaign import CampaignSpec
from models.domain.decision import Decision
from models.domain.history import Duration, History, Observation
from models.domain.motion import Motion, journey_s
from models.domain.scattering import Feature, Floats
from models.domain.space import SearchSpace
from models.gp.threads import use_one_thread
from sims.raster import BeamTime, Manner, lay_route
from sims.specimen_truth import ScanTruth
from sims.specimen_world import AXES, ScanWorld, ScanWorldSpec

EXAMPLE = Path(__file__).parent.parent / "examples" / "scan.toml"
FEATURE = "partial_invariant"
BEAM_TIMES_S = (60.0, 120.0)
SEEDS = tuple(range(1, 13))
"""Slices: where gradient, inclusion and crack lie follows from the seed."""
SIGMA_AT_ONE = 0.111
"""Sigma of the feature over its square root at `SIGMA_EXPOSURE_S`, both in 1/cm/nm^3: counting statistics, as
the pipeline gives them on frames of ``examples/scan.toml``."""
SIGMA_EXPOSURE_S = 0.2
GRID_MM = 0.04
"""Step of the grid on which maps are compared with the truth."""
MANNERS: tuple[Manner, ...] = ("raster", "serpentine")


@dataclass(frozen=True, eq=False)
class Slice:
    """A hidden slice, and what is needed to judge a map of it."""

    seed: int
    """The slice's."""
    world: ScanWorld
    """Knows where there is tissue."""
    truth: ScanTruth
    """Knows the feature."""
    grid_mm: Floats
    """Places inside, shape (m, 2), mm."""
    values: Floats
    """The feature there, shape (m,)."""


@dataclass(frozen=True, eq=False)
class Measured:
    """What a way brought back."""

    places_mm: Floats
    """Shape (n, 2), mm."""
    values: Floats
    """Shape (n,)."""
    sigmas: Floats
    """Shape (n,)."""


@dataclass(frozen=True)
class Score:
    """How well a way knows the slice."""

    rmse: float
    """Root mean square error of the best map, in the feature's unit."""
    manner: str
    """How that map was made."""
    n_places: int
    """Places that were measured in the time."""


def measure(task: Task) -> list[Row]:
    """A row for each beam time and each fixed way."""
    use_one_thread()
    spec = read_campaign(EXAMPLE)
    space = spec.space(read_outline(spec.region, EXAMPLE.parent) if spec.region else None)
    seeds = SEEDS[: task.repeats(len(SEEDS), 1)]
    rows: list[Row] = []
    for budget_s in BEAM_TIMES_S[: task.repeats(len(BEAM_TIMES_S), 1)]:
        ours: list[Score] = []
        fixed: dict[Manner, list[Score]] = {manner: [] for manner in MANNERS}
        for seed in task.track(seeds, f"slices, {budget_s:g} s each"):
            slice_ = cut_slice(spec, space, seed)
            time = beam_time(spec, budget_s)
            for manner in MANNERS:
                fixed[manner].append(score(slice_, walk_fixed(slice_, space, manner, time)))
            ours.append(score(slice_, walk_ours(slice_, spec, space, time)))
        rows += [_row(budget_s, ours, manner, fixed[manner], seeds) for manner in MANNERS]
    return rows


def cut_slice(spec: CampaignSpec, space: SearchSpace, seed: int) -> Slice:
    """A slice, and its truth on a grid.

    Parameters
    ----------
    spec
        The campaign: its analysis says which part of the curve counts.
    space
        Where there is something to measure.
    seed
        Lays the slice out.
    """
    world = ScanWorld(ScanWorldSpec(), seed)
    truth = ScanTruth(world, spec.analysis.q_min_inv_nm, spec.analysis.q_max_inv_nm)
    x, y = (np.arange(axis.low, axis.high, GRID_MM) for axis in (space.axis(name) for name in AXES))
    values = truth.map(FEATURE, x, y)
    grid = np.stack(np.meshgrid(x, y), axis=-1)
    is_inside = np.isfinite(values)
    return Slice(seed, world, truth, grid[is_inside], values[is_inside])


def beam_time(spec: CampaignSpec, budget_s: float) -> BeamTime:
    """What a way may cost, with the motors of the example."""
    return BeamTime.model_validate(
        {
            "budget_s": budget_s,
            "exposure_s": spec.measurement.exposure_s,
            "overhead_s": spec.measurement.overhead_s,
            "motion": spec.instrument.options["motion"],
        }
    )


def walk_fixed(slice_: Slice, space: SearchSpace, manner: Manner, time: BeamTime) -> Measured:
    """The finest grid that can be walked in the time."""
    first, second = (space.axis(name) for name in AXES)
    box = ((first.low, first.high), (second.low, second.high))
    route = lay_route(manner, box, slice_.world.specimen.holds, time)
    look = _eye(slice_, time.exposure_s)
    found = np.array([look(place) for place in route.places_mm])
    return Measured(route.places_mm, found[:, 0], found[:, 1])


def walk_ours(slice_: Slice, spec: CampaignSpec, space: SearchSpace, time: BeamTime) -> Measured:
    """Places as the campaign's strategy chooses them, until the time is over."""
    motions: dict[str, Motion] = dict.fromkeys(AXES, time.motion)
    problem = Problem(
        space=space, objective=spec.objective, units={FEATURE: "1/cm/nm^3"}, exposure_s=time.exposure_s,
        seed=slice_.seed, motions=motions, overhead_s=time.overhead_s,
    )  # fmt: skip
    strategy = bayes.build(bayes.Options.model_validate(spec.strategy.options), problem)
    look, history, spent_s, here = _eye(slice_, time.exposure_s), History(), 0.0, None
    while True:
        decision = strategy.propose(history)
        assert decision.point is not None
        there = decision.point.numbers
        load_s = (journey_s(motions, here, there) if here else 0.0) + time.overhead_s
        spent_s += load_s + decision.exposure_s
        if spent_s > time.budget_s:
            break
        here = there
        value, sigma = look(np.array([there[axis] for axis in AXES]))
        history = _noted(history, decision, load_s, (value, sigma))
    features = [o.features[0] for o in history.observations]
    places = [[d.point[axis] for axis in AXES] for d in history.decisions if d.point is not None]
    return Measured(
        np.array(places), np.array([f.value for f in features]), np.array([f.sigma for f in features])
    )


def score(slice_: Slice, measured: Measured) -> Score:
    """The best of three maps of what was measured."""
    low, high = slice_.grid_mm.min(axis=0), slice_.grid_mm.max(axis=0)
    unit, grid = ((places - low) / (high - low) for places in (measured.places_mm, slice_.grid_mm))
    near = NearestNDInterpolator(unit, measured.values)(grid)
    linear = LinearNDInterpolator(unit, measured.values)(grid)
    maps = {
        "common model": fit_common_model(unit, measured.values, measured.sigmas).mean(grid),
        "linear": np.where(np.isfinite(linear), linear, near),
        "nearest": near,
    }
    errors = {name: float(np.sqrt(np.mean((m - slice_.values) ** 2))) for name, m in maps.items()}
    best = min(errors, key=lambda name: errors[name])
    return Score(errors[best], best, len(measured.values))


def _eye(slice_: Slice, exposure_s: float) -> Callable[[Floats], tuple[float, float]]:
    """Looks at places, shape (2,), one after the other: the feature with its noise, and its sigma."""
    rng = np.random.default_rng(slice_.seed)

    def look(place_mm: Floats) -> tuple[float, float]:
        value = slice_.truth.feature(FEATURE, dict(zip(AXES, place_mm.tolist(), strict=True)))
        sigma = SIGMA_AT_ONE * np.sqrt(max(value, 1.0) * SIGMA_EXPOSURE_S / exposure_s)
        return value + float(sigma) * float(rng.normal()), float(sigma)

    return look


def _noted(history: History, decision: Decision, load_s: float, found: tuple[float, float]) -> History:
    """The history with a decision and all that came of it."""
    seq, point = decision.seq, decision.point
    assert point is not None
    feature = Feature(name=FEATURE, value=found[0], sigma=found[1], unit="1/cm/nm^3")
    exposure = Exposure(
        seq=seq, action_id=f"scan-{seq}", run_uid="", point=point, exposure_s=decision.exposure_s, assets=()
    )
    history = history.plus(decision).plus(Duration(seq=seq, kind="load", seconds=round(load_s, 6)))
    history = history.plus(exposure).plus(Duration(seq=seq, kind="expose", seconds=decision.exposure_s))
    return history.plus(Observation(seq=seq, is_accepted=True, features=(feature,)))


def _row(
    budget_s: float, ours: list[Score], manner: Manner, theirs: list[Score], seeds: tuple[int, ...]
) -> Row:
    def told(scores: list[Score]) -> list[JsonValue]:
        return [[round(s.rmse, 2), s.manner, s.n_places] for s in scores]

    settings: dict[str, JsonValue] = {
        "beam_time_s": budget_s,
        "seeds": list(seeds),
        "ours": told(ours),
        "theirs": told(theirs),
        "each": "[RMSE, best of three maps, places]",
        "slices_won": sum(a.rmse < b.rmse for a, b in zip(ours, theirs, strict=True)),
        **machine_settings("numpy", "scipy"),
    }
    means = [float(np.mean([s.rmse for s in scores])) for scores in (ours, theirs)]
    peer = Peer(name=f"{manner} in the same time", value=means[1])
    return make_row(f"scan.rmse_{budget_s:g}s", means[0], "1/cm/nm^3", settings, peer)
