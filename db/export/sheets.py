"""All tables of an export, in the order in which people look for them."""

from db.export.decision_sheets import candidate_sheet, decision_sheet, feature_sheet
from db.export.event_sheets import (
    action_sheet,
    annotation_sheet,
    campaign_sheet,
    debit_sheet,
    event_sheet,
    file_sheet,
    request_sheet,
    sample_sheet,
)  # fmt: skip
from db.export.sheet import Sheet
from db.export.source import Source

MAKERS = (
    campaign_sheet, decision_sheet, feature_sheet, candidate_sheet, action_sheet, sample_sheet, debit_sheet,
    file_sheet, event_sheet, annotation_sheet, request_sheet,
)  # fmt: skip


def all_sheets(source: Source) -> tuple[Sheet, ...]:
    """Every table, ready to be read."""
    return tuple(make(source) for make in MAKERS)
