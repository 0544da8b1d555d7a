"""Write what each direction scatters as text."""

from pathlib import Path

from models.domain.errors import BadInput
from models.domain.scattering import AzimuthalProfile
from models.domain.whole_files import write_whole
from models.saxs.reading import Profile


def write_profile(path: Path, profile: Profile, ring_inv_nm: tuple[float, float]) -> None:
    """Write an azimuthal profile: azimuth in degrees, intensity over its mean, sigma.

    Parameters
    ----------
    path
        The file; its folder is made.
    profile
        The profile, or why there is none.
    ring_inv_nm
        Lower and upper end of q that it is of, 1/nm.

    Raises
    ------
    BadInput
        When there is none.
    """
    if isinstance(profile, str):
        raise BadInput("--azimuth", profile, "Give a frame, and a window of q in which it scatters")
    write_whole(path, profile_to_text(profile, ring_inv_nm))


def profile_to_text(profile: AzimuthalProfile, ring_inv_nm: tuple[float, float]) -> str:
    """The text of `write_profile`."""
    low, high = ring_inv_nm
    head = (
        f"# intensity against azimuth, q {low:g} to {high:g} 1/nm, opposite azimuths added",
        "# azimuth from the detector's columns (x) towards its rows (y); intensity over its mean",
        f"# sigma of an offset that all directions share: {profile.offset_sigma:.5g}",
        "# azimuth_deg intensity sigma",
    )
    rows = zip(profile.azimuth_deg.tolist(), profile.intensity.tolist(), profile.sigma.tolist(), strict=True)
    return "\n".join((*head, *(f"{azimuth:.6g} {i:.9g} {sigma:.6g}" for azimuth, i, sigma in rows))) + "\n"
