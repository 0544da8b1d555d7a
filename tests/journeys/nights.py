"""What a night in a folder left on record."""

from pathlib import Path

from db.engine import open_to_read
from db.histories import read_history
from db.queries import read_campaigns
from models.domain.history import History


def history_in(folder: Path, name: str) -> History:
    """Everything on record of a campaign."""
    with open_to_read(f"sqlite:///{folder / 'nightbeam.db'}").connect() as connection:
        return read_history(connection, read_campaigns(connection, name)[0].id)
