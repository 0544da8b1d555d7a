"""A campaign for Python users: read it, look at it, run it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from agent.config import read_campaign
from models.domain.errors import BadInput

if TYPE_CHECKING:
    from agent.plan import Plan
    from agent.ports import Narrator
    from agent.stopping import Ending
    from instruments.beamline import Beamline
    from models.domain.campaign import CampaignSpec
    from models.domain.history import History
    from models.saxs.extractor import Extractor

DEFAULT_URL = "sqlite:///nightbeam.db"
"""A database file in the working folder."""


class Campaign:
    """One campaign: what is sought, on which instrument, and where it is written down.

    Examples
    --------
    >>> Campaign.from_toml("examples/first_light.toml").run()  # doctest: +SKIP
    """

    def __init__(
        self,
        spec: CampaignSpec,
        *,
        home: Path = Path(),
        db: str = DEFAULT_URL,
        beamline: Beamline | None = None,
        features: tuple[Extractor, ...] = (),
    ) -> None:
        """Take a campaign as it was read or made.

        Parameters
        ----------
        spec
            What a campaign file says.
        home
            Folder from which relative paths in it start.
        db
            SQLAlchemy URL of the database.
        beamline
            One's own devices, instead of those that the file names.
        features
            One's own extractors, besides those that the file names.
        """
        self.spec, self.home, self.db = spec, home, db
        self._beamline, self._features = beamline, features
        self._file: Path | None = None

    @classmethod
    def from_toml(
        cls,
        path: str | Path,
        *,
        db: str = DEFAULT_URL,
        dataset: str | Path | None = None,
        beamline: Beamline | None = None,
        features: tuple[Extractor, ...] = (),
    ) -> Campaign:
        """Read a campaign file.

        Parameters
        ----------
        path
            The TOML file.
        db
            SQLAlchemy URL of the database.
        dataset
            Folder of measured curves, for an instrument of kind ``dataset``.
        beamline, features
            One's own devices and extractors.

        Raises
        ------
        BadInput
            When the file says something impossible.
        """
        path = Path(path)
        spec = read_campaign(path, Path(dataset) if dataset is not None else None)
        campaign = cls(spec, home=path.parent, db=db, beamline=beamline, features=features)
        campaign._file = path
        return campaign

    def check(self) -> Plan:
        """Check everything; nothing is written and nothing moves.

        Raises
        ------
        BadInput
            At the first mistake, with its remedy.
        """
        from agent.plan import Own, prepare  # loads bluesky and ophyd: only when they are needed

        try:
            return prepare(self.spec, self.home, self.db, Own(self._beamline, self._features))
        except BadInput as error:
            if self._file is None or error.where.startswith("--"):
                raise
            raise error.within(str(self._file)) from None

    def run(self, narrator: Narrator | None = None) -> Ending:
        """Run or resume until the campaign ends.

        Parameters
        ----------
        narrator
            Is told what goes on; silence when left out.
        """
        from agent.assemble import open_loop
        from agent.narrators import Silent

        with open_loop(self.check(), narrator or Silent()) as loop:
            return loop.run()

    def history(self) -> History:
        """What is on record so far."""
        from agent.assemble import read_record

        return read_record(self.spec, self.db)
