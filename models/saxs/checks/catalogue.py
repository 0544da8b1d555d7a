"""All checks of a frame, in their order."""

from models.domain.check_limits import CHECK_NAMES
from models.domain.scattering import Verdict
from models.saxs.checks import background, counting, damage, headers, modules, readings, symmetry
from models.saxs.checks.check import Check, Subject

CHECKS: tuple[Check, ...] = tuple(
    sorted(
        (
            *readings.CHECKS, *headers.CHECKS, *counting.CHECKS, *symmetry.CHECKS, *modules.CHECKS,
            *background.CHECKS, *damage.CHECKS,
        ),
        key=lambda check: CHECK_NAMES.index(check.name),
    )
)  # fmt: skip
NEEDED = frozenset({"finite", "pixel_size", "transmission", "beam"})
"""A frame that fails one of these cannot be normalised: no check that comes after it is made."""


def check_frame(subject: Subject) -> tuple[Verdict, ...]:
    """Make every check of a frame.

    Parameters
    ----------
    subject
        The frame and all that it is held against.

    Returns
    -------
    tuple of Verdict
        One for each check that could be made and is not switched off; none after one of `NEEDED` that failed.

    Raises
    ------
    BadInput
        When the geometry is for a frame of another shape.
    """
    verdicts: list[Verdict] = []
    for check in CHECKS:
        if check.name in subject.limits.off:
            continue
        found = check.look(subject)
        if found is None:
            continue
        verdicts.append(
            Verdict(
                check=check.name,
                is_ok=found.is_ok,
                value=found.value,
                limit=found.limit,
                unit=check.unit,
                remedy=found.remedy or check.remedy,
                is_warning=check.is_warning,
            )
        )
        if check.name in NEEDED and not found.is_ok:
            break
    return tuple(verdicts)
