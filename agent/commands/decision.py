"""How one decision is shown: why, the alternatives, the model, the commands, the outcome, the notes."""

import dataclasses
import json
import textwrap
from collections.abc import Callable, Iterator

from pydantic import BaseModel
from rich.console import Console
from rich.table import Table
from rich.text import Text

from db.detail import Detail
from models.domain.decision import Candidate, Decision, Prediction
from models.domain.history import Observation
from models.domain.wording import feature_text

WIDE = 120
"""Columns of a terminal from which on the alternatives stand in a table."""
N_LETTERS = 12
"""So much of a fingerprint is shown."""
FINGERPRINT = "fingerprint"
"""Unit of a check whose value tells nobody anything."""


def show_decision(detail: Detail, as_json: bool) -> None:
    """Print one decision, as facts in two columns or as one JSON object."""
    if as_json:
        print(json.dumps(dataclasses.asdict(detail), default=_plain, ensure_ascii=False))
        return
    console = Console(markup=False, highlight=False)
    facts = list(_facts(detail))
    indent = max(len(name) for name, _ in facts) + 2
    for name, said in facts:
        _tell(console, name, said, indent)
    if detail.decision.candidates:
        _tell_alternatives(console, detail)
    _tell(console, "sha-256", "; ".join(_fingerprints(detail)) or "-", indent)


def _tell(console: Console, name: str, said: str, indent: int) -> None:
    """Print a fact: its name, and what is said beside it, in whole words; a path stays in one piece."""
    lines = textwrap.wrap(
        said, console.width - indent, break_long_words=False, break_on_hyphens=False
    )  # fmt: skip
    for number, line in enumerate(lines or [""]):
        head = name if number == 0 else ""
        console.print(Text.assemble((f"{head:<{indent}}", "bold"), line), soft_wrap=True)


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError(f"{type(value).__name__} is no JSON")


def _facts(detail: Detail) -> Iterator[tuple[str, str]]:
    decision = detail.decision
    yield "decision", f"{decision.seq} of {detail.campaign}, {decision.kind}, {detail.utc}"
    yield "by", f"{decision.actor.kind} {decision.actor.name}"
    yield "where", decision.point.text() if decision.point else "-"
    yield "why", f"{decision.reason.sentence} ({decision.reason.code})"
    if decision.setup is not None:
        yield "set-up", decision.setup.text()
    yield from _made(decision)
    yield from _expected(decision)
    yield "knew", f"the outcomes of decisions up to {decision.watermark}; seed {decision.seed}"
    for name, seq in (("repeats", decision.repeats), ("supersedes", decision.supersedes)):
        if seq is not None:
            yield name, f"decision {seq}"
    if decision.model is not None:
        left = ", ".join(map(str, decision.model.left_out)) or "none"
        yield "model", f"{decision.model.acquisition}; not learned from: {left}"
    for command in detail.commands:
        states = " -> ".join(f"{state} {utc[11:23]}" for utc, state in command.states) or "never given"
        took = "" if command.duration_s is None else f" It took {command.duration_s:.4g} s."
        yield "command", f"{command.action_id}: {states}. {command.sentence}{took}"
    yield "outcome", detail.outcome
    yield from _outcome(detail)
    kept = [_artifact_name(role, name) for role, name, _ in detail.artifacts]
    if kept:
        yield "kept", ", ".join(kept)
    for remark in detail.remarks:
        yield remark.sort, f"{remark.text} ({remark.utc[:19]}Z)"


def _made(decision: Decision) -> Iterator[tuple[str, str]]:
    """What its sample is made of, or when it was made, and what is made while it is exposed."""
    if decision.recipe is not None:
        yield "made of", f"{decision.recipe.text()}, in well {decision.recipe.well}"
    if decision.prepared is not None:
        yield "sample", f"{decision.prepared}, which was made ahead"
    if decision.ahead is not None:
        made = decision.ahead
        yield "meanwhile", f"{made.sample} is made: {made.recipe.text()}, in well {made.recipe.well}"


def _artifact_name(role: str, name: str) -> str:
    return role if name == role else f"{role} {name}"


def _fingerprints(detail: Detail) -> Iterator[str]:
    """What proves which files and which model it was, below what people read; `--json` has them in full."""
    model = detail.decision.model
    if model is not None:
        yield f"training set {model.training_sha256[:N_LETTERS]}"
        yield f"model {model.sha256[:N_LETTERS]}"
    if detail.exposure is not None:
        for asset in detail.exposure.assets:
            yield f"{asset.role} {asset.sha256[:N_LETTERS]}"
    for role, name, sha256 in detail.artifacts:
        yield f"{_artifact_name(role, name)} {sha256[:N_LETTERS]}"


