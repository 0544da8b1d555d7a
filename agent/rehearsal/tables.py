"""The tables of a rehearsal's report, as HTML."""

from html import escape

from agent.rehearsal.verdict import Fared, Pairing, Quartiles, Verdict

SEED_BY_SEED = (
    "<p>On the same seed every strategy meets the same faults and the same noise. Better is who ends nearer; "
    "of two within 1 % of the scale, who came there with fewer measurements.</p>"
)
THE_NIGHT = (
    "<p>Each draw of the emulator is a truth that the recorded night may have met. Under each, the night's "
    "own measurements are scored as the strategies' are. Emulated throughout.</p>"
)


def number(value: float, verdict: Verdict) -> str:
    """A score for people."""
    return f"{value:.1%}" if verdict.unit == "share" else f"{value:.3g}"


def _unit(verdict: Verdict) -> str:
    return "" if verdict.unit in ("1", "share") else f" / {escape(verdict.unit)}"


def _spread(found: Quartiles, verdict: Verdict) -> str:
    low, middle, high = (number(x, verdict) for x in (found.low, found.middle, found.high))
    return f"{middle} <small>({low} to {high})</small>"


def _row(cells: list[str], tag: str = "td", mark: str = "") -> str:
    return f"<tr{mark}>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in cells) + "</tr>"


def _table(head: list[str], rows: list[str]) -> str:
    top = f"<thead>{_row(head, 'th')}</thead>"
    return f"<div class=scroll><table>{top}<tbody>{''.join(rows)}</tbody></table></div>"


def strategy_table(verdict: Verdict) -> str:
    """How each strategy fared."""
    head = [
        "strategy", f"final {verdict.score}{_unit(verdict)}", "hours", "exposure / s",
        "better than the others", "second tries",
    ]  # fmt: skip
    return _table(head, [_strategy_row(one, verdict) for one in verdict.strategies])


def _strategy_row(one: Fared, verdict: Verdict) -> str:
    name = escape(one.name) + (" <small>(always beside)</small>" if one.is_plain else "")
    cells = [
        name, _spread(one.final, verdict), f"{one.hours[-1]:.2f}", f"{one.exposed_s[-1]:.3g}",
        f"in {one.share_won:.0%} of nights", f"{one.repeats:.1f} a night",
    ]  # fmt: skip
    return _row(cells, mark=" class=best" if one.name == verdict.recommended else "")


def pair_table(verdict: Verdict) -> str:
    """The recommended strategy beside the others, and all other pairs folded away."""
    own = [*verdict.confirmed, *(one for one in verdict.pairs if one.one == verdict.recommended)]
    names = [one.name for one in verdict.strategies]
    rest = [
        one
        for one in verdict.pairs
        if verdict.recommended not in (one.one, one.other) and names.index(one.one) < names.index(one.other)
    ]
    gained = f"nearer by{_unit(verdict)}"
    head = ["", "nights", "better in", "95 % interval", gained, "95 % interval"]
    more = _table(head, [_pair_row(one, verdict) for one in rest])
    folded = f"<details><summary>All other pairs</summary>{more}</details>" if rest else ""
    return SEED_BY_SEED + _table(head, [_pair_row(one, verdict) for one in own]) + folded


def _pair_row(one: Pairing, verdict: Verdict) -> str:
    fresh = " <small>(fresh seeds: not chosen by them)</small>" if one.is_fresh else ""
    cells = [
        f"{escape(one.one)} beside {escape(one.other)}{fresh}", str(one.n), f"{one.share:.0%}",
        f"{one.low:.0%} to {one.high:.0%}", number(one.gap, verdict),
        f"{number(one.gap_low, verdict)} to {number(one.gap_high, verdict)}",
    ]  # fmt: skip
    return _row(cells, mark=" class=best" if one.is_fresh else "")


def night_table(verdict: Verdict) -> str:
    """The recorded night beside the strategies."""
    head = ["strategy", "as near, sooner", "95 % interval", "measurements needed", "came as near at all"]
    rows = [
        _row(
            [
                escape(one.name),
                f"in {one.sooner:.0%} of draws",
                f"{one.low:.0%} to {one.high:.0%}",
                f"{one.needed.middle:.0f} <small>({one.needed.low:.0f} to {one.needed.high:.0f})</small>",
                f"{one.reached:.0%}",
            ]
        )
        for one in verdict.night
    ]
    return THE_NIGHT + _table(head, rows)


def failure_table(verdict: Verdict) -> str:
    """What went wrong, and how each strategy met it."""
    codes = sorted({code for one in verdict.strategies for code in one.failed})
    if not codes:
        return "<p>Nothing went wrong in any rehearsed night.</p>"
    head = ["strategy", *map(escape, codes), "second tries", "how nights ended"]
    rows: list[str] = []
    for one in verdict.strategies:
        lost = [f"{one.failed.get(code, 0.0):.2f}" for code in codes]
        ended = ", ".join(f"{code} {n}" for code, n in sorted(one.endings.items()))
        rows.append(_row([escape(one.name), *lost, f"{one.repeats:.2f}", escape(ended)]))
    return "<p>Decisions a night that brought nothing, by what went wrong.</p>" + _table(head, rows)
