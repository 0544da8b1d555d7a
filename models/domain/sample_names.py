"""Names of samples that are made: after the decision that makes them."""


def own_name(seq: int) -> str:
    """Name of the sample that is made for a decision: ``S17``."""
    return f"S{seq}"


def ahead_name(seq: int) -> str:
    """Name of the sample that is made while a decision's own is exposed, for a later one: ``A17``."""
    return f"A{seq}"
