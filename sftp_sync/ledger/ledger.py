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
from sftp_sync.ledger.claim_numbers import ClaimNumbers
from sftp_sync.ledger.claims import Claims
from sftp_sync.ledger.deliveries import Deliveries
from sftp_sync.ledger.departures import Departures
from sftp_sync.ledger.doubts import Doubts
from sftp_sync.ledger.engine import open_engine
from sftp_sync.ledger.entering import Entering
from sftp_sync.ledger.files import Files
from sftp_sync.ledger.following import Following
from sftp_sync.ledger.forecast import Forecast
from sftp_sync.ledger.former_rows import FormerRows
from sftp_sync.ledger.holder import Holder
from sftp_sync.ledger.launches import Launches
from sftp_sync.ledger.leases import SILENT_SECONDS, Leases
from sftp_sync.ledger.leftovers import Leftovers
from sftp_sync.ledger.notices import Notices
from sftp_sync.ledger.outcomes import Outcomes
from sftp_sync.ledger.people import People
from sftp_sync.ledger.presence import Presence
from sftp_sync.ledger.renames import Renames
from sftp_sync.ledger.restoring import compare
from sftp_sync.ledger.results import Results
from sftp_sync.ledger.retention import Retention
from sftp_sync.ledger.returns import Returns
from sftp_sync.ledger.rows import Rows
from sftp_sync.ledger.runs import Runs
from sftp_sync.ledger.seen_numbers import CLAIMS, SeenNumbers
from sftp_sync.ledger.settling import Settling
from sftp_sync.ledger.summaries import Summaries
from sftp_sync.ledger.suppressions import Suppressions
from sftp_sync.ledger.troubles import Troubles
from sftp_sync.ledger.unanswered import Unanswered
from sftp_sync.ledger.unheld_calls import UnheldCalls
from sftp_sync.ledger.upgrade import ledger_id
from sftp_sync.ledger.verdicts import Verdicts
from sftp_sync.ledger.waiting_files import WaitingFiles


class Ledger:
    """What was seen, what is due, what was sent, what became of it."""

    def __init__(
        self, engine: Engine, leases: Leases, numbers: ClaimNumbers, *, was_restored: bool
    ) -> None:
        self._engine = engine
        # Found out by this very opening.
        self.was_restored = was_restored
        self.leases = leases
        self.claim_numbers = numbers
        self.campaigns = Campaigns(engine, numbers)
        self.entering = Entering(engine)
        self.files = Files(engine, numbers)
        self.rows = Rows(engine)
        self.deliveries = Deliveries(engine)
        self.notices = Notices(engine)
        self.people = People(engine, numbers)
        self.retention = Retention(engine)
        self.announcements = Announcements(engine)
        self.troubles = Troubles(engine)
        self.leftovers = Leftovers(engine)
        self.outcomes = Outcomes(engine)
        self.unanswered = Unanswered(engine)
        self.claims = Claims(engine, numbers, self.unanswered.noting)
        self.forecast = Forecast(engine)
        self.settling = Settling(engine)
        self.doubts = Doubts(engine, numbers, self.unanswered.noting)
        self.launches = Launches(engine, numbers, self.unanswered.noting)
        self.departures = Departures(engine)
        self.following = Following(engine)
        self.results = Results(engine)
        self.returns = Returns(engine)
        self.verdicts = Verdicts(engine, numbers)
        self.suppressions = Suppressions(engine, numbers)
        self.summaries = Summaries(engine)
        self.runs = Runs(engine)
        self.presence = Presence(engine)

    @property
    def former_rows(self) -> FormerRows:
        """What was recorded for destinations that are not configured any more: seldom moved."""
        return FormerRows(self._engine)

    @property
    def renames(self) -> Renames:
        """Campaigns under other names than they had: seldom."""
        return Renames(self._engine)

    @property
    def unheld_calls(self) -> UnheldCalls:
        """Calls that no row has: asked for once after each start."""
        return UnheldCalls(self._engine)

    @property
    def waiting_files(self) -> WaitingFiles:
        """Files whose rows are judged anew before a person's decision: seldom."""
        return WaitingFiles(self._engine)

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
            seen = SeenNumbers(locks.parent / CLAIMS / ledger_id(engine))
            # Who may migrate is who sends.
            was_restored = compare(engine, seen, sends=may_migrate)
            leases = Leases(engine, Holder(locks), clock, silent_seconds)
            numbers = ClaimNumbers(engine, seen)
            return cls(engine, leases, numbers, was_restored=was_restored)
        except BaseException:
            engine.dispose()
            raise

    def back_up(self, target: Path) -> Path:
        """A consistent copy at a path, or in a folder; where it lies."""
        return back_up(self._engine, target)

    def close(self) -> None:
        """Give everything back."""
        self.leases.close()
        self.claim_numbers.close()
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
