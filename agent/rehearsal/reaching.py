"""The verdict of a rehearsal, from all that was played."""

from collections.abc import Sequence

from agent.rehearsal.jobs import Track
from agent.rehearsal.judging import (
    Contest,
    calibrate,
    confirm,
    fared,
    pair_all,
    recommend,
    sensitivities,
    shares_won,
    sort_out,
)
from agent.rehearsal.measured import SHARE_KEPT
from agent.rehearsal.night import beside_the_night, night_needed
from agent.rehearsal.sweep import Sweep, budget_of
from agent.rehearsal.verdict import Fared, Pairing, Verdict
from agent.rehearsal.yardsticks.catalog import yardstick_for

EVEN = 0.5
"""Share of fresh nights below which a recommendation is not confirmed."""
FEW_SEEDS = 10
"""With fewer seeds a recommendation is hardly one."""


def reach_verdict(sweep: Sweep) -> Verdict:
    """All that a rehearsal found."""
    setting = sweep.setting
    plan, objective = setting.plan, setting.plan.spec.objective
    budget, scale = budget_of(setting), sweep.scale
    contest = sort_out(sweep.tracks, sweep.order.n_seeds, budget, scale)
    pairs = pair_all(contest)
    best, shares = recommend(contest, pairs), shares_won(pairs)
    strategies = [
        fared(name, contest, is_plain=setting.plans[name][0].is_plain, share_won=shares.get(name, 0.0))
        for name in contest.tracks
    ]
    strategies.sort(key=lambda one: (one.name != best, -one.share_won, one.final.middle))
    confirmed = confirm(best, contest)
    told = [calibrate(name, _tracks_of(contest, name)) for name in contest.tracks]
    yardstick = yardstick_for(objective)
    unit = "share" if yardstick.is_share else setting.unit
    return Verdict(
        campaign=plan.spec.name,
        objective=objective.text(),
        world=setting.choice.text(),
        is_emulated=setting.choice.kind == "log",
        trust=setting.told,
        caution=setting.choice.caution,
        score=yardstick.name,
        meaning=yardstick.meaning,
        unit=unit,
        scale=scale,
        budget=budget,
        n_seeds=min(len(found) for found in contest.tracks.values()),
        n_campaigns=len(sweep.tracks),
        strategies=tuple(strategies),
        pairs=pairs,
        confirmed=confirmed,
        calibration=tuple(one for one in told if one is not None),
        sensitivity=sensitivities(contest),
        night=beside_the_night(sweep, contest) if setting.choice.kind == "log" else (),
        ideal=yardstick.ideal(next(iter(sweep.standards.values())), budget),
        recommended=best,
        sentence=sentence_of(strategies, confirmed or pairs, (yardstick.name, unit)),
        remarks=_remarks(sweep, contest),
        broken=tuple(f"{one.job.name}: {one.why}" for one in sweep.broken),
    )


def _tracks_of(contest: Contest, name: str) -> Sequence[Track]:
    return [*contest.tracks[name], *contest.fresh.get(name, ())]


def sentence_of(strategies: Sequence[Fared], pairs: Sequence[Pairing], score: tuple[str, str]) -> str:
    """The recommendation in one sentence, with its evidence; none where fresh nights speak against it.

    Parameters
    ----------
    strategies
        How each fared, the recommended one first.
    pairs
        Comparisons, of which those of the recommended one count.
    score
        Name and unit of the score.
    """
    best = strategies[0]
    name, unit = score
    beside = {one.other: one for one in pairs if one.one == best.name}
    plain = next((one for one in strategies[1:] if one.is_plain and one.name in beside), None)
    rival = next((one for one in strategies[1:] if not one.is_plain and one.name in beside), None)
    named = [beside[one.name] for one in (plain, rival) if one is not None]
    told = [_better(one) for one in named]
    doubted = [one for one in named if one.is_fresh and one.share < EVEN]
    is_alike = (
        rival is not None and [one.other for one in doubted] == [rival.name] and doubted[0].high >= EVEN
    )
    if doubted and not is_alike:
        return (
            f"Nothing is recommended: {best.name} was best in the contest; fresh nights do not confirm it "
            f"({'; '.join(told)}). Rehearse with more --seeds."
        )
    unit_text = "" if unit in ("1", "share") else f" {unit}"
    share = f"{best.final.middle:.1%}" if unit == "share" else f"{best.final.middle:.3g}{unit_text}"
    n = len(best.by_measurement)
    if is_alike:
        run = f"{best.name} or {doubted[0].other}, which fresh nights do not tell apart"
    else:
        run = best.name
    return f"Run {run}: {'; '.join([*told, f'median {name} {share} after {n} measurements'])}."


def _better(one: Pairing) -> str:
    seeds = "fresh nights" if one.is_fresh else "nights"
    return (
        f"better than {one.other} in {one.share:.0%} of {one.n} {seeds} "
        f"(95 % interval {one.low:.0%} to {one.high:.0%})"
    )


def _remarks(sweep: Sweep, contest: Contest) -> tuple[str, ...]:
    kind = sweep.setting.choice.kind
    said: list[str] = []
    if kind == "log":
        low, middle, high = night_needed(sweep, contest)
        said.append(
            f"The recorded night was as near as it came after {middle:.0f} measurements ({low:.0f} to "
            f"{high:.0f}, quartiles over the draws). Blanks are not taken again: the curves are without them."
        )
    if kind == "fast":
        said.append(
            "The fast twin renders no frames: every fault of a frame counts as found and is measured again. "
            "How faults slip through shows on the full twin (--world twin)."
        )
    if kind == "folder":
        said.append(
            "The truth is what was measured: its noise is in it, and the noise cannot be turned up or down. "
            f"Every night but the first lacks {1 - SHARE_KEPT:.0%} of the samples, drawn anew, so that "
            "nights differ, and is held against the best of those that it has."
        )
    if kind == "twin":
        said.append("The truth is the twin's own, not your sample's.")
    n = min(len(found) for found in contest.tracks.values())
    if n < FEW_SEEDS:
        said.append(f"Only {n} seeds: intervals are wide. Rehearse with --seeds {2 * FEW_SEEDS} or more.")
    if not contest.fresh:
        said.append("Not confirmed on fresh seeds: the strategy was chosen by the nights that praise it.")
    return tuple(said)
