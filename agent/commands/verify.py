"""`nightbeam verify`: whether the record is as it was written."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.commands.options import DEFAULT_DATABASE, AsJson, Database
from models.domain.errors import BadInput

if TYPE_CHECKING:
    from db.anchors.heads import Anchor
    from db.verify.findings import Checked, CheckedCampaign, Finding

EXIT_NOT_WHOLE = 1
MOST_LINES = 100
"""Findings that are printed; JSON holds them all."""
KEY_DIGITS = 8
"""Digits of a public key that people compare."""


def verify(  # noqa: PLR0913  each option of the command is an argument
    db: Database = DEFAULT_DATABASE,
    anchors: Annotated[
        Path | None,
        typer.Option(
            "--anchors",
            metavar="FILE",
            help="Heads that were published; when left out, those that the campaigns' runs left.",
        ),
    ] = None,
    campaign: Annotated[
        str | None, typer.Option("--campaign", metavar="NAME", help="Only this campaign.")
    ] = None,
    key: Annotated[
        Path | None,
        typer.Option("--key", metavar="PUBLIC.pem", help="Key that every head must be signed with."),
    ] = None,
    export: Annotated[
        Path | None,
        typer.Option("--export", metavar="FILE.jsonl", help="Verify an export, instead of a database."),
    ] = None,
    files: Annotated[
        bool, typer.Option("--files", help="Hash the files that the record names as well.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Find what was edited, deleted, added or cut off, and say which decisions it belongs to.

    Nothing is written. Exit status: 0 all is whole, 1 something is not as it was written, 2 bad input.

    Example: `nightbeam verify --anchors /mnt/elsewhere/anchors.jsonl --key public.pem`
    """
    from db.anchors.heads import read_anchors
    from db.anchors.keys import load_public_key
    from db.engine import is_archive, open_to_read
    from db.readable import refuse_edited
    from db.verify.published import Published, find_published
    from db.verify.record import check_record

    public_key = None if key is None else load_public_key(key)
    if export is not None:
        from db.verify.exported import check_export

        checked = check_export(export, read_anchors(anchors, _warn) if anchors else (), public_key)
        _report(checked, list(checked.findings), as_json=as_json, is_key_given=key is not None)
        if checked.findings:
            raise typer.Exit(EXIT_NOT_WHOLE)
        return
    engine = open_to_read(db)
    if is_archive(engine):
        _warn("nothing can be written around the database: it is read as it lies")
    with engine.connect() as connection, refuse_edited(connection):
        if anchors is not None:
            published = Published(read_anchors(anchors, _warn), ())
        else:
            published = find_published(connection, campaign, _warn)
        checked = check_record(connection, published.anchors, public_key)
    for sentence in checked.notes:
        _warn(sentence)
    if campaign is not None:
        checked = _only(campaign, checked, published.anchors)
    findings = [*checked.findings, *published.findings, *(_changed_files(db, campaign) if files else ())]
    _report(checked, findings, as_json=as_json, is_key_given=key is not None)
    if findings:
        raise typer.Exit(EXIT_NOT_WHOLE)


def _warn(sentence: str) -> None:
    typer.echo(f"nightbeam: {sentence}", err=True)


def _only(campaign: str, checked: "Checked", heads: "Sequence[Anchor]") -> "Checked":
    """What belongs to one campaign, which the database or a head must know."""
    if not any(known.name == campaign for known in checked.campaigns):
        names = ", ".join(known.name for known in checked.campaigns) or "(none)"
        if not any(anchor.head.name == campaign for anchor in heads):
            raise BadInput(
                f"--campaign {campaign}",
                "there is no campaign of that name in the database, nor among the heads",
                f"Choose one of: {names}",
            )
    return checked.of(campaign)


def _changed_files(db: str, campaign: str | None) -> "list[Finding]":
    """Hash the files on record, with a bar for people who wait."""
    from rich.console import Console
    from rich.progress import Progress

    from db.engine import open_to_read
    from db.readable import refuse_edited
    from db.verify.asset_files import check_files, sum_bytes
    from db.verify.findings import count_text

    changed: list[Finding] = []
    n_files = 0
    bar = Progress(console=Console(stderr=True), transient=True)
    with open_to_read(db).connect() as connection, refuse_edited(connection), bar:
        task = bar.add_task("files", total=sum_bytes(connection, campaign))
        for checked in check_files(connection, campaign):
            bar.advance(task, checked.n_bytes)
            n_files += 1
            if checked.finding is not None:
                changed.append(checked.finding)
    _warn(f"{count_text(n_files, 'file')} hashed, {n_files - len(changed)} as the record says")
    return changed


def _report(checked: "Checked", findings: "list[Finding]", *, as_json: bool, is_key_given: bool) -> None:
    """Say what was found: a line a finding, then a line a campaign."""
    if as_json:
        facts = {
            "is_whole": not findings,
            "campaigns": [
                {
                    "campaign": one.name,
                    "decisions": one.n_decisions,
                    "entries": one.n_entries,
                    "anchors": [anchor.head.n for anchor in one.agreed],
                    "keys": _keys(one),
                }
                for one in checked.campaigns
            ],
            "findings": [finding.model_dump() for finding in findings],
        }
        typer.echo(json.dumps(facts, ensure_ascii=False))
        return
    for finding in findings[:MOST_LINES]:
        typer.echo(finding.text())
    if len(findings) > MOST_LINES:
        typer.echo(f"... and {len(findings) - MOST_LINES} more; --json prints them all")
    shared = sum(finding.campaign is None for finding in findings)
    for one in checked.campaigns:
        n_found = shared + sum(finding.campaign == one.name for finding in findings)
        state = f"NOT WHOLE, {n_found} finding{'' if n_found == 1 else 's'}" if n_found else "whole"
        size = f"{one.n_decisions} decisions, {one.n_entries} entries"
        typer.echo(f"{one.name}: {size}: {state}; {_anchor_text(one, is_key_given)}")
    if not checked.campaigns:
        typer.echo("no campaign is on record")


def _keys(campaign: "CheckedCampaign") -> list[str]:
    """Public keys that its heads are signed with."""
    return sorted({anchor.public_key for anchor in campaign.agreed if anchor.public_key is not None})


def _anchor_text(campaign: "CheckedCampaign", is_key_given: bool) -> str:
    """How far heads that were published vouch for a campaign."""
    n_anchors = len(campaign.agreed)
    if n_anchors == 0:
        return "no anchor vouches for it: a tail that was cut off, or a rewritten chain, would go unnoticed"
    n_unsigned = sum(not anchor.is_signed for anchor in campaign.agreed)
    by = [f"signed by {', '.join(key[:KEY_DIGITS] for key in _keys(campaign))}"] if _keys(campaign) else []
    if by and not is_key_given:
        by.append("a key that nobody vouched for: give --key")
    if n_unsigned:
        by.append(f"{n_unsigned} unsigned: whoever reaches their file can forge them")
    last = max(anchor.head.n for anchor in campaign.agreed)
    agree = "1 anchor agrees" if n_anchors == 1 else f"{n_anchors} anchors agree"
    beyond = campaign.n_entries - last
    if beyond:
        what = "entry" if beyond == 1 else f"{beyond} entries"
        by.append(f"the {what} after it not vouched for: whoever can write the database can add such")
    return f"{agree}, the last at entry {last}, {', '.join(by)}"
