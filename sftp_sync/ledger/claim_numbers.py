"""Whatever may call somebody is numbered, by account, and so is what was decided and must not be
forgotten. The state directory gets each number after COMMIT has answered and before a request
leaves: a ledger that is behind it is an older one that was put back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import ColumnElement, Connection, Engine, delete, select, update

from sftp_sync.errors import LedgerUnavailable, NeedsOperator, SyncError
from sftp_sync.ledger.database_mark import replaced
from sftp_sync.ledger.engine import database_now, writing
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.notices import post
from sftp_sync.ledger.schema import claim_numbers, destinations, notices, rows
from sftp_sync.ledger.seen_numbers import SeenNumbers
from sftp_sync.ledger.upserts import count_up

DECISIONS = "decisions"
SCOPE, CAUSE = "ledger", "claims"

log = structlog.get_logger(__name__)


@dataclass
class Claiming:
    """A transaction that may claim. `seen` is what the state directory knew before it began."""

    connection: Connection
    lease: Lease
    seen: int
    number: int | None = None

    def count(self, which: ColumnElement[bool], now: datetime) -> int:
        """Number what is claimed here: these rows, all of one destination."""
        number = _raised(self.connection, self.lease.name, self.seen, self.lease)
        place = select(rows.c.destination_id).where(which).limit(1).scalar_subquery()
        last = update(destinations).where(destinations.c.id == place)
        self.connection.execute(last.values(claimed_at=now))
        self.number = number
        return number


class ClaimNumbers:
    """The numbers of what this process claims and decides, in the ledger and on disk."""

    def __init__(self, engine: Engine, seen: SeenNumbers) -> None:
        self._engine = engine
        self._seen = seen
        self._kept: dict[str, int] = {}
        self._late: dict[str, int] = {}
        self._is_well: bool | None = None

    @contextmanager
    def claiming(self, lease: Lease) -> Iterator[Claiming]:
        """A transaction under a lease. What it claims may be sent only where `is_kept` says so."""
        seen = self._prepared(lease.name)
        with writing(self._engine) as connection:
            lease.guard(connection)
            claiming = Claiming(connection, lease, seen)
            yield claiming
        if claiming.number is not None:
            # Nothing of it is sent then, and the next claim finds out why.
            with suppress(NeedsOperator):
                self._keep(lease.name, claiming.number)

    def is_kept(self, lease: Lease, number: int) -> bool:
        """Whether a restored ledger would be known by this claim: else nothing may be sent."""
        return number <= self._kept.get(lease.name, 0)

    @contextmanager
    def deciding(self) -> Iterator[Connection]:
        """A transaction of which a restored ledger must know that it is missing."""
        seen = self._prepared(DECISIONS)
        with writing(self._engine) as connection:
            yield connection
            # Last: two that decide at once must not wait for each other crosswise.
            number = _raised(connection, DECISIONS, seen)
        self._keep(DECISIONS, number)

    def close(self) -> None:
        """Let go of the files."""
        self._seen.close()

    def _prepared(self, name: str) -> int:
        """What the state directory has seen. Where it cannot be written, nothing is claimed."""
        try:
            seen = self._seen.of(name)
        except OSError as error:
            raise self._trouble(error) from error
        if name in self._late:
            self._keep(name, self._late[name])
        return seen

    def _keep(self, name: str, number: int) -> None:
        try:
            self._seen.raise_to(name, number)
        except OSError as error:
            self._late[name] = number
            raise self._trouble(error) from error
        self._late.pop(name, None)
        self._kept[name] = max(number, self._kept.get(name, 0))
        if self._is_well is not True:
            self._is_well = True
            self._say(None)

    def _trouble(self, error: OSError) -> NeedsOperator:
        folder = self._seen.folder
        problem = NeedsOperator(
            f"What was claimed cannot be written to {folder}: {error.strerror}. Nothing is sent"
            " then: of a ledger that is put back nobody would know it.",
            fix=f"Make room there, and let the service's user write. Look: df -h {folder};"
            f" ls -l {folder}",
        )
        log.warning("claims_not_written", folder=str(folder), reason=str(error.strerror))
        if self._is_well is not False:
            self._is_well = False
            self._say(problem)
        return problem

    def _say(self, problem: SyncError | None) -> None:
        """Said once, and taken back when it is over; a ledger on the same full disk waits."""
        with suppress(LedgerUnavailable), writing(self._engine) as connection:
            if problem is not None:
                post(connection, (SCOPE, CAUSE), problem, database_now(connection))
                return
            here = (notices.c.scope == SCOPE) & (notices.c.cause == CAUSE)
            connection.execute(delete(notices).where(here))


def _raised(connection: Connection, name: str, seen: int, lease: Lease | None = None) -> int:
    number = count_up(connection, claim_numbers, {"name": name, "number": 1}, "number")
    if number > seen:
        return number
    # Put back while it was in use, and our lease came with it: only the numbers tell.
    problem = replaced(connection.engine)
    if lease is not None:
        lease.replaced = problem
    raise problem
