"""Photons that the exposure controller uses, over those of the Fisher bound; fixed times beside it.

Each simulated sample is measured by the very strategy that readjusts in a campaign (`agent.setup`), with
features read by the very extractors: only the counts are drawn. The bound is that of the model that is
fitted, at the truth, with all its parameters unknown.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pydantic import JsonValue

from agent.setup.case import full_beam_s
from agent.setup.readjusting import WithSetup
from agent.strategy.problem import Problem
from benchmarks.counted_samples import KINDS, CountedSample, draw_samples
from benchmarks.machine import machine_settings
from benchmarks.row import Peer, Row, make_row
from benchmarks.task import Task
from models.domain.action import Exposure
from models.domain.decision import Decision, Reason
from models.domain.history import History, Observation
from models.domain.objective import as_objective
from models.domain.scattering import Feature, Floats
from models.domain.setup import Setup, SetupSpec
from models.domain.space import Axis, Point, SearchSpace

N_SAMPLES, N_SAMPLES_QUICK = 200, 20
SEED = 20_261_127
PROBE_S = 0.02
"""First look at each sample, s."""
SPOT_DOSE_S = 400.0
"""What a spot may take, s of the full beam: about four times what the faintest sample needs."""
MOST_STEPS = 20
"""Decisions for one sample; more would be a mistake."""


@dataclass(frozen=True)
class Counting:
    """How one sample was counted."""

    seconds: float
    """In all, s."""
    bound_s: float
    """What the Fisher bound asks for, s."""
    error: float
    """What was read less the truth, in units of what was asked for; NaN where nothing was read."""
    has_reached: bool
    """True when the stated sigma is what was asked for."""
    largest_dose_s: float
    """What the spot that took most took, s of the full beam."""


def measure(task: Task) -> list[Row]:
    """Scores of each kind of sample."""
    rows: list[Row] = []
    for kind in KINDS:
        samples = draw_samples(kind, task.repeats(N_SAMPLES, N_SAMPLES_QUICK), SEED)
        found = [count(sample, seed) for seed, sample in enumerate(task.track(samples, f"photons: {kind}"))]
        rows += _rows(kind, samples, found)
    return rows


def count(sample: CountedSample, seed: int) -> Counting:
    """Measure one sample as a campaign would, until the strategy goes on to the next."""
    problem = Problem(
        space=SearchSpace(axes=(Axis(name="x", low=0.0, high=1.0),)),
        objective=as_objective(feature=sample.feature, goal="map"),
        units={sample.feature: sample.unit}, exposure_s=PROBE_S, seed=seed, is_made=True,
    )  # fmt: skip
    spec = SetupSpec(
        relative_sigma=sample.relative_sigma, longest_s=SPOT_DOSE_S, spot_dose_s=SPOT_DOSE_S, attempts=12
    )
    strategy, history = WithSetup(_OneSample(problem), spec, problem), History()
    rng, drawn = np.random.default_rng((SEED, seed)), dict[int, Floats]()
    for _ in range(MOST_STEPS):
        decision = strategy.propose(history)
        if decision.kind != "setup" and history.decisions:
            break
        history = _measured(sample, history, decision, drawn, rng)
    last = history.settled(history.decisions[0])
    read = None if last is None else last.feature(sample.feature)
    seconds = sum(full_beam_s(history, one.seq) for one in history.decisions)
    aim = sample.relative_sigma * sample.truth
    return Counting(
        seconds=seconds,
        bound_s=sample.bound_s(aim),
        error=float("nan") if read is None else (read.value - sample.truth) / aim,
        has_reached=read is not None and read.sigma <= sample.relative_sigma * abs(read.value),
        largest_dose_s=seconds,
    )


@dataclass(frozen=True)
class _OneSample:
    """A strategy that asks for the same sample again and again."""

    problem: Problem

    def propose(self, history: History) -> Decision:
        """Once more."""
        reason = Reason(code="next", sentence="The sample.")
        return self.problem.measure(history, "suggest", Point(coordinates={"x": 0.5}), reason)


def _measured(
    sample: CountedSample,
    history: History,
    decision: Decision,
    drawn: dict[int, Floats],
    rng: np.random.Generator,
) -> History:
    """The history after a decision was carried out: counts are drawn, added up and read."""
    assert decision.point is not None
    setup = decision.setup or Setup()
    drawn[decision.seq] = rng.poisson(sample.rate_hz * decision.exposure_s * setup.attenuation).astype(float)
    exposure = Exposure(
        seq=decision.seq, action_id=f"photons-{decision.seq}", run_uid="", point=decision.point,
        exposure_s=decision.exposure_s, attenuation=setup.attenuation, assets=(),
    )  # fmt: skip
    history = history.plus(decision).plus(exposure)
    counted = (decision.seq, *setup.adds_to)
    seconds = sum(full_beam_s(history, seq) for seq in counted)
    found = sample.read(np.sum([drawn[seq] for seq in counted], axis=0), seconds)
    features = tuple(one for one in found if isinstance(one, Feature))
    return history.plus(Observation(seq=decision.seq, is_accepted=True, features=features))


def _rows(kind: str, samples: Sequence[CountedSample], found: Sequence[Counting]) -> list[Row]:
    scores = np.array([one.seconds / one.bound_s for one in found])
    bounds = np.array([one.bound_s for one in found])
    errors = np.array([one.error for one in found])
    quartiles: list[JsonValue] = np.quantile(scores, [0.05, 0.25, 0.5, 0.75, 0.95]).round(3).tolist()
    reach: list[JsonValue] = [float(bounds.min()), float(bounds.max())]
    about: dict[str, JsonValue] = {
        "samples": len(samples), "feature": samples[0].feature, "relative_sigma": samples[0].relative_sigma,
        "probe_s": PROBE_S, "bound_s": reach, "quantiles": quartiles,
    }  # fmt: skip
    settings = machine_settings() | about
    # whoever fixes the time has to take the faintest sample's for all, or leave the faint ones unknown
    fixed_s = float(bounds.max())
    fixed = Peer(name="one time for all, the faintest's", value=float(np.median(fixed_s / bounds)))
    same_s = float(np.mean([one.seconds for one in found]))
    reached = float(np.mean([one.has_reached for one in found]))
    equal = Peer(name="one time for all, as many photons in all", value=float(np.mean(bounds <= same_s)))
    return [
        make_row(f"photons.{kind}.over_bound", float(np.median(scores)), "1", settings, fixed),
        make_row(f"photons.{kind}.reached", reached, "1", settings, equal),
        make_row(
            f"photons.{kind}.rms_error_over_asked", float(np.sqrt(np.nanmean(errors**2))), "1", settings
        ),
        make_row(
            f"photons.{kind}.largest_dose_over_limit",
            max(one.largest_dose_s for one in found) / SPOT_DOSE_S, "1", settings,
        ),
    ]  # fmt: skip
