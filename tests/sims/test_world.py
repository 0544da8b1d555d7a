import math
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models.domain.errors import UnreachablePoint
from models.domain.scattering import Floats
from sims.beam import BeamSpec
from sims.truth import Truth
from sims.world import Shot, World, WorldSpec

Average = Callable[[Shot], tuple[Floats, Floats, Floats]]
ROOT = Path(__file__).parents[2]
WATER = {"surfactant": 0.0, "cosurfactant": 0.0, "water": 1.0}
MICELLES = {"surfactant": 0.1, "cosurfactant": 0.0, "water": 0.9}
HEXAGONAL = {"surfactant": 0.37, "cosurfactant": 0.13, "water": 0.5}
LAMELLAR = {"surfactant": 0.17, "cosurfactant": 0.35, "water": 0.48}
VESICLES = {"surfactant": 0.02, "cosurfactant": 0.06, "water": 0.92}
DILUTE = {"surfactant": 0.005, "cosurfactant": 0.0, "water": 0.995}


def test_the_same_decision_gives_the_same_bits_whatever_came_before() -> None:
    first = World(WorldSpec(), 3)
    seen = first.expose(LAMELLAR, seq=8, exposure_s=1)
    second = World(WorldSpec(), 3)
    second.expose(WATER, seq=1, exposure_s=2)
    again = second.expose(LAMELLAR, seq=8, exposure_s=1)
    np.testing.assert_array_equal(seen.counts, again.counts)
    assert (seen.monitor, seen.transmission) == (again.monitor, again.transmission)


def test_another_seq_or_seed_gives_other_noise(world: World) -> None:
    one = world.expose(MICELLES, seq=1, exposure_s=1).counts
    assert (one != world.expose(MICELLES, seq=2, exposure_s=1).counts).any()
    assert (one != World(WorldSpec(), 4).expose(MICELLES, seq=1, exposure_s=1).counts).any()


@pytest.mark.parametrize("composition", [MICELLES, HEXAGONAL, LAMELLAR, VESICLES])
def test_a_radial_mean_less_the_blank_is_the_true_curve(
    world: World, average: Average, composition: dict[str, float]
) -> None:
    q, sample, sample_sigma = average(world.expose(composition, seq=4, exposure_s=1))
    _, blank, blank_sigma = average(world.expose(WATER, seq=5, exposure_s=1))
    truth = Truth(world).curve(composition, q, exposure_s=1, seq=4)
    sigma = np.hypot(sample_sigma, blank_sigma)
    # transmission and monitor are read to 0.3 %: a factor that all points share
    common = 0.0035 * sample
    pull = (sample - blank - truth) / np.hypot(sigma, common)
    assert np.abs(pull.mean()) < 0.5
    assert (pull**2).mean() < 1.3
    # without the shared factor the points scatter as their sigmas say, so truth is met in absolute units
    factor = np.sum((sample - blank) * truth / sigma**2) / np.sum((truth / sigma) ** 2)
    assert factor == pytest.approx(1, abs=0.012)
    assert (((sample - blank - factor * truth) / sigma) ** 2).mean() == pytest.approx(1, abs=0.25)


def test_blanks_repeat_within_their_sigmas(world: World, average: Average) -> None:
    _, one, sigma_one = average(world.expose(WATER, seq=2, exposure_s=1))
    _, two, sigma_two = average(world.expose(WATER, seq=40, exposure_s=3))
    pull = (one - two) / np.hypot(sigma_one, sigma_two)
    assert (pull**2).mean() == pytest.approx(1, abs=0.25)


def test_a_second_shows_a_concentrated_sample_well_and_a_dilute_one_noisily(
    world: World, average: Average
) -> None:
    q, blank, blank_sigma = average(world.expose(WATER, seq=5, exposure_s=1))
    middle = (q > 0.8) & (q < 1.2)

    def signal_to_noise(composition: dict[str, float]) -> float:
        _, sample, sigma = average(world.expose(composition, seq=4, exposure_s=1))
        return float(np.median(((sample - blank) / np.hypot(sigma, blank_sigma))[middle]))

    assert signal_to_noise(MICELLES) > 20
    assert signal_to_noise(LAMELLAR) > 100
    assert 1 < signal_to_noise(DILUTE) < 8


def test_nothing_saturates_without_a_fault(world: World) -> None:
    counts = world.expose(LAMELLAR, seq=1, exposure_s=10).counts
    assert counts[~world.station.pixel_mask].max() < 0.01 * world.station.saturation_counts


def test_the_flux_decays_until_the_top_up() -> None:
    beam = BeamSpec(lifetime_h=6, top_up_h=0.5)
    assert beam.flux_at(0) == beam.flux_hz
    assert beam.flux_at(1700) == pytest.approx(beam.flux_hz * math.exp(-1700 / 3600 / 6))
    assert beam.flux_at(1801) > 0.999 * beam.flux_hz


