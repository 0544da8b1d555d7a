"""The fast twin: the same truth as the virtual beamline's, counted bin by bin; no frame is rendered."""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from instruments.virtual_deck import VirtualDeck
from models.domain.analysis_spec import AnalysisSpec
from models.domain.decision import Decision
from models.domain.errors import BeamlineFault, UnreachablePoint
from models.domain.scattering import Curve, Floats, Verdict
from models.saxs.bins import NOWHERE, Binning, bins_of
from models.saxs.correct import to_scale
from models.saxs.corrections import Scale
from models.saxs.curve_analysis import Shown
from models.saxs.reduction import Detector
from models.saxs.sums import MIN_VARIANCE_COUNTS
from sims.detector import DEAD_TIME_S
from sims.station import Gauges, Light, noise_of
from sims.world import World

THIN = 4
"""Light is asked for at every so many entries of the detector's table, and is linear between them: half a
pixel apart."""
DEVICE_FAULTS = frozenset({"stuck_motor"})
"""Faults that a device enacts: they leave no curve."""
PASSING = frozenset({"power_cut"})
"""Faults that a night goes on after as if they had not been: nothing is lost, and nothing measured."""


@dataclass(frozen=True, eq=False)
class Rings:
    """What a detector's pixels make of light, bin by bin; made once for a world and a division into bins."""

    q_inv_nm: Floats
    """Middle of each bin that holds pixels, shape (n_bins,), 1/nm."""
    asked_q_inv_nm: Floats
    """Where light is asked for, shape (n_asked,), 1/nm."""
    response: sparse.csr_array
    """What the pixels of each bin count of light of rate 1 at each q, shape (n_bins, n_asked)."""
    n_pixels: Floats
    """Pixels in each bin, shape (n_bins,)."""
    weight: Floats
    """What counts are divided by, shape (n_bins,)."""
    scale: Scale
    """Brings a curve to its unit."""

    def expect(self, light: Light, dark_hz: float, exposure_s: float) -> Floats:
        """Mean counts of each bin, shape (n_bins,): those of its pixels added up."""
        rate_hz = self.response @ light.table_hz + dark_hz * self.n_pixels
        return rate_hz * exposure_s / (1.0 + rate_hz / self.n_pixels * DEAD_TIME_S)


def find_rings(world: World, spec: AnalysisSpec, detector: Detector) -> Rings:
    """Add up what the pixels of each bin see, by the bins of the analysis."""
    optics = world.station.optics
    geometry = detector.geometry or world.station.geometry
    binning = Binning(n_bins=spec.n_bins, q_min_inv_nm=spec.q_min_inv_nm, q_max_inv_nm=spec.q_max_inv_nm)
    bins = bins_of(geometry, binning, 1, detector.corrections)
    masked = bins.under(optics.mask)
    has_pixels = masked.n_pixels > 0
    of_live = masked.of_pixel[optics.live]
    is_used = of_live != NOWHERE
    steps, share = np.divmod(optics.table_index[is_used], THIN)
    first, n_asked = int(steps.min()), int(np.ptp(steps)) + 2
    rows = (np.cumsum(has_pixels) - 1)[of_live[is_used]]
    seen = optics.response[is_used].astype(np.float64)
    values = np.concatenate([seen * (1.0 - share / THIN), seen * share / THIN])
    places = np.concatenate([rows, rows]), np.concatenate([steps, steps + 1]) - first
    low, second = optics.table_q_inv_nm[:2].tolist()
    stated = detector.corrections.scale
    own = Scale(factor=spec.scale, relative_sigma=stated.relative_sigma, unit=spec.intensity_unit)
    return Rings(
        q_inv_nm=bins.q_inv_nm[has_pixels],
        asked_q_inv_nm=low + (second - low) * THIN * (first + np.arange(n_asked)),
        response=sparse.csr_array((values, places), shape=(int(has_pixels.sum()), n_asked)),
        n_pixels=masked.n_pixels[has_pixels].astype(np.float64),
        weight=masked.terms[0][has_pixels],
        scale=stated if stated.is_stated else own,
    )


