"""report.html: one page that stands alone, for a proposal and for whoever asks why."""

from collections.abc import Iterator
from html import escape

from agent.rehearsal.drawings import (
    as_svg,
    draw_calibration,
    draw_finals,
    draw_progress,
    draw_sensitivity,
)
from agent.rehearsal.style import CSS
from agent.rehearsal.verdict import Fared, Pairing, Quartiles, Verdict

WIDE, NARROW = (11.5, 4.4), (6.4, 3.0)
"""Sizes of pictures, inches."""


def report_page(verdict: Verdict, tonight: str) -> str:
    """The page.

    Parameters
    ----------
    verdict
        What was found.
    tonight
        The campaign file of the recommended strategy.
    """
    title = escape(f"Rehearsal of {verdict.campaign}")
    body = "\n".join(_parts(verdict, tonight))
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<style>{CSS}</style>\n</head>\n'
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def _parts(verdict: Verdict, tonight: str) -> Iterator[str]:
    yield from _head(verdict)
    yield _section(
        "How near, how soon",
        _figure(as_svg(lambda f: draw_progress(f, verdict), WIDE), _progress_text(verdict)),
    )
    finals = as_svg(lambda f: draw_finals(f, verdict), (NARROW[0], 1.0 + 0.42 * len(verdict.strategies)))
    yield _section("Strategies", _strategy_table(verdict) + _figure(finals, ""))
    yield _section("Seed by seed", _pair_table(verdict))
    if verdict.night:
        yield _section("The recorded night", _night_table(verdict))
    if verdict.calibration:
        picture = as_svg(lambda f: draw_calibration(f, verdict), (9.5, 3.4))
        yield _section("What was foretold, and what came", _figure(picture, _calibration_text()))
    if verdict.sensitivity:
        picture = as_svg(
            lambda f: draw_sensitivity(f, verdict), (NARROW[0], 1.2 + 0.4 * len(verdict.sensitivity))
        )
        said = f"{escape(verdict.recommended)} on the same {verdict.n_seeds} nights, with one thing changed."
        yield _section("What matters", _figure(picture, said))
    yield _section("What went wrong, and how it was met", _failure_table(verdict))
    yield _section("Tonight", f"<p>Save this as a campaign file and run it.</p><pre>{escape(tonight)}</pre>")
    yield _foot(verdict)


def _head(verdict: Verdict) -> Iterator[str]:
    yield f"<header><p class=over>Rehearsal of {escape(verdict.campaign)}</p>"
    yield f"<h1>{escape(verdict.sentence)}</h1>"
    if verdict.is_emulated:
        yield (
            '<p class="emulated">Emulated: the truth on this page is a model of a recorded night, '
            "not a measurement. Every nights' truth is another draw of that model.</p>"
        )
    facts = {
        "Sought": verdict.objective,
        "Rehearsed on": verdict.world,
        "Nights": f"{verdict.n_seeds} of each strategy, {verdict.n_campaigns} in all",
        "Budget": f"{verdict.budget} measurements",
    }
    cells = "".join(f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in facts.items())
    yield f"<dl>{cells}</dl></header>"


def _section(title: str, inside: str) -> str:
    return f"<section><h2>{escape(title)}</h2>\n{inside}\n</section>"


def _figure(svg: str, caption: str) -> str:
    said = f"<figcaption>{caption}</figcaption>" if caption else ""
    return f"<figure>{svg}{said}</figure>"


def _progress_text(verdict: Verdict) -> str:
    what = {
        "regret": "Regret is how much worse the place is that looks best so far than the best place there is, "
        "by the truth",
        "rmse": "The error is that of a map by one common model from what was measured, root mean square over "
        "the region",
        "share wrong": "Share of the region that a map by one common model puts on the wrong side",
    }[verdict.score]
    return (
        f"Medians; bands are quartiles over the nights. {what}. What lies below a thousandth is drawn there."
    )


def _calibration_text() -> str:
    return (
        "Left: gains that a strategy expected of its next measurement, in classes, and the mean gain in the best "
        "measured value that came, with its standard error. Right: measured values against the band foretold."
    )


def _number(value: float, verdict: Verdict) -> str:
    return f"{value:.1%}" if verdict.unit == "share" else f"{value:.3g}"


def _spread(found: Quartiles, verdict: Verdict) -> str:
    return f"{_number(found.middle, verdict)} <small>({_number(found.low, verdict)} to {_number(found.high, verdict)})</small>"


def _row(cells: list[str], tag: str = "td", mark: str = "") -> str:
    return f"<tr{mark}>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in cells) + "</tr>"


