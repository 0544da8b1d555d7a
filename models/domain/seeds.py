"""Seeds: every random draw follows from the campaign's seed and a label, and from nothing else."""

import hashlib


def derive_seed(campaign_seed: int, *labels: str | int) -> int:
    """A seed of 63 bits for one purpose, the same on every machine.

    Parameters
    ----------
    campaign_seed
        The seed in the campaign file.
    labels
        What the draw is for: ``("strategy", 17)``.

    Returns
    -------
    int
        The first 63 bits of SHA-256 over the seed and the labels.
    """
    text = "/".join([str(campaign_seed), *map(str, labels)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
