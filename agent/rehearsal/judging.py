"""From tracks to a verdict: who fared how, which strategy is recommended, and on what evidence."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from agent.rehearsal.jobs import Track
from agent.rehearsal.pairing import filled, pair, quartiles
from agent.rehearsal.verdict import Calibrated, Fared, Pairing, Quartiles, Sensitive
from models.domain.bands import Z_95
from models.domain.scattering import Floats

N_CLASSES = 6
"""Classes of expected gains."""
FEWEST_IN_CLASS = 5

Scores = Mapping[str, Mapping[int, Floats]]
"""Scores after each measurement, by strategy and seed."""


@dataclass(frozen=True)
class Contest:
    """The tracks of one rehearsal, sorted."""

    tracks: Mapping[str, Sequence[Track]]
    """Of the contest itself, by strategy."""
    fresh: Mapping[str, Sequence[Track]]
    """On fresh seeds, by strategy."""
    variants: Mapping[str, Sequence[Track]]
    """Of the recommended strategy with one thing changed, by what was changed."""
    budget: int
    """Measurements of a campaign."""
    scale: float
    """What a score of 100 % is."""

    def scores(self, tracks: Mapping[str, Sequence[Track]]) -> Scores:
        """Scores after each measurement."""
        return {
            name: {track.place: filled(track, self.budget) for track in found}
            for name, found in tracks.items()
        }


def sort_out(tracks: Iterable[Track], n_seeds: int, budget: int, scale: float) -> Contest:
    """Sort tracks by what they were played for."""
    contest: dict[str, list[Track]] = {}
    fresh: dict[str, list[Track]] = {}
    variants: dict[str, list[Track]] = {}
    for track in tracks:
        if track.variant:
            variants.setdefault(track.variant, []).append(track)
        else:
            (contest if track.place < n_seeds else fresh).setdefault(track.contender, []).append(track)
    return Contest(contest, fresh, variants, budget, scale)


def pair_all(contest: Contest) -> tuple[Pairing, ...]:
    """Every ordered pair of the contest."""
    scores = contest.scores(contest.tracks)
    found = [pair((a, b), scores[a], scores[b], contest.scale) for a, b in permutations(scores, 2)]
    return tuple(one for one in found if one is not None)


def shares_won(pairs: Iterable[Pairing]) -> dict[str, float]:
    """Mean share of nights in which each strategy is better than another."""
    shares: dict[str, list[float]] = {}
    for one in pairs:
        shares.setdefault(one.one, []).append(one.share)
    return {name: float(np.mean(found)) for name, found in shares.items()}


def recommend(contest: Contest, pairs: tuple[Pairing, ...]) -> str:
    """The strategy that is better than the others most often; of equals, the one with the lower median."""
    shares = shares_won(pairs)
    scores = contest.scores(contest.tracks)

    def rank(name: str) -> tuple[float, float]:
        finals = [float(found[-1]) for found in scores[name].values()]
        return -shares.get(name, 0.0), float(np.median(finals))

    return min(scores, key=rank)


def rivals_of(name: str, contest: Contest, pairs: tuple[Pairing, ...], plain: Iterable[str]) -> list[str]:
    """Whom a recommended strategy is held against on fresh seeds: the next best, and the best plain one."""
    shares = shares_won(pairs)
    others = sorted((one for one in contest.tracks if one != name), key=lambda one: -shares.get(one, 0.0))
    best_plain = [one for one in others if one in set(plain)][:1]
    return list(dict.fromkeys([*others[:1], *best_plain]))


def confirm(name: str, contest: Contest) -> tuple[Pairing, ...]:
    """The recommended strategy beside its rivals on seeds that it was not chosen by."""
    scores = contest.scores(contest.fresh)
    if name not in scores:
        return ()
    found = [
        pair((name, other), scores[name], scores[other], contest.scale, is_fresh=True)
        for other in scores
        if other != name
    ]
    return tuple(one for one in found if one is not None)


def fared(name: str, contest: Contest, *, is_plain: bool, share_won: float) -> Fared:
    """How one strategy fared."""
    tracks = contest.tracks[name]
    scores = np.array([filled(track, contest.budget) for track in tracks])
    n = len(tracks)
    failed: Counter[str] = Counter()
    for track in tracks:
        failed.update(track.failed)
    return Fared(
        name=name,
        is_plain=is_plain,
        n=n,
        final=quartiles(np.minimum(scores[:, -1], contest.scale)),
        by_measurement=tuple(_quartiles_or_none(column) for column in scores.T),
        hours=_medians(tracks, contest.budget, "hours"),
        exposed_s=_medians(tracks, contest.budget, "exposed_s"),
        share_won=share_won,
        failed={code: count / n for code, count in sorted(failed.items())},
        repeats=float(np.mean([track.repeats for track in tracks])),
        endings=dict(Counter(track.ending for track in tracks)),
        cpu_s=float(np.median([track.cpu_s for track in tracks])),
    )


def _quartiles_or_none(column: Floats) -> Quartiles | None:
    """None where a quarter of the campaigns or more has no score yet."""
    return quartiles(column) if np.isfinite(np.quantile(column, 0.75, method="higher")) else None


def _medians(tracks: Sequence[Track], n: int, what: str) -> tuple[float, ...]:
    rows = []
    for track in tracks:
        row = [float(getattr(step, what)) for step in track.steps]
        rows.append((row + [row[-1] if row else 0.0] * n)[:n])
    return tuple(np.median(np.array(rows), axis=0).tolist())


def calibrate(name: str, tracks: Sequence[Track]) -> Calibrated | None:
    """How what a strategy foretold came true; None where it foretold nothing."""
    told = [one for track in tracks for one in track.forecasts]
    if not told:
        return None
    inside = float(np.mean([abs(one.z) <= Z_95 for one in told]))
    gains = np.array([(g.gain, g.gained) for g in told if g.gain is not None and g.gained is not None])
    return Calibrated(name=name, n=len(told), coverage=inside, gains=_classes(gains))


def _classes(gains: Floats) -> tuple[tuple[float, float, float], ...]:
    """Mean expected and found gain, with its standard error, in classes of equal count."""
    if len(gains) < FEWEST_IN_CLASS:
        return ()
    n_classes = min(N_CLASSES, len(gains) // FEWEST_IN_CLASS)
    ordered = gains[np.argsort(gains[:, 0], kind="stable")]
    return tuple(
        (
            float(part[:, 0].mean()),
            float(part[:, 1].mean()),
            float(part[:, 1].std(ddof=1) / np.sqrt(len(part))),
        )
        for part in np.array_split(ordered, n_classes)
    )


def sensitivities(contest: Contest) -> tuple[Sensitive, ...]:
    """What noise and initial design matter to the recommended strategy."""
    return tuple(
        Sensitive(
            variant=variant,
            n=len(tracks),
            final=quartiles(
                [min(float(filled(track, contest.budget)[-1]), contest.scale) for track in tracks]
            ),
        )
        for variant, tracks in contest.variants.items()
    )