def _expected(decision: Decision) -> Iterator[tuple[str, str]]:
    """What the chosen point was to gain and to cost, and what held it; nothing where no model was asked."""
    chosen = decision.candidates[0] if decision.candidates else None
    if chosen is None:
        return
    if chosen.expected_gain is not None:
        unit = "" if chosen.gain_unit in (None, "1") else f" {chosen.gain_unit}"
        yield "gain", f"{chosen.expected_gain:.3g}{unit} expected"
    if chosen.cost_s is not None:
        yield "cost", f"{chosen.cost_s:.3g} s expected"
    if chosen.chance is not None:
        yield "chance", f"{chosen.chance:.0%} that it yields the feature"
    if chosen.bound_by:
        yield "bound by", "; ".join(chosen.bound_by)


def _outcome(detail: Detail) -> Iterator[tuple[str, str]]:
    exposure = detail.exposure
    if exposure is not None:
        through = "" if exposure.transmission is None else f", transmission {exposure.transmission:.4g}"
        yield "exposed", f"{exposure.exposure_s:g} s at {exposure.point.text()}{through}"
        for asset in exposure.assets:
            yield asset.role, f"{asset.path} ({asset.n_bytes / 1e3:.1f} kB)"
    if detail.observation is not None:
        yield from _observed(detail.observation)


def _observed(observation: Observation) -> Iterator[tuple[str, str]]:
    if observation.blank_seq is not None:
        yield "blank", f"that of decision {observation.blank_seq} was subtracted"
    for verdict in observation.verdicts:
        failed = "warning" if verdict.is_warning else "FAILED"
        said = "ok" if verdict.is_ok else f"{failed}. {verdict.remedy}"
        unit = "" if verdict.unit == "1" else f" {verdict.unit}"
        compared = f": {verdict.value:.6g} against {verdict.limit:.6g}{unit}"
        yield "check", f"{verdict.check}{'' if verdict.unit == FINGERPRINT else compared}: {said}"
    for feature in observation.features:
        yield "feature", feature_text(feature)
    for absence in observation.absences:
        yield "absent", f"{absence.name}: {absence.why}"


def _tell_alternatives(console: Console, detail: Detail) -> None:
    """What was considered: a table where it is readable, else one candidate below the other."""
    table = _alternatives(detail)
    if console.width >= WIDE and console.measure(table).minimum <= console.width:
        console.print(table)
        return
    console.print("What was considered", style="italic")
    candidates = detail.decision.candidates
    gain_unit = candidates[0].gain_unit
    for one in candidates:
        _tell(console, f"{one.rank:>4}", f"{one.point.text()}: {_fate(one)}", 6)
        worth = (f"{column.heading} {column.said(one)}" for column in _worth(gain_unit) if column.said(one))
        expected = ", ".join(_expectation(e, False).strip() for e in (one.prediction, *one.others))
        said = [f"{expected} expected", f"acquisition {one.acquisition_value:.4g}", *worth]
        _tell(console, "", ", ".join(said), 6)


def _fate(one: Candidate) -> str:
    return "chosen" if one.reject_code is None else one.why or one.reject_code.replace("_", " ")


def _alternatives(detail: Detail) -> Table:
    candidates = detail.decision.candidates
    unit = candidates[0].prediction.unit
    table = Table(title="What was considered", title_justify="left")
    table.add_column("rank", justify="right")
    table.add_column("point", overflow="fold")
    table.add_column("expected" if unit == "1" else f"expected ({unit})", justify="right")
    table.add_column("acquisition", justify="right")
    gain_unit = candidates[0].gain_unit
    known = [column for column in _worth(gain_unit) if any(column.said(one) for one in candidates)]
    for column in known:
        table.add_column(column.heading, justify="right")
    table.add_column("", overflow="fold")
    for one in candidates:
        expected = " ".join(_expectation(e, e is one.prediction) for e in (one.prediction, *one.others))
        worth = (column.said(one) for column in known)
        table.add_row(
            str(one.rank), one.point.text(), expected, f"{one.acquisition_value:.4g}", *worth, _fate(one)
        )
    return table


@dataclasses.dataclass(frozen=True)
class _Column:
    """A column that is shown when any candidate has something in it."""

    heading: str
    """What stands above it."""
    said: Callable[[Candidate], str]
    """What a candidate has there; nothing for what is not on record."""


def _worth(gain_unit: str | None) -> tuple[_Column, ...]:
    gain = "gain" if gain_unit in (None, "1") else f"gain ({gain_unit})"
    return (
        _Column(gain, lambda one: "" if one.expected_gain is None else f"{one.expected_gain:.3g}"),
        _Column("cost (s)", lambda one: "" if one.cost_s is None else f"{one.cost_s:.3g}"),
        _Column("chance", lambda one: "" if one.chance is None else f"{one.chance:.0%}"),
        _Column("bound by", lambda one: "; ".join(one.bound_by)),
    )


def _expectation(expected: Prediction, is_own: bool) -> str:
    """What was expected: the objective's own without name and unit, which stand above."""
    said = f"{expected.mean:.4g} ± {expected.sigma:.2g}"
    unit = "" if expected.unit == "1" else f" {expected.unit}"
    return said if is_own else f"{expected.name} {said}{unit}"
