"""What documents and files prove of an exposure: the same reading after a run and after a crash."""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlparse

import h5py

from instruments.documents import RunDocuments
from models.domain.action import Action, Asset, Exposure
from models.domain.errors import BeamlineFault
from models.domain.space import Point

FRAMES = "frames"
"""Folder of frames and curves, inside the campaign's folder."""
HDF5_ENDINGS = frozenset({".h5", ".hdf5", ".hdf", ".nxs", ".cxi"})
"""File endings that are opened as HDF5 to see whether the file is whole."""

Role = Literal["frame", "curve", "values", "document", "abandoned"]


@dataclass(frozen=True)
class Verified:
    """A file that was looked at."""

    asset: Asset
    """The file."""
    objection: str | None = None
    """Why it cannot be this action's file; None when nothing speaks against it."""


def describe_file(path: Path, role: Role) -> Asset:
    """The file as an asset, with its hash and size as they are now."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Asset(role=role, path=str(path), sha256=digest, n_bytes=path.stat().st_size)


def asset_paths(run: RunDocuments) -> tuple[Path, ...]:
    """Where the documents say the files are."""
    paths: list[Path] = []
    for resource in run.resources:
        if "uri" in resource:
            paths.append(Path(unquote(urlparse(resource["uri"]).path)))
        else:
            paths.append(Path(resource["root"]) / resource["resource_path"])
    return tuple(dict.fromkeys(paths))


def verify_file(path: Path, action_id: str, event_data: Mapping[str, Any], role: Role) -> Verified | None:
    """Look at a file: is it there, whole, and this action's? None when it is not there.

    Parameters
    ----------
    path
        The file.
    action_id
        What its ``/entry/entry_identifier`` must say, where it has one.
    event_data
        Readings of the event; a key that ends in ``_sha256`` is what the detector had written.
    role
        What the file is.
    """
    if not path.is_file():
        return None
    asset = describe_file(path, role)
    written = next((str(v) for key, v in event_data.items() if key.endswith("_sha256")), None)
    if written is not None and written != asset.sha256:
        return Verified(asset, f"{path} has sha256 {asset.sha256[:12]}, but {written[:12]} was written")
    if asset.n_bytes == 0:
        return Verified(asset, f"{path} is empty")
    if path.suffix not in HDF5_ENDINGS:
        return Verified(asset)
    return Verified(asset, _hdf5_objection(path, action_id))


def _hdf5_objection(path: Path, action_id: str) -> str | None:
    try:
        with h5py.File(path, "r") as file:
            if "/entry/entry_identifier" not in file:
                return None
            identifier: Any = file["/entry/entry_identifier"]
            found = identifier[()]
    except OSError as error:
        return f"{path} cannot be opened ({error})"
    name = found.decode() if isinstance(found, bytes) else str(found)
    return None if name == action_id else f"{path} belongs to {name}, not to {action_id}"


def leftovers(folder: Path, action_id: str) -> tuple[Asset, ...]:
    """Files of an action that never finished, as abandoned; half-written ones are removed.

    Parameters
    ----------
    folder
        Where frames and curves lie.
    action_id
        The action; files are named after it, and half-written ones have a dot before that.
    """
    if not folder.is_dir():
        return ()
    for partial in folder.iterdir():
        if partial.name.startswith(f".{action_id}."):
            partial.unlink(missing_ok=True)
    whole = sorted(p for p in folder.iterdir() if p.is_file() and p.name.startswith(f"{action_id}."))
    return tuple(describe_file(path, "abandoned") for path in whole)


def rebuild_exposure(run: RunDocuments, action: Action, assets: tuple[Asset, ...]) -> Exposure:
    """The exposure as its documents tell it.

    Raises
    ------
    BeamlineFault
        When there is no event, or a reading is missing or not finite.
    """
    if run.event is None or run.descriptor is None:
        raise BeamlineFault(f"{action.action_id}: the run has no event; expose again.")
    devices: dict[str, Any] = run.start["devices"]
    reading = _Readings(run)
    monitor, transmission = devices["monitor"], devices["transmission"]
    attenuator = devices.get("attenuator")
    sigma = reading.sigma(transmission) if transmission else None
    empty_cell = devices.get("empty_cell")
    empty = None if empty_cell is None else reading.positive(empty_cell)
    asked: dict[str, Any] = run.start.get("requested", {})
    return Exposure(
        seq=action.seq,
        action_id=action.action_id,
        run_uid=run.start["uid"],
        point=Point(
            coordinates={
                axis: reading.level(device, asked[axis])
                if isinstance(asked.get(axis), str)
                else reading.number(device)
                for axis, device in devices["axes"].items()
            },
            sample=reading.text(devices["changer"]) if run.start["sample_name"] is not None else None,
        ),
        exposure_s=float(run.start["exposure_s"]),
        monitor=reading.number(monitor) if monitor else None,
        attenuation=reading.number(attenuator) if attenuator else 1.0,
        transmission=reading.number(transmission) if transmission else None,
        transmission_sigma=sigma or 0.0,
        empty_transmission=empty,
        empty_transmission_sigma=0.0 if empty is None else reading.sigma(str(empty_cell)) or 0.0,
        assets=assets,
    )


def _finite(name: str, value: Any) -> float:
    """A reading as a number."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise BeamlineFault(f"{name} reads {value!r:.80}, which is no number; look at the device.") from None
    if not math.isfinite(number):
        raise BeamlineFault(f"{name} reads {number}, which is not finite; look at the device.")
    return number


class _Readings:
    """Readings of an event, by device name."""

    def __init__(self, run: RunDocuments) -> None:
        assert run.event is not None
        assert run.descriptor is not None
        self._values: dict[str, Any] = run.event["data"]
        self._keys: dict[str, list[str]] = run.descriptor["object_keys"]
        self._hints: dict[str, Any] = run.descriptor.get("hints", {})

    def _key(self, device: str) -> str:
        """The main key of a device: named as the device, else hinted at, else the first."""
        keys = self._keys.get(device, [])
        if device in keys or not keys:
            return device
        hinted = self._hints.get(device, {}).get("fields", [])
        return next((key for key in hinted if key in keys), keys[0])

    def number(self, device: str) -> float:
        return _finite(device, self._values.get(self._key(device)))

    def positive(self, device: str) -> float | None:
        """The same of a device that reads 0 before its first measurement."""
        number = self.number(device)
        return number if number > 0 else None

    def sigma(self, device: str) -> float | None:
        key = next((key for key in self._keys.get(device, []) if key.endswith("_sigma")), None)
        return _finite(key, self._values.get(key)) if key is not None else None

    def level(self, device: str, asked: str) -> str:
        """The name of a categorical axis' level, which is either where the device was sent or a fault."""
        found = self._values.get(self._key(device))
        if found != asked:
            raise BeamlineFault(
                f"{device} reads {found!r:.80}, but was set to {asked!r}; look at the device."
            )
        return asked

    def text(self, device: str) -> str:
        return str(self._values[self._key(device)])
