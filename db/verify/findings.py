"""What a check of the record found, in words."""

from dataclasses import dataclass

from db.anchors.heads import Anchor
from models.domain.frozen import Frozen

MOST_IN_A_ROW = 20
"""Findings of one sort that are told one by one; more are told in one sentence."""


class Finding(Frozen):
    """One thing that is not as it was written."""

    campaign: str | None
    """Name of the campaign; None for what belongs to no single one."""
    seq: int | None
    """`seq` of the decision, or of the first of several; None where it belongs to none."""
    table: str | None
    """The table; None for a file."""
    what: str
    """One plain sentence."""

    def text(self) -> str:
        """One line for people."""
        where = [self.campaign or "the database"]
        if self.seq is not None:
            where.append(f"decision {self.seq}")
        if self.table is not None:
            where.append(f"table {self.table}")
        return f"{', '.join(where)}: {self.what}"


def span_text(noun: str, first: int | None, last: int | None) -> str:
    """A run of entries or decisions: ``entry 7``, ``entries 7 to 9``, ``no decision``."""
    if first is None or last is None:
        return f"no {noun}"
    plural = "entries" if noun == "entry" else f"{noun}s"
    return f"{noun} {first}" if first == last else f"{plural} {first} to {last}"


def count_text(n: int, noun: str) -> str:
    """A count with its noun: ``1 row``, ``3 rows``, ``2 entries``."""
    plural = "entries" if noun == "entry" else f"{noun}s"
    return f"{n} {noun if n == 1 else plural}"


@dataclass(frozen=True)
class CheckedCampaign:
    """How much of a campaign was checked."""

    name: str
    """Its name."""
    n_decisions: int
    """Decisions on record."""
    n_entries: int
    """Entries of its ledger."""
    agreed: tuple[Anchor, ...]
    """Heads that were published, are to be believed, and are those of the ledger."""


@dataclass(frozen=True)
class Checked:
    """What a check of a whole database gave."""

    campaigns: tuple[CheckedCampaign, ...]
    """The campaigns, oldest first."""
    findings: tuple[Finding, ...]
    """What is not as it was written; empty when all is whole."""
    notes: tuple[str, ...] = ()
    """What is worth knowing besides, in plain sentences."""

    def of(self, campaign: str) -> "Checked":
        """What belongs to one campaign, or to none."""
        return Checked(
            tuple(checked for checked in self.campaigns if checked.name == campaign),
            tuple(finding for finding in self.findings if finding.campaign in (None, campaign)),
            self.notes,
        )
