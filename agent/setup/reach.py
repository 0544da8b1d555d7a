"""Whether a beamline can do what a campaign wants readjusted."""

from collections.abc import Sequence

from instruments.adjusters import Adjusters
from instruments.beamline import Beamline, limits_of
from models.domain.campaign import CampaignSpec
from models.domain.errors import BadInput
from models.domain.setup import SetupSpec
from models.saxs.extractor import Extractor
from models.saxs.extractors import features_made


def refuse_setup(spec: CampaignSpec, extractors: Sequence[Extractor], beamline: Beamline) -> None:
    """Refuse a table ``[setup]`` that this beamline, or this analysis, cannot follow.

    Raises
    ------
    BadInput
        When a device or a feature is missing, or the strategy decides ahead.
    """
    setup, can = spec.setup, beamline.adjusters
    _refuse_load(spec, beamline)
    if setup is None:
        return
    made = features_made(extractors)
    if setup.feature is not None and setup.feature not in made:
        raise BadInput(
            "setup.feature",
            f"is {setup.feature!r}, which the analysis does not make",
            f"It makes: {', '.join(made)}. Choose one of these",
        )
    if beamline.asset_role != "frame":
        raise BadInput("setup", "is given, but this instrument brings curves, not frames", "Remove it")
    longest_s = max((spec.measurement.exposure_s, *spec.measurement.exposures_s))
    if setup.spot_dose_s is not None and setup.spot_dose_s < longest_s:
        raise BadInput(
            "setup.spot_dose_s",
            f"is {setup.spot_dose_s:g} s, less than one exposure of {longest_s:g} s",
            "Raise it, or expose for less long",
        )
    if len(setup.attenuations) > 1 and can.attenuator is None:
        raise BadInput(
            "setup.attenuations", "are given, but this beamline has no attenuator", "Remove the key"
        )
    if setup.spots > 1 and (can.spot is None or can.n_spots < setup.spots):
        n_spots = can.n_spots if can.spot is not None else 1
        raise BadInput(
            "setup.spots",
            f"is {setup.spots}, but the beam can be sent through {n_spots} of a sample",
            "Lower it",
        )
    _refuse_sweeps(setup, can)
    if spec.strategy.options.get("ahead"):
        raise BadInput(
            "strategy.ahead",
            "is true, but with [setup] what comes next depends on what was just seen",
            "Remove one of the two",
        )


def _refuse_load(spec: CampaignSpec, beamline: Beamline) -> None:
    """Refuse to judge loads of which nothing is measured."""
    if spec.load is None:
        return
    if beamline.transmission is None:
        raise BadInput("load", "is given, but this beamline measures no transmission", "Remove the table")
    blank = spec.measurement.blank
    if blank is not None and blank.every == "drift" and beamline.empty_cell is None:
        raise BadInput(
            "measurement.blank.every",
            'is "drift", but this beamline does not measure its empty cell',
            "Give a number, or a loader that empties its cell apart",
        )
    if spec.strategy.options.get("ahead"):
        raise BadInput(
            "strategy.ahead",
            "is true, but with [load] what comes next depends on what was just seen",
            "Remove one of the two",
        )


def _refuse_sweeps(setup: SetupSpec, can: Adjusters) -> None:
    """Refuse to look along a device that is not there, or that does not reach so far."""
    for key, sweep, device in (
        ("centring", setup.centring, can.aligner),
        ("steering", setup.steering, can.steerer),
    ):
        if sweep is None:
            continue
        if device is None:
            raise BadInput(
                f"setup.{key}", "is given, but this beamline has no device for it", "Remove the table"
            )
        low, high = limits_of(device) or (sweep.low, sweep.high)
        if not low <= sweep.low <= sweep.high <= high:
            raise BadInput(
                f"setup.{key}",
                f"reaches from {sweep.low:g} to {sweep.high:g}, but the device from {low:g} to {high:g}",
                "Look within that",
            )
