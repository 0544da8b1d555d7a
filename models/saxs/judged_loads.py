"""Loads as the record tells them: what was measured around each, and whether its frame may be read."""

from collections.abc import Sequence
from typing import Protocol

from models.domain.action import Exposure
from models.domain.history import History
from models.domain.load_limits import LoadLimits
from models.domain.records import Observed
from models.domain.scattering import Verdict
from models.saxs.loads import Load, Transmission, Tries, judge_load

CHECK = "load"
"""Name of the verdict on a load among those on its frame."""


class ReadsExposures(Protocol):
    """An analysis."""

    def __call__(self, exposure: Exposure, blank: Exposure | None, history: History, /) -> Observed:
        """Read an exposure."""
        ...


class JudgesLoads:
    """An analysis that also judges the load: what is surely wrong with it refuses the frame."""

    def __init__(self, analysis: ReadsExposures, limits: LoadLimits) -> None:
        """Wrap an analysis."""
        self._analysis, self._limits = analysis, limits

    def __call__(self, exposure: Exposure, blank: Exposure | None, history: History, /) -> Observed:
        """Read an exposure, with a verdict on its load beside those on its frame."""
        read = self._analysis(exposure, blank, history)
        verdicts = check_load(exposure, blank, self._limits)
        seen = read.observation
        changes: dict[str, object] = {"verdicts": (*seen.verdicts, *verdicts)}
        if any(verdict.is_refusal for verdict in verdicts):
            changes |= {"is_accepted": False, "features": (), "absences": (), "profile": None}
            kept = tuple(one for one in read.artifacts if one.role == "curve")
            read = read.model_copy(update={"artifacts": kept})
        return read.model_copy(update={"observation": seen.model_copy(update=changes)})


def load_of(
    exposures: Sequence[Exposure], blank: Exposure | None, limits: LoadLimits, tries: Tries | None = None
) -> Load | None:
    """What was measured around a load; None where nothing tells what the loaded cell transmits.

    Parameters
    ----------
    exposures
        The exposure of the sample, and looks at it since it was loaded: the mean of what is possible counts.
    blank
        The blank that goes with it; the empty cell before it was clean.
    limits
        What is possible.
    tries
        What was tried for this sample so far.
    """
    loaded = _mean([one for one in exposures if one.transmission is not None], limits)
    if loaded is None:
        return None
    return Load(
        loaded=loaded,
        empty=_empty(exposures[0]),
        empty_clean=None if blank is None else _empty(blank),
        blank=None if blank is None else _of(blank.transmission, blank.transmission_sigma),
        tries=tries or Tries(),
    )


def check_load(exposure: Exposure, blank: Exposure | None, limits: LoadLimits) -> tuple[Verdict, ...]:
    """A verdict on the load beside those on its frame: what is surely wrong with it refuses the frame."""
    load = load_of((exposure,), blank, limits)
    if load is None:
        return ()
    judged = judge_load(load, limits)
    is_ok = judged.verdict == "fine" or not judged.is_sure
    return (
        Verdict(
            check=CHECK, is_ok=is_ok, value=judged.value, limit=judged.limit, unit="1", remedy=judged.sentence
        ),
    )


def _mean(exposures: Sequence[Exposure], limits: LoadLimits) -> Transmission | None:
    """The mean of all readings that are possible; where none is, of all."""
    least, most = limits.transmission_min, limits.transmission_max
    possible = [one for one in exposures if least <= (one.transmission or 0.0) <= most] or list(exposures)
    if not possible:
        return None
    n = len(possible)
    value = sum(one.transmission or 0.0 for one in possible) / n
    variance = sum(one.transmission_sigma**2 for one in possible) / n**2
    return Transmission(value=value, sigma=variance**0.5)


def _empty(exposure: Exposure) -> Transmission | None:
    return _of(exposure.empty_transmission, exposure.empty_transmission_sigma)


def _of(value: float | None, sigma: float) -> Transmission | None:
    return None if value is None else Transmission(value=value, sigma=sigma)
