"""NXcanSAS: every accepted curve of a campaign in one HDF5 file, for SasView and its like.

The layout follows the NeXus application definition NXcanSAS, version 1.1.
"""

from pathlib import Path
from typing import Any

import h5py
import numpy as np

from db.export.curves import KeptCurve, LeftOut, read_curves
from db.export.quantities import unit_of_axis
from db.export.source import Source
from db.queries import LoggedCampaign
from models.domain.nxcansas import add_entry, add_group, add_points, add_terms

TEXT = h5py.string_dtype()


def write_nxcansas(source: Source, campaign: LoggedCampaign, path: Path, creator: str) -> tuple[LeftOut, ...]:
    """Write the accepted curves of a campaign.

    Parameters
    ----------
    source
        The database.
    campaign
        The campaign.
    path
        The file.
    creator
        Program and version, for the file's head.

    Returns
    -------
    tuple of LeftOut
        Accepted observations whose curve cannot be given.
    """
    left_out: list[LeftOut] = []
    last = source.last_seq(campaign)
    # HDF5 builds the file in memory: on a full disk its own writing can take the process down.
    with h5py.File(str(path), "w", driver="core", backing_store=False) as file:
        file.attrs.update({"NX_class": "NXroot", "creator": creator, "campaign": campaign.name})
        for kept in read_curves(source, campaign):
            if isinstance(kept, LeftOut):
                left_out.append(kept)
                continue
            seq = kept.outcome.row.seq
            name = f"sasentry{seq:06d}"
            _write_entry(file, name, campaign, kept)
            if "default" not in file.attrs:
                file.attrs["default"] = name
            source.tell(path.name, seq, last)
        file.flush()
        image = file.id.get_file_image()
    path.write_bytes(image)
    return tuple(left_out)


def _write_entry(file: Any, name: str, campaign: LoggedCampaign, kept: KeptCurve) -> None:
    row, exposure = kept.outcome.row, kept.outcome.exposure
    assert exposure is not None
    title = f"{campaign.name} {row.seq}: {row.kind}, {kept.point.text()}"
    entry = add_entry(file, name, title, exposure.run_uid)
    entry["run"].attrs["name"] = f"decision {row.seq}"
    add_points(entry, kept.curve)
    _write_sample(add_group(entry, "sassample", "NXsample", "SASsample"), campaign, kept)
    instrument = add_group(entry, "sasinstrument", "NXinstrument", "SASinstrument")
    instrument["name"] = kept.instrument
    beam = add_group(instrument, "sassource", "NXsource", "SASsource")
    beam["radiation"] = beam["probe"] = "x-ray"
    _write_process(add_group(entry, "sasprocess01", "NXprocess", "SASprocess"), campaign, kept)


def _write_sample(group: Any, campaign: LoggedCampaign, kept: KeptCurve) -> None:
    """Write what was exposed: its name, and its value on every axis, exactly and in words."""
    exposure, point = kept.outcome.exposure, kept.point
    assert exposure is not None
    group["name"] = point.sample or kept.sample or f"{campaign.name} {kept.outcome.row.seq}"
    units = {name: unit_of_axis(campaign, name) for name in point.coordinates}
    group["details"] = np.array(
        [
            f"{name} = {value if isinstance(value, str) else repr(value)}{_after(units[name])}"
            for name, value in point.coordinates.items()
        ],
        dtype=TEXT,
    )
    composition = add_group(group, "composition", "NXcollection")
    for name, value in point.coordinates.items():
        composition[name] = value
        composition[name].attrs["units"] = "" if units[name] == "1" else units[name]
    if "temperature" in point.numbers:
        group["temperature"] = point["temperature"]
        group["temperature"].attrs["units"] = units["temperature"]
    if exposure.transmission is not None:
        group["transmission"] = exposure.transmission


def _write_process(group: Any, campaign: LoggedCampaign, kept: KeptCurve) -> None:
    """Write where it stands on record, so that anyone can find it there and prove it."""
    row, observation, exposure = kept.outcome.row, kept.outcome.observation, kept.outcome.exposure
    assert observation is not None
    assert exposure is not None
    blank = observation.blank_seq
    group["name"] = "Nightbeam"
    group["date"] = kept.outcome.observed_utc
    group["description"] = f"Decision {row.seq} of campaign {campaign.name}: {row.reason} " + (
        "Nightbeam subtracted no blank."
        if blank is None
        else f"The blank of decision {blank} was subtracted."
    )
    terms: dict[str, object] = {
        "campaign": campaign.name, "campaign_uid": campaign.uid, "seq": row.seq, "kind": row.kind,
        "decided_utc": row.utc, "action_id": exposure.action_id, "run_uid": exposure.run_uid,
        "exposure_s": exposure.exposure_s, "monitor": exposure.monitor, "blank_seq": blank,
        "curve_sha256": kept.sha256, "training_sha256": row.training_sha256, "model_sha256": row.model_sha256,
    }  # fmt: skip
    for asset in kept.raw:
        terms[f"{asset.role}_sha256"] = asset.sha256
    add_terms(group, terms)


def _after(unit: str) -> str:
    return "" if unit == "1" else f" {unit}"
