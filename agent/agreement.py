"""How two versions of one decision agree: value by value, in the order in which one follows from another."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from models.domain.decision import Candidate, Decision, ModelState, Planned
from models.domain.setup import Setup
from models.domain.space import Point, SearchSpace

TOLERANCE = 1e-6
"""Numbers that differ by no more than this share of their scale agree: another processor or library rounds
otherwise, and a decision is none the worse for it."""
TRAINING_SET = "SHA-256 of the training set"
"""Name of the pair that tells whether the same outcomes were learned from."""


@dataclass(frozen=True)
class Pair:
    """One value of a decision, as logged and as computed again."""

    name: str
    """What it is."""
    then: Any
    """As logged."""
    now: Any
    """As computed again."""
    scale: float = 0.0
    """What a deviation is compared with, in the value's unit; 0 where any difference is one too many."""
    scale_name: str = ""
    """What that scale is: ``the range of water``."""

    @property
    def deviation(self) -> float:
        """Deviation as a share of the scale; infinite where there is no scale."""
        if self.then == self.now:
            return 0.0
        if self.scale <= 0.0 or not all(isinstance(one, int | float) for one in (self.then, self.now)):
            return float("inf")
        return abs(self.then - self.now) / self.scale

    def text(self) -> str:
        """Both values in full: ``posterior mean of candidate 2: 3.25 then, 3.5 now``."""
        return f"{self.name}: {_said(self.then)} then, {_said(self.now)} now"


@dataclass(frozen=True)
class Agreement:
    """How far two versions of a decision agree."""

    first: Pair | None
    """The first value beyond the tolerance; None when there is none."""
    farthest: Pair | None
    """Of the values within the tolerance, the one that deviates most; None when all are equal."""
    is_worded_alike: bool
    """True when the reason, and all that was said of the candidates, are the same sentences."""

    @property
    def is_exact(self) -> bool:
        """True when everything is equal, bit for bit."""
        return self.first is None and self.farthest is None and self.is_worded_alike


@dataclass(frozen=True)
class Scales:
    """What deviations are compared with."""

    space: SearchSpace
    """Its axes' ranges, for points."""
    spread: float
    """Standard deviation of the values that were learned from, in the feature's unit, for predictions."""


def compare(then: Decision, now: Decision, scales: Scales) -> Agreement:
    """Compare a logged decision with the same decision computed again.

    Parameters
    ----------
    then, now
        The decisions.
    scales
        What deviations are compared with.
    """
    first: Pair | None = None
    farthest: Pair | None = None
    for pair in _pairs(then, now, scales):
        deviation = pair.deviation
        if deviation > TOLERANCE:
            first = pair
            break
        if deviation > (farthest.deviation if farthest else 0.0):
            farthest = pair
    return Agreement(first, farthest, _is_worded_alike(then, now))


def _is_worded_alike(then: Decision, now: Decision) -> bool:
    """True when every sentence that is on record is said again; older records hold fewer."""
    said = [(then.reason.sentence, now.reason.sentence)]
    for one, other in zip(then.candidates, now.candidates, strict=False):
        said += [(one.why, other.why)] if one.why is not None else []
        said += [("; ".join(one.bound_by), "; ".join(other.bound_by))] if one.bound_by else []
    return all(one == other for one, other in said)


def _pairs(then: Decision, now: Decision, scales: Scales) -> Iterator[Pair]:
    yield Pair("kind", then.kind, now.kind)
    yield Pair("watermark", then.watermark, now.watermark)
    yield Pair("reason", then.reason.code, now.reason.code)
    yield Pair("seed", then.seed, now.seed)
    yield Pair("exposure time in s", then.exposure_s, now.exposure_s)
    yield Pair("repeated decision", then.repeats, now.repeats)
    yield from _setup_pairs(then.setup, now.setup)
    yield Pair("recipe", then.recipe, now.recipe)
    yield Pair("sample made before", then.prepared, now.prepared)
    yield from _ahead_pairs(then.ahead, now.ahead, scales)
    yield from _model_pairs(then.model, now.model)
    yield Pair("count of candidates", len(then.candidates), len(now.candidates))
    for logged, again in zip(then.candidates, now.candidates, strict=True):
        yield from _candidate_pairs(logged, again, scales)
    yield from _point_pairs("point", then.point, now.point, scales.space)


def _setup_pairs(then: Setup | None, now: Setup | None) -> Iterator[Pair]:
    yield Pair("set-up", then is not None, now is not None)
    if then is not None and now is not None:
        for name in Setup.model_fields:
            one, other = getattr(then, name), getattr(now, name)
            scale = abs(one) if isinstance(one, float) else 0.0
            yield Pair(f"set-up's {name}", one, other, scale, "its value")


