"""A ledger that was put back from a backup knows that it was, and looks before it sends.

A copy made by `backup` says so itself. Of one that was copied by other means the state directory
knows better: each opening by who sends is counted on both sides, and a ledger that has been opened
less often than the directory has seen is an older one.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import Connection, Engine, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from sftp_sync.errors import LedgerUnavailable, NeedsOperator
from sftp_sync.ledger import gap
from sftp_sync.ledger.engine import PRIVATE, database_now, reading, writing
from sftp_sync.ledger.launched import begin, doubted, shelve
from sftp_sync.ledger.notices import post
from sftp_sync.ledger.records import AnyRow
from sftp_sync.ledger.schema import EPOCH, facts, files, launches, leases, rows
from sftp_sync.ledger.upgrade import COPIED_AT
from sftp_sync.ledger.upserts import put
from sftp_sync.model import FileState, LaunchState, RowState

OPENINGS = "ledger"
SEEN = "ledger.seen"
UNSTARTED = launches.c.state.in_((LaunchState.PLANNED, LaunchState.DRAFTED))
SCOPE, CAUSE = "ledger", "restored"

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class _Past:
    """What a ledger says of its own past. `openings` stands among the leases: the ledger's own
    fence.
    """

    copied_at: datetime | None
    openings: int
    opened_at: datetime | None

    def was_restored(self, seen: int) -> bool:
        """Whether it says so itself, or the state directory has seen more openings of it."""
        return self.copied_at is not None or (self.opened_at is not None and self.openings < seen)


def note_opening(engine: Engine, folder: Path, *, sends: bool) -> None:
    """See whether this ledger was restored, and count this opening if anything may be sent."""
    seen_file = folder / SEEN
    seen = _seen(seen_file)
    with reading(engine) as connection:
        was_restored = _past(connection).was_restored(seen)
    if was_restored:
        _remember(seen_file, _noted(engine, seen, sends=sends))
    elif sends:
        # A ledger that cannot be written says so to whoever has something to write.
        with suppress(LedgerUnavailable):
            _remember(seen_file, _noted(engine, seen, sends=sends))


def _noted(engine: Engine, seen: int, *, sends: bool) -> int:
    """The openings, this one among them if it counts; what was restored is in doubt from now on."""
    with writing(engine) as connection:
        past, now = _past(connection), database_now(connection)
        if past.was_restored(seen):
            _restore(connection, _last_known(connection, past), now)
        openings = max(past.openings, seen) + int(sends)
        put(connection, leases, {"name": OPENINGS, "fence": openings, "renewed_at": now})
    return openings


def _past(connection: Connection) -> _Past:
    copied = select(facts.c.value).where(facts.c.name == COPIED_AT)
    written = connection.execute(copied).scalar_one_or_none()
    opened = select(leases.c.fence, leases.c.renewed_at).where(leases.c.name == OPENINGS)
    row = connection.execute(opened).one_or_none()
    return _Past(
        copied_at=None if written is None else EPOCH + timedelta(microseconds=int(written)),
        openings=0 if row is None else row.fence,
        opened_at=None if row is None else row.renewed_at,
    )


def _last_known(connection: Connection, past: _Past) -> datetime:
    """The moment up to which this ledger knows what was called, at the earliest."""
    if past.copied_at is not None:
        return past.copied_at
    signs = [past.opened_at or EPOCH]
    for column in (files.c.received_at, rows.c.claimed_at, rows.c.queued_at):
        latest = connection.execute(select(func.max(column, type_=column.type))).scalar_one()
        signs += [] if latest is None else [latest]
    return max(signs)


def _restore(connection: Connection, since: datetime, now: datetime) -> None:
    """What was due when the backup was made may have been called since."""
    connection.execute(delete(facts).where(facts.c.name == COPIED_AT))
    gap.remember(connection, since, now)
    for launch in connection.execute(select(launches).where(UNSTARTED)).all():
        _doubt_launch(connection, launch, since, now)
    due = (rows.c.state == RowState.PENDING) & rows.c.launch_id.is_(None)
    connection.execute(update(rows).where(due).values(doubt_since=since))
    going_on = select(files.c.id).where(files.c.state == FileState.DISPATCHING)
    doubtful = gap.put_in_doubt(connection, rows.c.file_id.in_(going_on))
    log.warning("ledger_restored", since=since.isoformat(), rows=doubtful)
    said = NeedsOperator(
        f"The ledger was restored from a backup of {since:%Y-%m-%d %H:%M} UTC. {doubtful:,} rows"
        " that were due then are looked into before anything is sent; lists that came in before"
        " today are treated so too. Results that went out after the backup may go out again.",
        fix="To see them, type: sftp-sync status",
    )
    post(connection, (SCOPE, CAUSE), said, now)


def _doubt_launch(connection: Connection, launch: AnyRow, since: datetime, now: datetime) -> None:
    """A draft may have been started since; the vendor can tell. Of one that was only planned nobody
    knows what it is called there: its rows are looked at one by one.
    """
    if launch.state == LaunchState.DRAFTED:
        with suppress(IntegrityError), connection.begin_nested():
            claimed = since, gap.CLAIMANT, f"{since:%Y-%m-%d}"
            begin(connection, launch, claimed, RowState.PENDING)
            again = select(launches).where(launches.c.id == launch.id)
            doubted(connection, connection.execute(again).one(), since, now, gap.REASON)
            return
    shelve(connection, launch.id, gap.REASON, now)


def _seen(path: Path) -> int:
    try:
        return int(path.read_text("ascii"))
    except (OSError, ValueError):
        return 0


def _remember(path: Path, openings: int) -> None:
    """Only after the ledger knows it: were it the other way round, a crash would look like a
    restore.
    """
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside.touch(PRIVATE)
        beside.write_text(str(max(openings, _seen(path))), "ascii")
        beside.replace(path)
