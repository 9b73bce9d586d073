"""The ledger as the steps see it: a noun for each part, opened once, closed at the end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Engine

from sftp_sync.ledger import upgrade
from sftp_sync.ledger.announcements import Announcements
from sftp_sync.ledger.backup import back_up
from sftp_sync.ledger.campaigns import Campaigns
from sftp_sync.ledger.claims import Claims
from sftp_sync.ledger.deliveries import Deliveries
from sftp_sync.ledger.departures import Departures
from sftp_sync.ledger.doubts import Doubts
from sftp_sync.ledger.engine import open_engine
from sftp_sync.ledger.entering import Entering
from sftp_sync.ledger.files import Files
from sftp_sync.ledger.following import Following
from sftp_sync.ledger.forecast import Forecast
from sftp_sync.ledger.holder import Holder
from sftp_sync.ledger.launches import Launches
from sftp_sync.ledger.leases import SILENT_SECONDS, Leases
from sftp_sync.ledger.leftovers import Leftovers
from sftp_sync.ledger.notices import Notices
from sftp_sync.ledger.outcomes import Outcomes
from sftp_sync.ledger.people import People
from sftp_sync.ledger.presence import Presence
from sftp_sync.ledger.restoring import note_opening
from sftp_sync.ledger.results import Results
from sftp_sync.ledger.retention import Retention
from sftp_sync.ledger.returns import Returns
from sftp_sync.ledger.rows import Rows
from sftp_sync.ledger.runs import Runs
from sftp_sync.ledger.settling import Settling
from sftp_sync.ledger.summaries import Summaries
from sftp_sync.ledger.suppressions import Suppressions
from sftp_sync.ledger.troubles import Troubles
from sftp_sync.ledger.verdicts import Verdicts


class Ledger:
    """What was seen, what is due, what was sent, what became of it."""

    def __init__(self, engine: Engine, leases: Leases) -> None:
        self._engine = engine
        self.leases = leases
        self.campaigns = Campaigns(engine)
        self.entering = Entering(engine)
        self.files = Files(engine)
        self.rows = Rows(engine)
        self.deliveries = Deliveries(engine)
        self.notices = Notices(engine)
        self.people = People(engine)
        self.retention = Retention(engine)
        self.announcements = Announcements(engine)
        self.troubles = Troubles(engine)
        self.leftovers = Leftovers(engine)
        self.outcomes = Outcomes(engine)
        self.claims = Claims(engine)
        self.forecast = Forecast(engine)
        self.settling = Settling(engine)
        self.doubts = Doubts(engine)
        self.launches = Launches(engine)
        self.departures = Departures(engine)
        self.following = Following(engine)
        self.results = Results(engine)
        self.returns = Returns(engine)
        self.verdicts = Verdicts(engine)
        self.suppressions = Suppressions(engine)
        self.summaries = Summaries(engine)
        self.runs = Runs(engine)
        self.presence = Presence(engine)

    @classmethod
    def open(
        cls,
        database: str,
        locks: Path,
        clock: Callable[[], float],
        *,
        may_migrate: bool = False,
        silent_seconds: float = SILENT_SECONDS,
    ) -> Self:
        """The ledger at this URL, made if it is not there.

        `clock` counts suspension. An older ledger is migrated only where `may_migrate`, after a
        backup beside it; a newer one is refused. A holder of a lease that may still live is taken
        for dead after `silent_seconds`.
        """
        engine = open_engine(database)
        try:
            upgrade.bring_up_to_date(engine, may_migrate=may_migrate)
            # Who may migrate is who sends.
            note_opening(engine, locks.parent, sends=may_migrate)
            return cls(engine, Leases(engine, Holder(locks), clock, silent_seconds))
        except BaseException:
            engine.dispose()
            raise

    def back_up(self, target: Path) -> Path:
        """A consistent copy at a path, or in a folder; where it lies."""
        return back_up(self._engine, target)

    def close(self) -> None:
        """Give everything back."""
        self.leases.close()
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
