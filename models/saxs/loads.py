"""What to do about a loaded cell: from its transmission, the empty cell's drift and the blanks around it."""

import math
from typing import Literal

from pydantic import Field

from models.domain.frozen import Frozen
from models.domain.load_limits import LoadLimits
from models.domain.scattering import Verdict

SURE_SIGMA = 3.0
"""Two transmissions differ when they do by so many sigma of both."""
MOST_NOISE = 1e6
"""A relative noise beyond which it does not matter."""
LoadWord = Literal["fine", "remeasure", "rinse", "re-dispense", "skip"]
"""Expose; measure the transmission again; rinse and load again; make the sample again; go on without it."""
TroubleWord = Literal["fault", "number", "empty", "carry_over", "unfilled", "air", "dense"]
"""It did not arrive; an impossible number; the empty cell, or the blank, is not what it was; nothing is in
the cell; air is; far too much is."""


class Transmission(Frozen):
    """Transmitted over incident flux."""

    value: float
    """Between 0 and 1; other values are judged, too."""
    sigma: float = Field(default=0.0, ge=0)
    """One standard deviation."""


class Tries(Frozen):
    """What was tried for one sample so far."""

    n_remeasured: int = Field(default=0, ge=0)
    """Measured again, since it was loaded."""
    n_rinsed: int = Field(default=0, ge=0)
    """Rinsed out and loaded again, since it was made."""
    n_dispensed: int = Field(default=0, ge=0)
    """Made again."""

    def after(self, verdict: LoadWord) -> "Tries":
        """What was tried once a verdict was followed."""
        if verdict == "remeasure":
            return self.model_copy(update={"n_remeasured": self.n_remeasured + 1})
        if verdict == "rinse":
            return self.model_copy(update={"n_remeasured": 0, "n_rinsed": self.n_rinsed + 1})
        if verdict == "re-dispense":
            return Tries(n_dispensed=self.n_dispensed + 1)
        return self


class Load(Frozen):
    """What was measured around one load. None where it was not."""

    loaded: Transmission | None = None
    """The loaded cell."""
    empty: Transmission | None = None
    """The empty cell, before this load."""
    empty_clean: Transmission | None = None
    """The empty cell, after it was cleaned last."""
    blank: Transmission | None = None
    """The cell with the blank."""
    carry_over: Verdict | None = None
    """What the check ``carry_over`` said of the blanks before and after the last sample."""
    fault: str | None = None
    """Why the sample did not arrive in the cell, where it did not: a clog, as the loader said it."""
    tries: Tries = Tries()
    """What was tried for this sample so far."""


class LoadVerdict(Frozen):
    """What to do about a load, and why."""

    verdict: LoadWord
    """What to do."""
    sentence: str
    """Value, limit and remedy, in one line."""
    value: float
    """What was found, relative to what it was compared with."""
    limit: float
    """What it was held against."""
    trouble: TroubleWord | None = None
    """What is wrong; None when nothing is."""
    is_sure: bool = True
    """False when noise may have made it."""


class _Trouble(Frozen):
    """One comparison that is beyond its limit."""

    word: TroubleWord
    said: str
    """What was found, with its limit."""
    value: float
    limit: float
    margin: float
    """What must exceed the noise for it to be sure."""
    noise: float = 0.0
    """One standard deviation of `margin`."""
    cures: tuple[LoadWord, ...]
    """What to do, the mildest first."""

    @property
    def is_sure(self) -> bool:
        """True when noise does not explain it."""
        return self.margin > SURE_SIGMA * self.noise


RELOAD: tuple[LoadWord, ...] = ("rinse", "re-dispense", "skip")
REMAKE: tuple[LoadWord, ...] = ("re-dispense", "skip")
WASH: tuple[LoadWord, ...] = ("rinse", "skip")
REMEDIES: dict[LoadWord, str] = {
    "fine": "expose it",
    "remeasure": "measure the transmission again",
    "rinse": "rinse the cell and load again",
    "re-dispense": "make the sample again",
    "skip": "go on without this sample, and look at the cell",
}
"""What each word tells a person to do."""


def judge_load(load: Load, limits: LoadLimits | None = None) -> LoadVerdict:
    """Say whether a load is fit to be exposed, and what to do where it is not.

    The first of these that is wrong decides: the numbers, the empty cell, the blanks, whether the cell is
    filled, and the sample beside the blank. A difference above its limit that its noise could make is
    measured again. What was tried as often as it may gives way to the next cure, and in the end to ``skip``:
    whoever follows the verdicts comes to an end.

    Parameters
    ----------
    load
        What was measured.
    limits
        What it is held against; the usual limits when left out.
    """
    limits = limits or LoadLimits()
    troubles = _troubles(load, limits)
    sure = next((trouble for trouble in troubles if trouble.is_sure), None)
    if sure is not None:
        cure: LoadWord = next(word for word in sure.cures if _may(word, load.tries, limits))
        return _verdict(cure, sure, f"{sure.said}: {REMEDIES[cure]}.")
    if not troubles:
        value, most = 0.0 if load.loaded is None else load.loaded.value, limits.transmission_max
        said = f"The loaded cell transmits {value:.4g}, at most {most:g} is possible: {REMEDIES['fine']}."
        return LoadVerdict(verdict="fine", sentence=said, value=value, limit=most)
    unclear = troubles[0]
    answer: LoadWord = "remeasure" if _may("remeasure", load.tries, limits) else "fine"
    doubt = f"{unclear.said}, but {SURE_SIGMA:g} sigma are {SURE_SIGMA * unclear.noise:.2%}"
    return _verdict(answer, unclear, f"{doubt}: {REMEDIES[answer]}.")


