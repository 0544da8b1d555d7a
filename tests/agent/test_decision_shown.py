"""One decision as `nightbeam log --seq` shows it: whole words at any width, fingerprints short and last."""

import re

import pytest

from tests import fakes

WORD = re.compile(r"[0-9a-f]{12,}")


@pytest.fixture
def shown(nightbeam, make_loop, bayesian, tmp_path, monkeypatch):
    """The last decision of a short night at a width of the terminal."""
    loop = make_loop(bayesian)
    loop.run()
    (last,) = [d for d in loop.history.decisions if d.seq == loop.history.n_measured]
    assert len(last.candidates) > 1

    def show(width: int) -> tuple[str, object]:
        monkeypatch.setenv("COLUMNS", str(width))
        status, out, _ = nightbeam("log", "--seq", str(last.seq), "--db", fakes.sqlite_url(tmp_path))
        assert status == 0
        return out, last

    return show


@pytest.mark.parametrize("width", [40, 80, 119])
def test_a_narrow_terminal_shows_whole_words(shown, width):
    out, decision = shown(width)
    squeezed = " ".join(out.split())
    assert decision.reason.sentence in squeezed
    for candidate in decision.candidates:
        assert f"{candidate.rank} {candidate.point.text()}: " in squeezed
        assert f"acquisition {candidate.acquisition_value:.4g}" in squeezed
    longest = max(len(word) for word in squeezed.split())
    assert all(len(line.rstrip()) <= max(width, 10 + longest) for line in out.splitlines())


def test_a_wide_terminal_shows_a_table(shown):
    out, decision = shown(200)
    for candidate in decision.candidates:
        assert candidate.point.text() in out
    assert "┏" in out


def test_fingerprints_are_short_and_come_last(shown):
    out, decision = shown(80)
    above, _, below = out.rpartition("\nsha-256")
    assert WORD.findall(above.replace(str(decision.seed), "")) == []
    assert f"model {decision.model.sha256[:12]}" in " ".join(below.split())
    assert all(len(word) == 12 for word in WORD.findall(below))
