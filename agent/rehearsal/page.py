"""report.html: one page that stands alone, for a proposal and for whoever asks why."""

from collections.abc import Iterator
from html import escape

from agent.rehearsal.drawings import (
    as_svg,
    draw_calibration,
    draw_finals,
    draw_progress,
    draw_sensitivity,
    gaining,
)
from agent.rehearsal.style import CSS
from agent.rehearsal.tables import failure_table, night_table, pair_table, strategy_table
from agent.rehearsal.verdict import Verdict

WIDE, NARROW, MIDDLE = (11.5, 4.6), 6.4, (9.5, 3.4)
"""Sizes of pictures, inches."""
HEAD = '<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">'
EMULATED = (
    '<p class="emulated"><b>Emulated.</b> The truth on this page is a model of a recorded night, not a '
    "measurement: every night's truth is another draw of that model. {trust}</p>"
)
FORETOLD = (
    "Left: gains that a strategy expected of its next measurement, in classes, and the mean gain in the best "
    "measured value that came, with its standard error. Right: measured values against the band foretold."
)

ONLY_BANDS = "Measured values against the band foretold. This goal has no gain that one measurement shows."


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
    body = "\n".join([*_head(verdict), *_pictures(verdict), *_rest(verdict, tonight)])
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n{HEAD}\n<title>{title}</title>\n<style>{CSS}</style>\n'
        f"</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _head(verdict: Verdict) -> Iterator[str]:
    yield f"<header><p class=over>Rehearsal of {escape(verdict.campaign)}</p>"
    yield f"<h1>{escape(verdict.sentence)}</h1>"
    if verdict.is_emulated:
        yield EMULATED.format(trust=escape(verdict.trust))
    if verdict.caution:
        yield f'<p class="emulated">{escape(verdict.caution)}</p>'
    facts = {
        "Sought": verdict.objective,
        "Rehearsed on": verdict.world,
        "Nights": f"{verdict.n_seeds} of each strategy, {verdict.n_campaigns} in all",
        "Budget": f"{verdict.budget} measurements",
    }
    cells = "".join(f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in facts.items())
    yield f"<dl>{cells}</dl></header>"


def _pictures(verdict: Verdict) -> Iterator[str]:
    progress = as_svg(lambda figure: draw_progress(figure, verdict), WIDE)
    said = f"Medians; bands are quartiles over the nights. {escape(verdict.meaning)}"
    yield _section("How near, how soon", _figure(progress, said))
    finals = as_svg(
        lambda figure: draw_finals(figure, verdict), (NARROW, 1.0 + 0.42 * len(verdict.strategies))
    )
    yield _section("Strategies", strategy_table(verdict) + _figure(finals, ""))
    yield _section("Seed by seed", pair_table(verdict))
    if verdict.night:
        yield _section("Would another have found it sooner?", night_table(verdict))
    if verdict.calibration:
        has_gains = bool(gaining(verdict))
        height = 1.2 + 0.4 * len(verdict.calibration)
        picture = as_svg(
            lambda figure: draw_calibration(figure, verdict), MIDDLE if has_gains else (NARROW, height)
        )
        yield _section(
            "What was foretold, and what came", _figure(picture, FORETOLD if has_gains else ONLY_BANDS)
        )
    if verdict.sensitivity:
        size = (NARROW, 1.2 + 0.4 * len(verdict.sensitivity))
        picture = as_svg(lambda figure: draw_sensitivity(figure, verdict), size)
        said = f"{escape(verdict.recommended)} on the same {verdict.n_seeds} nights, with one thing changed."
        yield _section("What matters", _figure(picture, said))


def _rest(verdict: Verdict, tonight: str) -> Iterator[str]:
    yield _section("What went wrong, and how it was met", failure_table(verdict))
    file = f"<p>Save this as a campaign file and run it.</p><pre>{escape(tonight)}</pre>"
    yield _section("Tonight", file)
    notes = "".join(f"<li>{escape(one)}</li>" for one in verdict.remarks)
    notes += "".join(f"<li>Broke off: {escape(one)}</li>" for one in verdict.broken)
    listed = f"<ul>{notes}</ul>" if notes else ""
    yield (
        f"<footer>{listed}<p>nightbeam rehearse. All numbers are in report.json; every rehearsed night is on "
        "record in rehearsal.db.</p></footer>"
    )


def _section(title: str, inside: str) -> str:
    return f"<section><h2>{escape(title)}</h2>\n{inside}\n</section>"


def _figure(svg: str, caption: str) -> str:
    said = f"<figcaption>{caption}</figcaption>" if caption else ""
    return f"<figure>{svg}{said}</figure>"
