"""Claims of this process of which nobody knows whether they were committed: the connection ended
before the answer to COMMIT came.

Nothing was sent for any of them, as a request leaves only after that answer. So they are neither in
doubt nor for a person: they are taken back as soon as the ledger answers again. Left alone they
would stay `sending` for as long as this process lives, for nobody takes over from a holder that is
alive.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import structlog
from sqlalchemy import Connection, Engine, select, update
from sqlalchemy.exc import IntegrityError

from sftp_sync.ledger.claims import spend
from sftp_sync.ledger.engine import writing
from sftp_sync.ledger.launched import doubted, taken_back
from sftp_sync.ledger.progress import advance
from sftp_sync.ledger.schema import launches, rows
from sftp_sync.model import Claim, LaunchState, RowState, Start

NEVER_SENT = "the ledger's answer to its claim was lost: it was not sent"

log = structlog.get_logger(__name__)

Note = Callable[[Claim | Start], None]


class Unanswered:
    """The claims that this process has made and knows nothing of. For any number of threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._left: list[Claim | Start] = []
        self._guard = threading.Lock()

    @contextmanager
    def noting(self, now: datetime) -> Iterator[Note]:
        """Note a claim before it is committed, around its transaction; once that has ended well it
        is known, and no longer noted.
        """
        # The next claim of the same row would have the same number: first it is known what became
        # of this one.
        self.take_back(now)
        made: list[Claim | Start] = []
        try:
            yield made.append
        except IntegrityError:
            # The database itself says that it was not committed.
            raise
        except BaseException:
            with self._guard:
                self._left += made
            raise

    def take_back(self, now: datetime) -> int:
        """Have rows, and starts, as they were before; how many had been claimed after all."""
        number = 0
        while (claimed := self._next()) is not None:
            try:
                with writing(self._engine) as connection:
                    number += _take_back(connection, claimed, now)
            except BaseException:
                with self._guard:
                    self._left.append(claimed)
                raise
        return number

    def _next(self) -> Claim | Start | None:
        with self._guard:
            return self._left.pop(0) if self._left else None


def _take_back(connection: Connection, claimed: Claim | Start, now: datetime) -> bool:
    is_back = (
        _take_row_back(connection, claimed, now)
        if isinstance(claimed, Claim)
        else _take_start_back(connection, claimed, now)
    )
    if is_back:
        log.warning("claim_taken_back", file=claimed.file_id, attempt=claimed.attempt)
    return is_back


def _take_row_back(connection: Connection, claim: Claim, now: datetime) -> bool:
    # By its number alone: where the claim's own transaction is still open, its end is waited for.
    asked = select(rows).where(rows.c.id == claim.row_id).with_for_update()
    row = connection.execute(asked).one_or_none()
    if row is None or row.state != RowState.SENDING:
        return False
    if (row.attempt, row.claimed_at) != (claim.attempt, claim.claimed_at):
        return False
    before: dict[str, object] = {"state": RowState.PENDING}
    if claim.doubt_since is not None:
        # What an earlier attempt has left open is open still, and may be looked into at once.
        before = {"state": RowState.UNCERTAIN, "next_look_at": now}
    ours = update(rows).where(rows.c.id == claim.row_id)
    connection.execute(ours.values(**before, reason=NEVER_SENT))
    if claim.doubt_since is None:
        spend(connection, claim.file_id, claim.day, -1)
    advance(connection, claim.file_id)
    return True


def _take_start_back(connection: Connection, start: Start, now: datetime) -> bool:
    asked = select(launches).where(launches.c.id == start.launch_id).with_for_update()
    launch = connection.execute(asked).one_or_none()
    if launch is None or launch.state != LaunchState.STARTING:
        return False
    if (launch.attempt, launch.claimed_at) != (start.attempt, start.claimed_at):
        return False
    if start.doubt_since is None:
        taken_back(connection, launch, NEVER_SENT)
    else:
        # When its last request was given up is as it was, and decides about the next look.
        before = {"given_up_at": launch.given_up_at or now, "next_look_at": now}
        doubted(connection, launch, before, NEVER_SENT)
    return True
