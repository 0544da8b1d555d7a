"""Combine files that were read: average what is alike, subtract buffer and empty cell, bring to a scale."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from models.domain.errors import BadInput, FitFailed
from models.domain.scattering import Curve, Verdict
from models.saxs.azimuth import add_up, profile_of
from models.saxs.correct import subtract, subtract_cell, to_scale
from models.saxs.corrections import NO_CORRECTIONS, Corrections, Scale
from models.saxs.loose_files import REPEATS, ZINGERS, Reading, note, note_zingers
from models.saxs.reading import NO_FRAME, Profile
from models.saxs.similarity import DEFAULT_LEVEL, average_alike


@dataclass(frozen=True)
class Backgrounds:
    """What is subtracted, and by which rules files are combined."""

    buffers: Sequence[Reading] = ()
    """Buffers in the cell; none subtracts none."""
    empties: Sequence[Reading] = ()
    """The cell alone; none subtracts none."""
    solute_fraction: float | None = None
    """Volume fraction of what displaced buffer; None where it is not known, and the buffer counts in full."""
    level: float = DEFAULT_LEVEL
    """Chance that a series of repeats loses any although nothing changed; 0 averages all."""
    corrections: Corrections = NO_CORRECTIONS
    """Their scale is applied to what is left."""
    ring_inv_nm: tuple[float, float] | None = None
    """Lower and upper q within which directions are compared, 1/nm; None takes the whole curve."""


def combine(samples: Sequence[Reading], backgrounds: Backgrounds) -> Reading:
    """Average what is alike among samples, buffers and empty cells, and subtract these from those.

    Parameters
    ----------
    samples
        At least one.
    backgrounds
        What is subtracted.

    Returns
    -------
    Reading
        One curve, and all verdicts that are not repeated.

    Raises
    ------
    BadInput
        When they do not belong together.
    """
    everything = (*samples, *backgrounds.buffers, *backgrounds.empties)
    _check_kinship(everything)
    groups = (samples, backgrounds.buffers, backgrounds.empties)
    sample, buffer, empty = (
        _average(name, group, backgrounds.level) for name, group in zip(REPEATS, groups, strict=True)
    )
    net = _subtract(sample, buffer, empty, backgrounds)
    if backgrounds.corrections.scale != Scale():
        net = to_scale(net, backgrounds.corrections.scale)
    verdicts: dict[str, Verdict] = {}
    for verdict in (v for reading in (*everything, sample, buffer, empty) for v in reading.verdicts):
        if verdict.check not in verdicts or not verdict.is_ok:
            verdicts[verdict.check] = verdict
    n_zingers = sum(int(v.value) for reading in everything for v in reading.verdicts if v.check == ZINGERS)
    if ZINGERS in verdicts:
        verdicts[ZINGERS] = note_zingers(n_zingers)
    geometries = {None if one.geometry is None else one.geometry.model_dump_json() for one in sample.kept}
    return Reading(
        net,
        tuple(verdicts.values()),
        profile=_profile(_ring(net, backgrounds), sample.kept, buffer.kept),
        geometry=sample.kept[0].geometry if len(geometries) == 1 else None,
    )


@dataclass(frozen=True, eq=False)
class _Group:
    """Repeats of one thing."""

    curve: Curve | None = None
    """Average of those that are alike; None where there are none."""
    kept: Sequence[Reading] = ()
    """Those that are alike."""
    verdicts: tuple[Verdict, ...] = ()
    """What was left out of several."""


def _average(name: str, group: Sequence[Reading], level: float) -> _Group:
    """Average what is alike in a group, and say what is not."""
    if not group:
        return _Group()
    curve, similarity = average_alike([reading.curve for reading in group], level)
    kept = [group[k] for k in similarity.accepted]
    if len(group) == 1:
        return _Group(curve, kept)
    said = similarity.why() or f"All {len(group)} are alike at a level of {similarity.level:g}"
    return _Group(curve, kept, (note(name, f"{said}.", len(similarity.left_out), "files"),))


def _subtract(sample: _Group, buffer: _Group, empty: _Group, rules: Backgrounds) -> Curve:
    """Take off what is to be taken off."""
    if sample.curve is None:
        raise BadInput("reduce", "there is no sample", "Name a file")
    fraction = _solute_fraction(rules.solute_fraction, has_buffer=buffer.curve is not None)
    if empty.curve is not None:
        if buffer.curve is not None and rules.solute_fraction is None:
            raise BadInput(
                "empty cell",
                "cancels between sample and buffer, which both hold it, but where solute displaces buffer",
                "Give the volume fraction of the solute by --solute-fraction, or leave out --empty",
            )
        cell = _as_thick(empty.curve, empty.kept[0], sample.kept[0])
        return subtract_cell(sample.curve, buffer.curve, cell, fraction)
    if buffer.curve is None:
        return sample.curve
    return subtract(sample.curve, buffer.curve, 1.0 - fraction)


def _solute_fraction(stated: float | None, *, has_buffer: bool) -> float:
    """Volume fraction of what displaced buffer; 0 where it is not stated."""
    if stated is None:
        return 0.0
    if not 0 <= stated < 1:
        raise BadInput("solute fraction", f"is {stated:g}, must be 0 or more and below 1", "Correct it")
    if not has_buffer:
        raise BadInput(
            "solute fraction", "is given, but no buffer that the solute displaces", "Give a buffer"
        )
    return stated


def _as_thick(empty: Curve, cell: Reading, sample: Reading) -> Curve:
    """An empty cell over the thickness of the sample: it has none of its own."""
    if cell.shape is None or sample.shape is None:
        return empty
    ratio = cell.thickness_mm / sample.thickness_mm
    return replace(empty, intensity=empty.intensity * ratio, sigma=empty.sigma * ratio)


def _check_kinship(readings: Sequence[Reading]) -> None:
    """Refuse frames of different detectors, and monitored frames beside others."""
    framed = [(reading.shape, reading) for reading in readings if reading.shape is not None]
    for shape, other in framed[1:]:
        first_shape, first = framed[0]
        if shape != first_shape:
            raise BadInput(
                other.curve.source,
                f"has {shape[0]} x {shape[1]} pixels, {first.curve.source} has "
                f"{first_shape[0]} x {first_shape[1]}",
                "Combine frames of one detector",
            )
        if _is_unmonitored(other) != _is_unmonitored(first):
            with_one, without = (first, other) if _is_unmonitored(other) else (other, first)
            raise BadInput(
                without.curve.source,
                f"states no monitor, and {with_one.curve.source} does",
                "Combine frames that all state the incident flux, or none",
            )


def _is_unmonitored(reading: Reading) -> bool:
    return any(verdict.check == "monitor" for verdict in reading.verdicts)


def _ring(curve: Curve, rules: Backgrounds) -> Curve:
    """The part of a curve whose directions are compared."""
    return curve if rules.ring_inv_nm is None else curve.between(*rules.ring_inv_nm)


def _profile(curve: Curve, samples: Sequence[Reading], buffers: Sequence[Reading]) -> Profile:
    """What each direction scatters over the curve's window."""
    cakes = [reading.cake for reading in samples if reading.cake is not None]
    blanks = [reading.cake for reading in buffers if reading.cake is not None]
    if len(cakes) < len(samples) or len(blanks) < len(buffers) or not len(curve):
        return NO_FRAME
    shapes = {cake.counts.shape for cake in (*cakes, *blanks)}
    if len(shapes) > 1:
        return "the frames are from different detectors"
    window = float(curve.q_inv_nm[0]), float(curve.q_inv_nm[-1])
    blank = add_up(blanks).between(*window) if blanks else None
    try:
        return profile_of(add_up(cakes).between(*window), blank)
    except FitFailed as error:
        return str(error)
