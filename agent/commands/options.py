"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from agent.campaign import DEFAULT_URL

CampaignFile = Annotated[Path, typer.Argument(metavar="CAMPAIGN.toml", help="The campaign file.")]
Database = Annotated[
    str, typer.Option("--db", metavar="URL", envvar="NIGHTBEAM_DB", help="SQLAlchemy URL of the database.")
]
Dataset = Annotated[
    Path | None,
    typer.Option("--dataset", metavar="DIR", help="Folder of measured curves, for kind = dataset."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

DEFAULT_DATABASE = DEFAULT_URL