def _ahead_pairs(then: Planned | None, now: Planned | None, scales: Scales) -> Iterator[Pair]:
    if then is None or now is None:
        yield Pair("sample made ahead", then and then.sample, now and now.sample)
        return
    yield Pair("kind of the sample made ahead", then.kind, now.kind)
    yield from _point_pairs("point of the sample made ahead", then.point, now.point, scales.space)
    yield Pair("recipe of the sample made ahead", then.recipe, now.recipe)
    yield Pair("exposure of the sample made ahead in s", then.exposure_s, now.exposure_s)


def _model_pairs(then: ModelState | None, now: ModelState | None) -> Iterator[Pair]:
    if then is None or now is None:
        yield Pair("model", then and then.acquisition, now and now.acquisition)
        return
    yield Pair(TRAINING_SET, then.training_sha256, now.training_sha256)
    yield Pair("left out", list(then.left_out), list(now.left_out))
    yield Pair("acquisition", then.acquisition, now.acquisition)
    yield from _leaf_pairs("", json.loads(then.canonical_json), json.loads(now.canonical_json))


def _leaf_pairs(path: str, then: Any, now: Any) -> Iterator[Pair]:
    """Pairs of all values in two nested tables, by their path in them."""
    if isinstance(then, dict) and isinstance(now, dict):
        for key in sorted({*then, *now}):
            yield from _leaf_pairs(f"{path} {key}".lstrip(), then.get(key), now.get(key))
    elif isinstance(then, list) and isinstance(now, list):
        for place, (one, other) in enumerate(zip_longest(then, now)):
            yield from _leaf_pairs(f"{path}[{place}]", one, other)
    elif isinstance(then, int | float) and isinstance(now, int | float):
        # Hyperparameters are logarithms or nearly so: 1 is the natural size of what is small.
        scale = max(1.0, abs(then)) if "hyperparameters" in path else abs(then)
        yield Pair(f"model state, {path}", then, now, scale, "its size")
    else:
        yield Pair(f"model state, {path}", then, now)


def _candidate_pairs(then: Candidate, now: Candidate, scales: Scales) -> Iterator[Pair]:
    of = f" of candidate {then.rank}"
    yield from _point_pairs(f"point{of}", then.point, now.point, scales.space)
    expected, again = then.prediction, now.prediction
    yield Pair(f"unit{of}", expected.unit, again.unit)
    spread = "the spread of the values"
    yield Pair(f"posterior mean{of}", expected.mean, again.mean, scales.spread, spread)
    yield Pair(f"posterior sigma{of}", expected.sigma, again.sigma, scales.spread, spread)
    # An acquisition may be a logarithm: 1 in it is a factor, and the natural size of what is small.
    size = max(1.0, abs(then.acquisition_value))
    yield Pair(
        f"acquisition{of}", then.acquisition_value, now.acquisition_value, size, "the acquisition's size"
    )
    yield Pair(f"rejection{of}", then.reject_code, now.reject_code)
    yield from _worth_pairs(of, then, now)


def _worth_pairs(of: str, then: Candidate, now: Candidate) -> Iterator[Pair]:
    """What a candidate was to gain and to cost, as far as that is on record: older records hold less."""
    for one, other in zip_longest(then.others, now.others) if then.others else ():
        name = one.name if one else other.name
        yield Pair(f"other feature{of}", one and (one.name, one.unit), other and (other.name, other.unit))
        if one and other:
            size = max(abs(one.mean), one.sigma)
            yield Pair(f"posterior mean of {name}{of}", one.mean, other.mean, size, "its size")
            yield Pair(f"posterior sigma of {name}{of}", one.sigma, other.sigma, size, "its size")
    if then.gain_unit is not None:
        yield Pair(f"unit of the gain{of}", then.gain_unit, now.gain_unit)
    numbers = {
        "expected gain": (then.expected_gain, now.expected_gain),
        "expected cost in s": (then.cost_s, now.cost_s),
        "chance of success": (then.chance, now.chance),
    }
    for name, (was, is_) in numbers.items():
        if was is not None:
            yield Pair(f"{name}{of}", was, is_, abs(was), "its size")


def _point_pairs(name: str, then: Point | None, now: Point | None, space: SearchSpace) -> Iterator[Pair]:
    if then is None or now is None:
        yield Pair(name, then and then.text(), now and now.text())
        return
    yield Pair(f"sample of {name}", then.sample, now.sample)
    for axis in sorted({*then.coordinates, *now.coordinates}):
        span = space.axis(axis).span if axis in space.names else 0.0
        one, other = then.coordinates.get(axis), now.coordinates.get(axis)
        yield Pair(f"{axis} of {name}", one, other, span, f"the range of {axis}")


def _said(value: Any) -> str:
    return "none" if value is None else repr(value) if isinstance(value, float) else str(value)
