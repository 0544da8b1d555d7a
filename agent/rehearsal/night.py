"""The recorded night beside the strategies: whether another would have found it sooner."""

import numpy as np

from agent.rehearsal.judging import Contest
from agent.rehearsal.one import ALL
from agent.rehearsal.pairing import AS_NEAR, carried, filled, quartiles, share_interval
from agent.rehearsal.scoring import Judge, measured
from agent.rehearsal.sweep import Sweep
from agent.rehearsal.verdict import Found
from agent.rehearsal.worlds import furnish
from models.domain.scattering import Floats


def beside_the_night(sweep: Sweep, contest: Contest) -> tuple[Found, ...]:
    """How soon each strategy is as near as the recorded night came, draw by draw of the emulator."""
    nights = _night_scores(sweep, contest)
    found: list[Found] = []
    for name, tracks in contest.tracks.items():
        needed: list[float] = []
        sooner: list[float] = []
        reached: list[bool] = []
        for track in tracks:
            night = nights[track.place]
            level = float(night[-1]) + AS_NEAR * contest.scale
            mine, its = _first(filled(track, contest.budget), level), _first(night, level)
            needed.append(mine if np.isfinite(mine) else float(contest.budget))
            reached.append(bool(np.isfinite(mine)))
            sooner.append(0.5 if mine == its else float(mine < its))
        won, n = float(sum(sooner)), len(sooner)
        low, high = share_interval(won, n)
        found.append(
            Found(
                name=name, sooner=won / n, low=low, high=high, needed=quartiles(needed),
                reached=float(np.mean(reached)),
            )
        )  # fmt: skip
    return tuple(sorted(found, key=lambda one: -one.sooner))


def night_needed(sweep: Sweep, contest: Contest) -> tuple[float, float, float]:
    """Measurements after which the night itself was as near as it came: quartiles over the draws."""
    nights = _night_scores(sweep, contest)
    firsts = [_first(one, float(one[-1]) + AS_NEAR * contest.scale) for one in nights.values()]
    low, middle, high = np.quantile(firsts, [0.25, 0.5, 0.75]).tolist()
    return low, middle, high


def _first(scores: Floats, level: float) -> float:
    """Count of measurements after which a score is at that level; infinite when it never is."""
    is_there = scores <= level
    return float(np.argmax(is_there)) + 1.0 if is_there.any() else np.inf


def _night_scores(sweep: Sweep, contest: Contest) -> dict[int, Floats]:
    """The night's own scores after each of its measurements, by draw."""
    setting = sweep.setting
    world = furnish(setting.scene)
    read = measured(setting.recorded.history)
    found = [None if seen is None or d.point is None else (d.point, seen) for d, seen in read]
    places = sorted({track.place for tracks in contest.tracks.values() for track in tracks})
    scores: dict[int, Floats] = {}
    for place in places:
        standard = sweep.standards.get(place, sweep.standards.get(ALL))
        assert standard is not None
        judge = Judge(setting.plan.spec.objective, setting.plan.space, standard, world, place)
        scores[place] = carried(judge.scores(found), len(found))
    return scores