class FastTwin:
    """Shows curves of a hidden truth, with the noise that counting gives them."""

    def __init__(self, world: World, rings: Rings, seed: int, deck: VirtualDeck | None = None) -> None:
        """Take the truth.

        Parameters
        ----------
        world
            The virtual beamline.
        rings
            What its detector makes of light.
        seed
            Noise and faults follow from it, as they do in the virtual beamline.
        deck
            What samples are pipetted from; None mixes what is asked for.
        """
        self._struck = world.seen_at(rings.asked_q_inv_nm, seed)
        # a curve that a fault struck is refused whatever it shows: the sound one stands for it
        self._world = self._struck.without_faults()
        self._rings, self._deck = rings, deck
        self.noise = 1.0
        """Factor on the standard deviation of all noise."""

    def bring(self, decision: Decision) -> None:
        """Bring a decision's sample into the beam.

        Raises
        ------
        BeamlineFault
            When the changer is stuck.
        """
        fault = self._struck.fault(decision.seq)
        if fault is not None and fault.kind in DEVICE_FAULTS:
            raise BeamlineFault(f"the twin has a {fault.kind} at decision {decision.seq}.")

    def show(self, decision: Decision, action_id: str) -> Shown:
        """The curve of a decision's mixture; of one that a fault struck, with a verdict that refuses it.

        Raises
        ------
        UnreachablePoint
            When the mixture cannot be made.
        """
        fault = self._struck.fault(decision.seq)
        if fault is not None and fault.kind in PASSING:
            fault = None
        mixture = self._mixture(decision, action_id)
        station, light = self._world.shine(mixture, seq=decision.seq, exposure_s=decision.exposure_s)
        rng = noise_of(self._world.seed, decision.seq)
        gauges = station.read_gauges(light, decision.exposure_s, rng)
        mean = self._rings.expect(light, station.background.dark_hz, decision.exposure_s)
        counts: Floats = self.noise**2 * rng.poisson(mean / self.noise**2).astype(np.float64)
        verdicts = () if fault is None else (_found(fault.kind, fault.severity),)
        return Shown(self._curve(counts, gauges), verdicts)

    def ideal(self, mixture: dict[str, float], exposure_s: float) -> Curve:
        """The noise-free curve of a mixture at the flux after a top-up, with the sigma of one exposure."""
        station, light = self._world.shine(mixture, seq=0, exposure_s=exposure_s)
        mean = self._rings.expect(light, station.background.dark_hz, exposure_s)
        monitor = light.flux_hz * exposure_s * station.beam.monitor_counts_per_photon
        return self._curve(mean, Gauges(monitor, light.transmission, 0.0))

    def _curve(self, counts: Floats, gauges: Gauges) -> Curve:
        rings = self._rings
        per_count = 1.0 / (gauges.monitor * gauges.transmission * self._world.thickness_mm)
        variance = np.maximum(self.noise**2 * counts, MIN_VARIANCE_COUNTS)
        curve = Curve(
            q_inv_nm=rings.q_inv_nm,
            intensity=per_count * counts / rings.weight,
            sigma=per_count * np.sqrt(variance) / rings.weight,
            common_relative_sigma=gauges.transmission_sigma / gauges.transmission,
        )
        return to_scale(curve, rings.scale)

    def _mixture(self, decision: Decision, action_id: str) -> dict[str, float]:
        """Fractions of what is in the beam: those of the recipe, or those that were asked for."""
        assert decision.point is not None
        if self._deck is None:
            return dict(decision.point.numbers)
        if decision.recipe is None:
            raise UnreachablePoint("there is no recipe for this sample; ask for one that can be made.")
        return self._deck.carry_out(decision.recipe.transfers(decision.sample), action_id)


def _found(kind: str, severity: float) -> Verdict:
    """Every fault of a frame counts as found: without frames nobody can say which checks would miss it."""
    return Verdict(
        check="fault", is_ok=False, value=severity, limit=0.0, unit="1",
        remedy=f"The twin's frame has the fault {kind}; measure again.",
    )  # fmt: skip
