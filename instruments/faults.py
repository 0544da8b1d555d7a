"""Turns what devices and Bluesky raise into one plain sentence of ours."""

from collections.abc import Iterator

from bluesky.utils import FailedStatus

from models.domain.errors import BadInput, BeamlineFault, NightbeamError

LONGEST_SAID = 500
"""Characters of a device's own words that go on record."""


def _causes(error: BaseException, outer: BaseException | None) -> Iterator[BaseException]:
    """The error and all that led to it, the last one first, without what was being handled already."""
    current: BaseException | None = error
    seen: set[int] = set()
    while current is not None and current is not outer and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)


def said(error: BaseException) -> str:
    """What a device said, on one line that a person can read: its type when it said nothing."""
    words = str(error) if can_speak(error) else "(it cannot say what)"
    text = " ".join("".join(c if c.isprintable() else " " for c in words[: 10 * LONGEST_SAID]).split())
    if not text:
        return type(error).__name__
    return text.rstrip(".") if len(text) <= LONGEST_SAID else f"{text[:LONGEST_SAID]} ..."


def can_speak(error: BaseException) -> bool:
    """False for an error that fails when it is asked what it is."""
    try:
        str(error)
    except Exception:
        return False
    return True


def named(error: BaseException) -> str:
    """An error by its type and what it says."""
    return f"{type(error).__name__}: {said(error)}"


def explain(error: BaseException, doing: str, outer: BaseException | None = None) -> NightbeamError:
    """The error of ours that a device's error amounts to.

    Parameters
    ----------
    error
        What came out of the plan.
    doing
        What was being done: ``prepare for decision 17``.
    outer
        What was being handled already when that was begun, if anything.

    Returns
    -------
    NightbeamError
        The error of ours that started it, such as `UnreachablePoint`, else a `BeamlineFault`.
    """
    chain = list(_causes(error, outer))
    for cause in chain:
        if isinstance(cause, NightbeamError) and not isinstance(cause, BadInput):
            return cause
    root = next((c for c in chain if not isinstance(c, FailedStatus)), error)
    return BeamlineFault(f"{doing}: {named(root)}; look at the device, then resume.")