def _verdict(cure: LoadWord, trouble: _Trouble, sentence: str) -> LoadVerdict:
    return LoadVerdict(
        verdict=cure, sentence=sentence, value=trouble.value, limit=trouble.limit, trouble=trouble.word,
        is_sure=trouble.is_sure,
    )  # fmt: skip


def _may(cure: LoadWord, tries: Tries, limits: LoadLimits) -> bool:
    """True while a cure was tried less often than it may be."""
    if cure == "remeasure":
        return tries.n_remeasured < limits.n_remeasured
    if cure == "rinse":
        return tries.n_rinsed < limits.n_rinsed
    return cure != "re-dispense" or tries.n_dispensed < limits.n_dispensed


def _troubles(load: Load, limits: LoadLimits) -> list[_Trouble]:
    """All that is beyond its limit, the gravest first; nothing else where a number is impossible."""
    if load.fault is not None:
        said = load.fault.rstrip(".")
        return [_Trouble(word="fault", said=said, value=0.0, limit=0.0, margin=1.0, cures=WASH)]
    least, most = limits.transmission_min, limits.transmission_max
    for what, one in (
        ("loaded cell", load.loaded), ("empty cell", load.empty), ("clean cell", load.empty_clean),
        ("cell with the blank", load.blank),
    ):  # fmt: skip
        if one is not None and not least <= one.value <= most:
            said = f"The {what} transmits {one.value:.4g}, between {least:g} and {most:g} is possible"
            cures: tuple[LoadWord, ...] = ("remeasure", *WASH)
            return [_Trouble(word="number", said=said, value=one.value, limit=most, margin=1.0, cures=cures)]
    return [*_of_the_cell(load, limits), *_of_the_filling(load, limits)]


def _of_the_cell(load: Load, limits: LoadLimits) -> list[_Trouble]:
    """What was in the cell before: a drift of the empty cell, and what the blanks say."""
    found: list[_Trouble] = []
    if load.empty is not None and load.empty_clean is not None:
        drift, noise = _difference(load.empty, load.empty_clean)
        limit = limits.empty_drift_share
        if abs(drift) > limit:
            said = f"The empty cell transmits {_apart(drift)} than when it was clean, limit {limit:.2%}"
            found.append(
                _Trouble(
                    word="empty", said=said, value=drift, limit=limit, margin=abs(drift), noise=noise,
                    cures=WASH,
                )
            )  # fmt: skip
    carried = load.carry_over
    if carried is not None and not carried.is_ok:
        said = f"At low q the last blank is {_apart(carried.value)} than before, limit {carried.limit:.2%}"
        found.append(
            _Trouble(
                word="carry_over", said=said, value=carried.value, limit=carried.limit, margin=1.0, cures=WASH
            )
        )
    return found


def _of_the_filling(load: Load, limits: LoadLimits) -> list[_Trouble]:
    """What is in the cell now: anything at all, air, or far too much."""
    found: list[_Trouble] = []
    if load.loaded is None:
        return found
    if load.empty is not None:
        less, noise = _difference(load.loaded, load.empty)
        limit = -limits.filled_share
        if less > limit:
            said = f"The loaded cell transmits {_apart(less)} than empty, filled is {_apart(limit)}"
            margin = less - limit
            found.append(
                _Trouble(
                    word="unfilled", said=said, value=less, limit=limit, margin=margin, noise=noise,
                    cures=RELOAD,
                )
            )  # fmt: skip
    if load.blank is not None:
        beside, noise = _difference(load.loaded, load.blank)
        kinds: tuple[tuple[TroubleWord, float, str, tuple[LoadWord, ...]], ...] = (
            ("air", limits.bubble_rise_share, "there is air in it", RELOAD),
            ("dense", -limits.dense_fall_share, "it has settled, or is another one", REMAKE),
        )
        for word, limit, what, cures in kinds:
            if beside * limit > limit**2:
                said = f"The sample transmits {_apart(beside)} than the blank, limit {limit:+.2%}: {what}"
                margin = abs(beside)
                found.append(
                    _Trouble(
                        word=word, said=said, value=beside, limit=limit, margin=margin, noise=noise,
                        cures=cures,
                    )
                )  # fmt: skip
    return found


def _difference(one: Transmission, other: Transmission) -> tuple[float, float]:
    """One over the other, less 1, and one standard deviation of it."""
    ratio = one.value / other.value
    noise = ratio * math.hypot(one.sigma / one.value, other.sigma / other.value)
    return ratio - 1, min(noise, MOST_NOISE)


def _apart(difference: float) -> str:
    """A relative difference for people: ``3.16% less``."""
    return f"{abs(difference):.2%} {'more' if difference >= 0 else 'less'}"