def _table(head: list[str], rows: list[str]) -> str:
    return f"<div class=scroll><table><thead>{_row(head, 'th')}</thead><tbody>{''.join(rows)}</tbody></table></div>"


def _strategy_table(verdict: Verdict) -> str:
    unit = "" if verdict.unit in ("1", "share") else f" / {escape(verdict.unit)}"
    head = [
        "strategy",
        f"final {verdict.score}{unit}",
        "hours",
        "exposure / s",
        "better than the others",
        "second tries",
    ]
    rows = [_strategy_row(one, verdict) for one in verdict.strategies]
    return _table(head, rows)


def _strategy_row(one: Fared, verdict: Verdict) -> str:
    name = escape(one.name) + (" <small>(always beside)</small>" if one.is_plain else "")
    cells = [
        name, _spread(one.final, verdict), f"{one.hours[-1]:.2f}", f"{one.exposed_s[-1]:.3g}",
        f"in {one.share_won:.0%} of nights", f"{one.repeats:.1f} a night",
    ]  # fmt: skip
    return _row(cells, mark=" class=best" if one.name == verdict.recommended else "")


def _pair_table(verdict: Verdict) -> str:
    chosen = [*verdict.confirmed, *(one for one in verdict.pairs if one.one == verdict.recommended)]
    unit = "" if verdict.unit in ("1", "share") else f" / {escape(verdict.unit)}"
    head = ["", "nights", "better", "95 % interval", f"final {verdict.score}{unit}: gained", "95 % interval"]
    rows = [_pair_row(one, verdict) for one in chosen]
    said = (
        "<p>On the same seed every strategy meets the same faults and the same noise. Better is who ends nearer; of "
        "two within 1 % of the scale, who came there with fewer measurements.</p>"
    )
    rest = [one for one in verdict.pairs if one.one != verdict.recommended]
    more = _table(head, [_pair_row(one, verdict) for one in rest])
    folded = f"<details><summary>All other pairs</summary>{more}</details>" if rest else ""
    return said + _table(head, rows) + folded


def _pair_row(one: Pairing, verdict: Verdict) -> str:
    fresh = " <small>(fresh seeds: not chosen by them)</small>" if one.is_fresh else ""
    cells = [
        f"{escape(one.one)} beside {escape(one.other)}{fresh}", str(one.n), f"{one.share:.0%}",
        f"{one.low:.0%} to {one.high:.0%}", _number(one.gap, verdict),
        f"{_number(one.gap_low, verdict)} to {_number(one.gap_high, verdict)}",
    ]  # fmt: skip
    return _row(cells, mark=" class=best" if one.is_fresh else "")


def _night_table(verdict: Verdict) -> str:
    head = [
        "strategy",
        "would have been as near sooner",
        "95 % interval",
        "measurements needed",
        "came as near at all",
    ]
    rows = [
        _row(
            [
                escape(one.name), f"in {one.sooner:.0%} of draws", f"{one.low:.0%} to {one.high:.0%}",
                f"{one.needed.middle:.0f} <small>({one.needed.low:.0f} to {one.needed.high:.0f})</small>",
                f"{one.reached:.0%}",
            ]
        )
        for one in verdict.night
    ]  # fmt: skip
    said = (
        "<p>Each draw of the emulator is a truth that the recorded night may have met. Under each, the night's own "
        "measurements are scored as the strategies' are. Emulated throughout.</p>"
    )
    return said + _table(head, rows)


def _failure_table(verdict: Verdict) -> str:
    codes = sorted({code for one in verdict.strategies for code in one.failed})
    if not codes:
        return "<p>Nothing went wrong in any rehearsed night.</p>"
    head = ["strategy", *(escape(code) for code in codes), "second tries", "how nights ended"]
    rows = [
        _row(
            [
                escape(one.name), *(f"{one.failed.get(code, 0.0):.2f}" for code in codes), f"{one.repeats:.2f}",
                escape(", ".join(f"{code} {n}" for code, n in sorted(one.endings.items()))),
            ]
        )
        for one in verdict.strategies
    ]  # fmt: skip
    return "<p>Decisions a night that brought nothing, by what went wrong.</p>" + _table(head, rows)


def _foot(verdict: Verdict) -> str:
    remarks = "".join(f"<li>{escape(one)}</li>" for one in verdict.remarks)
    broken = "".join(f"<li>Broke off: {escape(one)}</li>" for one in verdict.broken)
    notes = f"<ul>{remarks}{broken}</ul>" if remarks or broken else ""
    return f"<footer>{notes}<p>nightbeam rehearse. All numbers are in report.json; every rehearsed night is on record in rehearsal.db.</p></footer>"
