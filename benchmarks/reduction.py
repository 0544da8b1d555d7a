"""From a frame of 1 megapixel to a curve, beside pyFAI and a bare read of the memory; and to features."""

from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

import h5py
import hdf5plugin
import numpy as np
from pydantic import JsonValue
from pyFAI.detectors import Detector
from pyFAI.integrator.azimuthal import AzimuthalIntegrator

from benchmarks.machine import machine_settings
from benchmarks.row import Peer, Row, make_row
from benchmarks.task import Task
from benchmarks.timing import time_turn_about
from models.domain.geometry import Geometry
from models.domain.scattering import Frame
from models.saxs.bins import METHOD, Binning
from models.saxs.extractors import load_extractors
from models.saxs.frame_files import read_frames
from models.saxs.integrate import integrate
from models.saxs.reading import NO_FRAME, read_features
from sims.world import World, WorldSpec

SEED = 7
N_REPEATS = 30
N_BINS = 400
MS = 1e3
N_IN_FILE = 40
ARRAY = "/entry/data/data"
FEATURES: tuple[tuple[str, ...], ...] = (
    (), ("guinier",), ("peak",), ("guinier", "porod", "invariant", "peak"),
)  # fmt: skip
"""What is read of each curve."""
ORDERED = {"surfactant": 0.3, "cosurfactant": 0.3, "water": 0.4}
"""A mixture with a peak, and without a Guinier region: the search for one takes longest there."""
WATER = {"surfactant": 0.2, "cosurfactant": 0.1, "water": 0.7}
"""A mixture; how long a reduction takes does not depend on it."""


def measure(task: Task) -> list[Row]:
    """Ours beside pyFAI, and both beside reading the counts once."""
    world = World(WorldSpec(), SEED)
    frame, geometry = expose_frame(world), world.station.geometry
    integrator = _plain_integrator(geometry)
    is_void = frame.mask | (frame.counts < 0)
    binning = Binning(n_bins=N_BINS)

    def integrate_plainly(number: int) -> None:
        del number
        integrator.integrate1d_ng(
            frame.counts, N_BINS, mask=is_void, method=METHOD, unit="q_nm^-1", error_model="poisson"
        )

    ours, pyfai, memory = time_turn_about(
        (
            lambda _: integrate(frame, geometry, binning),
            integrate_plainly,
            lambda _: frame.counts.sum(),
        ),
        task.track(range(task.repeats(N_REPEATS, 5)), "reduction of a frame"),
        n_warm_ups=3,
    )
    settings: dict[str, JsonValue] = {
        "pixels": list(frame.counts.shape),
        "dtype": str(frame.counts.dtype),
        "n_bins": N_BINS,
        "method": list(METHOD),
        "pyfai_is": "integrate1d_ng, error_model poisson",
        **machine_settings("pyFAI", "numpy"),
    }
    rows: list[Row] = []
    for name, peer, peer_timing in (
        ("reduction.beside_pyfai", "pyFAI alone", pyfai),
        ("reduction.beside_memory", "numpy sum of the counts", memory),
    ):
        own: dict[str, JsonValue] = {
            "repeats": ours.wall_s.n,
            "quartiles": [ours.wall_s.low * MS, ours.wall_s.high * MS],
            "cpu_ms": ours.cpu_s * MS,
            "peer_quartiles": [peer_timing.wall_s.low * MS, peer_timing.wall_s.high * MS],
            "peer_cpu_ms": peer_timing.cpu_s * MS,
        }
        beside = Peer(name=peer, value=peer_timing.wall_s.median * MS)
        rows.append(make_row(name, ours.wall_s.median * MS, "ms", own | settings, beside))
    return [*rows, *_end_to_end(world, task)]


def _end_to_end(world: World, task: Task) -> list[Row]:
    """Frames per second of one core, from a compressed file to features; the processor's time is counted."""
    shots = [
        world.expose(ORDERED, seq=seq, exposure_s=1.0).counts for seq in range(task.repeats(N_IN_FILE, 3))
    ]
    geometry, mask, binning = world.station.geometry, world.station.pixel_mask, Binning(n_bins=N_BINS)
    rows: list[Row] = []
    with TemporaryDirectory() as folder:
        path = Path(folder, "series.h5")
        with h5py.File(path, "w") as file:
            file.create_dataset(
                ARRAY, data=np.maximum(shots, 0).astype(np.uint32), chunks=(1, *geometry.shape),
                **hdf5plugin.Bitshuffle(cname="lz4"),
            )  # fmt: skip
        for names in FEATURES:
            extractors, took_s = load_extractors(names), 0.0
            for _ in range(2):  # the first time, tables are built and routines compiled
                began_s = process_time()
                for frame in read_frames(path):
                    curve = integrate(frame.without(mask), geometry, binning)
                    read_features(extractors, curve, NO_FRAME)
                took_s = process_time() - began_s
            about: dict[str, JsonValue] = {"frames": len(shots), "features": list(names)}
            label = f"reduction.end_to_end.{'+'.join(names) or 'curve'}"
            rows.append(make_row(label, len(shots) / took_s, "frames/s", about | machine_settings("h5py")))
    return rows


def expose_frame(world: World) -> Frame:
    """One frame of the virtual beamline."""
    shot = world.expose(WATER, seq=1, exposure_s=1.0)
    return Frame(
        counts=np.ascontiguousarray(shot.counts),
        mask=world.station.pixel_mask,
        exposure_s=shot.exposure_s,
        monitor=shot.monitor,
        transmission=shot.transmission,
        transmission_sigma=shot.transmission_sigma,
        thickness_mm=world.thickness_mm,
    )


def _plain_integrator(geometry: Geometry) -> AzimuthalIntegrator:
    """pyFAI's integrator of its own: were it shared with ours, each would spoil the other's tables."""
    pixel_m = (geometry.pixel_height_um * 1e-6, geometry.pixel_width_um * 1e-6)
    detector = Detector(*pixel_m, max_shape=geometry.shape)
    integrator = AzimuthalIntegrator(detector=detector, wavelength=geometry.wavelength_nm * 1e-9)
    integrator.setFit2D(geometry.distance_mm, geometry.beam_column_px, geometry.beam_row_px)
    return integrator
