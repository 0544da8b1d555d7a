"""Whether the next sample is made while one is exposed, and what a measurement then takes."""

from instruments.beamline import Beamline, TakesTransfers, device_name
from models.domain.campaign import CampaignSpec, MeasurementSpec


def why_serial(spec: CampaignSpec, beamline: Beamline) -> str | None:
    """Why no sample is made ahead although the file asks for it; None where it is, or nobody asks.

    Parameters
    ----------
    spec
        The campaign.
    beamline
        What would have to make it.
    """
    if spec.deck is None or not spec.deck.overlap or isinstance(beamline.dispenser, TakesTransfers):
        return None
    why = (
        "this instrument has no dispenser"
        if beamline.dispenser is None
        else f"{device_name(beamline.dispenser)} takes no volumes by a signal `transfers`, so that it cannot "
        "be told of one sample while another one is in the beam"
    )
    return (
        f"deck.overlap: is true, but samples are made one after the other: {why}. Remove the key, or use a "
        "dispenser that takes transfers"
    )


def measurement_s(spec: CampaignSpec, beamline: Beamline) -> float:
    """How long a measurement takes, journeys left aside, s: what is made beside an exposure takes nothing."""
    one = spec.measurement
    is_serial = spec.deck is None or not spec.deck.overlap or why_serial(spec, beamline) is not None
    return one.exposure_s + one.overhead_s - (0.0 if is_serial else _spared_s(one))


def _spared_s(one: MeasurementSpec) -> float:
    """What of making a sample goes on beside an exposure, s."""
    return min(one.making_s, one.exposure_s)
