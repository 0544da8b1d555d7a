"""What frames before one say of it: a function of the record alone, so that a resumed run judges alike."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from models.domain.action import Exposure
from models.domain.history import History, Observation
from models.domain.scattering import Verdict
from models.saxs.checks.trace import Trace

N_SERIES = 12
"""Frames of one sample that are looked back at."""
N_BLANKS = 2
"""Blanks that are looked back at: the one that goes with a sample, and the one before it."""


@dataclass(frozen=True, eq=False)
class Earlier:
    """What is known before a frame is judged; nothing, for one that stands alone."""

    is_blank: bool = False
    """True when the frame is of a blank."""
    rate_hz: float | None = None
    """Monitor rate of the last accepted frame, counts/s."""
    transmissions: tuple[tuple[float, float], ...] = ()
    """Transmission of each accepted frame of the same point, and its standard deviation; through the cell as
    it is now, where it was measured empty for both."""
    taken: tuple[int, float] | None = None
    """`seq` of the last frame that says when it was taken, and when, s since 1970."""
    fingerprints: Mapping[float, int] = field(default_factory=dict[float, int])
    """`seq` of the frames before, by their fingerprints."""
    series: tuple[Trace, ...] = ()
    """Accepted frames of the same point, the last `N_SERIES`, in their order."""
    blank: Trace | None = None
    """The blank that goes with a sample; for a blank, the one before it."""
    blanks: tuple[Trace, ...] = ()
    """The last accepted blanks before, at most `N_BLANKS`, in their order."""


def look_back(history: History, exposure: Exposure, trace: Callable[[Exposure], Trace | None]) -> Earlier:
    """What the record says before a frame.

    Parameters
    ----------
    history
        What is known; only decisions before that of the exposure count.
    exposure
        The one to be judged.
    trace
        Gives what is kept of an earlier frame; None where it is gone.
    """
    rate_hz: float | None = None
    taken: tuple[int, float] | None = None
    fingerprints: dict[float, int] = {}
    same: list[Exposure] = []
    blanks: list[Exposure] = []
    for observation in history.observations:
        if observation.seq >= exposure.seq:
            continue
        shot = history.exposure(observation.seq)
        when, print_ = _value(observation, "time"), _value(observation, "duplicate")
        taken = taken if when is None else (observation.seq, when)
        if print_ is not None:
            fingerprints.setdefault(print_, observation.seq)
        if shot is None or not observation.is_accepted or history.decision(shot.seq).is_look:
            continue
        if shot.monitor is not None and shot.exposure_s > 0:
            rate_hz = shot.monitor / (shot.exposure_s * shot.attenuation)
        if history.decision(observation.seq).kind == "blank":
            blanks.append(shot)
        if shot.point == exposure.point or _first(history, shot) == _first(history, exposure):
            same.append(shot)
    series = _traces(same[-N_SERIES:], trace)
    is_known = exposure.seq <= len(history.decisions)
    if is_known and _is_steered_anew(history, exposure.seq):
        rate_hz = None
    is_blank = is_known and history.decision(exposure.seq).kind == "blank"
    return Earlier(
        is_blank=is_blank,
        rate_hz=rate_hz,
        transmissions=tuple(
            (_cell_change(s, exposure) * s.transmission, _cell_change(s, exposure) * s.transmission_sigma)
            for s in same
            if s.transmission is not None
        ),
        taken=taken,
        fingerprints=fingerprints,
        series=series,
        blank=series[-1] if is_blank and series else None,
        blanks=_traces(blanks[-N_BLANKS:], trace),
    )


def _traces(shots: list[Exposure], trace: Callable[[Exposure], Trace | None]) -> tuple[Trace, ...]:
    """What is kept of earlier frames, without those that are gone."""
    return tuple(one for shot in shots if (one := trace(shot)) is not None)


def _cell_change(before: Exposure, now: Exposure) -> float:
    """What the empty cell transmits now over what it did before; 1 where nobody measured both."""
    if not before.empty_transmission or not now.empty_transmission:
        return 1.0
    return now.empty_transmission / before.empty_transmission


def _first(history: History, exposure: Exposure) -> int:
    """`seq` of the measurement that an exposure takes again; its own where it takes none."""
    if exposure.seq > len(history.decisions):
        return exposure.seq
    decision = history.decision(exposure.seq)
    again = decision.repeats if decision.kind == "setup" else None
    return exposure.seq if again is None else again


def _is_steered_anew(history: History, seq: int) -> bool:
    """True when the beam was steered elsewhere for the frame before: then their rates do not compare."""
    own = history.decision(seq).setup
    before = (one.setup for one in reversed(history.decisions[: seq - 1]) if not one.is_look)
    last = next((setup for setup in before if setup is not None), None)
    return own is not None and last is not None and own.steering != last.steering


def _value(observation: Observation, check: str) -> float | None:
    """What a check found in an earlier frame."""
    found: Verdict | None = next((v for v in observation.verdicts if v.check == check), None)
    return None if found is None else found.value
