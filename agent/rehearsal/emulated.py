"""An emulator as a world: every seed's truth is another draw of what a finished night may have met."""

from collections.abc import Generator
from contextlib import contextmanager
from functools import lru_cache

import numpy as np

from agent.rehearsal.emulator import Drawn, Emulator, Night
from agent.rehearsal.jobs import Job
from agent.rehearsal.standard import dense_points
from agent.rehearsal.worlds import Stage, bins_for, imagined
from instruments.curves_only import CurveInstrument, Handling
from models.domain.campaign import CampaignSpec
from models.domain.decision import Decision
from models.domain.history import History, Observation
from models.domain.scattering import Curve, Verdict
from models.domain.seeds import derive_seed
from models.domain.space import Point, SearchSpace
from models.gp.encoding import Encoding
from models.saxs.curve_analysis import CurveAnalysis, Shown
from models.saxs.curve_reader import CurveReader
from models.saxs.extractors import load_extractors

N_DRAWN = 320
"""Points at which a truth is drawn jointly."""
N_KEPT = 4
"""Truths that one process remembers."""


class EmulatedWorld:
    """Curves that an emulator of a finished night foretells."""

    def __init__(self, spec: CampaignSpec, learned: tuple[Night, SearchSpace]) -> None:
        """Learn from the night.

        Parameters
        ----------
        spec
            The campaign file.
        learned
            The night's curves, and the space that they lie in.
        """
        night, space = learned
        self._spec, self._encoding = spec, Encoding(space)
        self._emulator = Emulator(night)
        points = dense_points(space, derive_seed(spec.seed, "emulator"))[:N_DRAWN]
        self._dense = self._encoding.encode(points)
        self._extractors = load_extractors(spec.analysis.features)
        self._drawn = lru_cache(maxsize=N_KEPT)(self._draw)

    @contextmanager
    def stage(self, job: Job) -> Generator[Stage]:
        """Set the stage for one campaign."""
        source = _Draws(self._drawn(job.place), self._encoding, job)
        instrument = CurveInstrument(job.name, source, Handling(is_made=True, has_samples=True))
        reader = CurveReader(job.spec.analysis, self._extractors, bins_for(job.spec, self._spec))
        yield Stage(instrument, CurveAnalysis(reader, instrument.shown), instrument.clock)

    def truth(self, point: Point, place: int) -> Observation:
        """What the noise-free curve of that draw says."""
        columns = self._encoding.encode([point])[0]
        curve = self._drawn(place).curve(columns, self._spec.measurement.exposure_s)
        reader = CurveReader(self._spec.analysis, self._extractors, self._spec.objective.profile_bins)
        return CurveAnalysis(reader, lambda _: Shown(curve))(imagined(point), None, History()).observation

    def _draw(self, place: int) -> Drawn:
        return self._emulator.draw(self._dense, derive_seed(self._spec.seed, "truth", place))


class _Draws:
    """Shows noisy curves of one truth."""

    def __init__(self, drawn: Drawn, encoding: Encoding, job: Job) -> None:
        self._drawn, self._encoding, self._job = drawn, encoding, job

    def bring(self, decision: Decision) -> None:
        """Nothing fails on the way."""

    def show(self, decision: Decision, action_id: str) -> Shown:
        """The curve of a decision's point with its noise; refused as often as the night's were."""
        del action_id
        assert decision.point is not None
        emulator, job = self._drawn.emulator, self._job
        rng = np.random.default_rng(derive_seed(job.spec.seed, "emulated", decision.seq))
        is_lost = rng.random() < emulator.night.share_failed
        columns = self._encoding.encode([decision.point])
        intensity = self._drawn.intensities(columns, rng)[0]
        sigma = job.noise * emulator.noise.sigma(intensity, decision.exposure_s)
        night = emulator.night
        noisy = intensity + sigma * rng.standard_normal(len(sigma))
        verdicts = (_lost(night.share_failed),) if is_lost else ()
        return Shown(Curve(night.q_inv_nm, noisy, sigma, night.unit), verdicts)


def _lost(share: float) -> Verdict:
    return Verdict(
        check="fault", is_ok=False, value=1.0, limit=share, unit="1",
        remedy="Measurements of the recorded night were lost as often; measure again.",
    )  # fmt: skip