def test_the_monitor_follows_the_flux_of_its_time(world: World) -> None:
    spec = world.spec
    early, late = (world.expose(WATER, seq=seq, exposure_s=1).monitor for seq in (1, 29))
    expected = math.exp(-28 * spec.cycle_s / 3600 / spec.beam.lifetime_h)
    assert expected < 0.95
    assert late / early == pytest.approx(expected, abs=4e-3)


def test_transmission_obeys_beer_and_lambert() -> None:
    thin, thick = (World(WorldSpec(thickness_mm=t), 1) for t in (1.0, 2.0))
    one, two = (Truth(world).transmission(LAMELLAR) for world in (thin, thick))
    assert two == pytest.approx(one**2)
    shot = thin.expose(LAMELLAR, seq=1, exposure_s=0.1)
    assert abs(shot.transmission - one) < 4 * shot.transmission_sigma


def test_no_mixture_transmits_more_than_the_blank(world: World) -> None:
    # so that a jump of the transmission above the blank's means air in the beam
    truth = Truth(world)
    points, _ = truth.map("peak_strength", 8)
    assert max(truth.transmission(p.coordinates) for p in points) <= truth.transmission(WATER)


def test_readings_of_the_diode_scatter_as_their_sigma_says(world: World) -> None:
    shots = [world.expose(WATER, seq=seq, exposure_s=1e-4) for seq in range(1, 61)]
    truth = Truth(world).transmission(WATER)
    pulls = [(shot.transmission - truth) / shot.transmission_sigma for shot in shots]
    assert np.std(pulls) == pytest.approx(1, abs=0.3)


def test_counts_grow_with_exposure_in_step_with_the_monitor(world: World) -> None:
    short, long = (world.expose(MICELLES, seq=1, exposure_s=t) for t in (1.0, 4.0))
    good = ~world.station.pixel_mask
    growth = long.counts[good].sum() / short.counts[good].sum()
    assert growth == pytest.approx(4, rel=0.01)
    assert long.monitor / short.monitor == pytest.approx(4, rel=0.01)


def test_damage_is_mild_in_a_second_and_severe_in_a_hundred(world: World) -> None:
    truth = Truth(world)
    q = np.linspace(0.14, 3, 200)
    for composition in (MICELLES, HEXAGONAL, LAMELLAR):
        fresh = truth.curve(composition, q)
        change = {t: truth.curve(composition, q, exposure_s=t, seq=1) / fresh - 1 for t in (1, 10, 100)}
        assert np.abs(change[1]).max() < 0.005
        assert np.abs(change[100]).max() > 0.08
        assert np.abs(change[1]).max() < np.abs(change[10]).max() < np.abs(change[100]).max()
    # aggregates grow: the curve of small micelles turns up at low q
    assert truth.curve(MICELLES, q, exposure_s=100)[0] > 1.2 * truth.curve(MICELLES, q)[0]


def test_damage_grows_with_dose_from_nothing_to_all() -> None:
    beam = BeamSpec()
    shares = [beam.damaged_share(beam.damage_photons * dose) for dose in (0, 1e-8, 1e-4, 1e-3, 1, 1e4)]
    assert shares[0] == 0
    assert shares == sorted(shares)
    # averaged over the exposure, half of what the last photon finds
    assert shares[1:4] == pytest.approx([5e-9, 5e-5, 5e-4], rel=1e-3)
    assert shares[-1] == pytest.approx(1, abs=1e-3)


def test_a_mixture_that_cannot_be_made_is_refused(world: World) -> None:
    with pytest.raises(UnreachablePoint, match=r"add up to 0\.5"):
        world.expose({"surfactant": 0.1, "cosurfactant": 0.1, "water": 0.3}, seq=1, exposure_s=1)


def test_only_tests_and_the_score_of_a_rehearsal_may_ask_for_the_truth() -> None:
    asks = re.compile(r"(sims\.(specimen_)?truth|from sims import[^\n]*truth\b)")
    rooms = ("agent", "instruments", "models", "db", "sims")
    files = [path for room in rooms for path in (ROOT / room).rglob("*.py")]
    assert files
    asking = [path for path in files if asks.search(path.read_text(encoding="utf-8"))]
    assert asking == [ROOT / "agent" / "rehearsal" / "slices.py"]


def test_the_twin_is_not_built_from_the_code_that_reads_it() -> None:
    forbidden = re.compile(
        r"^\s*(from|import) +(models\.(saxs|gp|formulation)|bluesky|ophyd|pyFAI|agent|db)", re.M
    )
    files = list((ROOT / "sims").glob("*.py"))
    assert len(files) > 5
    assert [str(path) for path in files if forbidden.search(path.read_text(encoding="utf-8"))] == []
