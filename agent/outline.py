"""Read a specimen's outline from an image."""

from pathlib import Path

import numpy as np

from models.domain.errors import BadInput
from models.domain.region import Region, RegionSpec

WHERE = "region.image"
MOST_CHANGES = 200_000
"""Changes between dark and bright that a record holds; more of them are noise, and no outline."""
N_COLOURS = 3
N_COLOURS_AND_ALPHA = 4


def read_outline(spec: RegionSpec, home: Path) -> Region:
    """The region that a campaign file describes.

    Parameters
    ----------
    spec
        The ``[region]`` table.
    home
        Folder of the campaign file.

    Raises
    ------
    BadInput
        When its image cannot be read, or shows no outline.
    """
    if spec.image is None:
        return spec.drawn()
    path = home / spec.image
    brightness = _brightness(path)
    dark, bright = float(brightness.min()), float(brightness.max())
    if dark == bright:
        raise BadInput(
            WHERE, f"{path} is equally bright everywhere", "Paint the specimen bright, the rest dark"
        )
    is_inside = brightness > (dark + bright) / 2.0
    n_changes = int(np.count_nonzero(np.diff(is_inside.astype(np.int8), axis=1)))
    if n_changes > MOST_CHANGES:
        raise BadInput(
            WHERE,
            f"{path} changes {n_changes} times between dark and bright; a record holds {MOST_CHANGES}",
            "Smooth it, or make it smaller",
        )
    return spec.painted(is_inside)


def _brightness(path: Path) -> np.ndarray:
    """Brightness of every pixel, shape (n_rows, n_columns); what is transparent is dark."""
    from matplotlib.image import imread  # half a second that a campaign without an image does not wait

    try:
        pixels = np.asarray(imread(path), dtype=np.float64)
    except FileNotFoundError:
        raise BadInput(WHERE, f"there is no file {path}", "Check the path") from None
    except (OSError, ValueError, SyntaxError) as error:  # a broken PNG is a SyntaxError to its reader
        said = " ".join(str(error).split())
        raise BadInput(WHERE, f"{path} cannot be read as an image ({said})", "Save it as PNG") from None
    if pixels.ndim == 2:
        return pixels
    n_channels = pixels.shape[2]
    colours = pixels[..., : N_COLOURS if n_channels >= N_COLOURS else 1].mean(axis=2)
    has_alpha = n_channels in (2, N_COLOURS_AND_ALPHA)
    return colours * pixels[..., -1] if has_alpha else colours
