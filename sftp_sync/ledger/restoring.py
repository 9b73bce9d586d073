"""A ledger that was put back from a backup knows that it was, and looks before it sends.

A copy made by `backup` says so itself. Of any other one its numbers tell: every claim and every
decision raises one, and the state directory has seen a higher one than an older ledger has. A file
that comes without its state directory, and a database on another server, may be older too.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection, Engine, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from sftp_sync.errors import LedgerMismatch, LedgerUnavailable, NeedsOperator
from sftp_sync.ledger import gap
from sftp_sync.ledger.claim_numbers import DECISIONS
from sftp_sync.ledger.database_mark import mark_of
from sftp_sync.ledger.engine import database_now, reading, sqlite_path, writing
from sftp_sync.ledger.given_up import forget_waits
from sftp_sync.ledger.launched import begin, doubted, shelve
from sftp_sync.ledger.notices import post
from sftp_sync.ledger.records import AnyRow
from sftp_sync.ledger.schema import (
    EPOCH,
    campaigns,
    claim_numbers,
    destinations,
    facts,
    files,
    launches,
    leases,
    rows,
    suppression_lists,
)
from sftp_sync.ledger.seen_numbers import UNREADABLE, SeenNumbers
from sftp_sync.ledger.upgrade import COPIED_AT, LEDGER_ID
from sftp_sync.ledger.upserts import put
from sftp_sync.model import FileState, LaunchState, RowState

MARK = "database_mark"
UNSTARTED = launches.c.state.in_((LaunchState.PLANNED, LaunchState.DRAFTED))
SCOPE, CAUSE = "ledger", "restored"
READ_AGAIN = "The ledger was restored from a backup, and a newer do-not-call list may lie there."

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Known:
    """What this machine knows of the ledger: its numbers, by name, whether it was ever at work
    here, and, on a server, which database it is.
    """

    numbers: Mapping[str, int]
    is_at_home: bool
    mark: str | None


@dataclass(frozen=True)
class Past:
    """What a ledger says of its own past."""

    copied_at: datetime | None
    numbers: Mapping[str, int]
    mark: str | None

    def is_older(self, known: Known) -> bool:
        """Whether claims or decisions may be missing."""
        if self.copied_at is not None or self._is_behind(known):
            return True
        if known.mark is None:
            return bool(self.numbers) and not known.is_at_home
        # Another server, or the same one after a recovery: other machines may have claimed more.
        return self.mark not in {None, known.mark} and not self._is_proven(known)

    def lost_decisions(self, known: Known) -> int:
        """How many decisions it does not know of."""
        return max(0, known.numbers.get(DECISIONS, 0) - self.numbers.get(DECISIONS, 0))

    def _is_behind(self, known: Known) -> bool:
        return any(
            number == UNREADABLE or number > self.numbers.get(name, 0)
            for name, number in known.numbers.items()
        )

    def _is_proven(self, known: Known) -> bool:
        """Whether this machine has seen all of it, and no more."""
        return dict(self.numbers) == {name: one for name, one in known.numbers.items() if one}


def compare(engine: Engine, seen: SeenNumbers, *, sends: bool) -> bool:
    """See whether this is an older ledger that was put back; whether it was."""
    known = _known(engine, seen)
    with reading(engine) as connection:
        past = _past(connection)
    _refuse_beside_others(past, known, seen)
    is_older = past.is_older(known)
    if is_older:
        _restored(engine, seen)
    if is_older or sends:
        # A ledger or a folder that cannot be written says so to whoever has something to write.
        with suppress(LedgerUnavailable, OSError):
            _settle_in(engine, seen)
    return is_older


def _known(engine: Engine, seen: SeenNumbers) -> Known:
    """Read before the ledger is: then that can only have more, and never less, by what others do at
    this moment.
    """
    numbers = seen.all()
    mark = None if sqlite_path(engine) else mark_of(engine)
    return Known(numbers, not seen.is_missing(), mark)


def _restored(engine: Engine, seen: SeenNumbers) -> None:
    with writing(engine) as connection:
        # Of several that open it at once, one.
        asked = select(facts.c.value).where(facts.c.name == LEDGER_ID)
        connection.execute(asked.with_for_update())
        known = _known(engine, seen)
        past, now = _past(connection), database_now(connection)
        if not past.is_older(known):
            return
        _restore(connection, min(_last_known(connection, past), now), now)
        lost = past.lost_decisions(known)
        if lost:
            _stop_everything(connection, lost, now)
        for name, number in known.numbers.items():
            if number > past.numbers.get(name, 0):
                put(connection, claim_numbers, {"name": name, "number": number})
        if known.mark is not None:
            put(connection, facts, {"name": MARK, "value": known.mark})


def _settle_in(engine: Engine, seen: SeenNumbers) -> None:
    """From now on this machine knows the ledger as it is."""
    known = _known(engine, seen)
    with reading(engine) as connection:
        past = _past(connection)
    if known.mark not in {None, past.mark}:
        with writing(engine) as connection:
            put(connection, facts, {"name": MARK, "value": known.mark})
    seen.make_folder()
    for name, number in past.numbers.items():
        if number > known.numbers.get(name, 0):
            seen.raise_to(name, number)


def _refuse_beside_others(past: Past, known: Known, seen: SeenNumbers) -> None:
    """A second ledger would not know whom the first has called."""
    if past.copied_at is not None or past.numbers or any(known.numbers.values()):
        return
    others = seen.others()
    if not others:
        return
    claims, other, own = seen.folder.parent, others[0], seen.folder.name
    raise LedgerMismatch(
        f"This ledger has called nobody yet, and {claims} tells of another one that has: of"
        f" {other}. That one must be put back here, or whom it has called is called again.",
        fix=f"Put it back. If this is an older copy of it, type: mv {claims}/{other} {claims}/{own}"
        f" (then it looks before it sends). To begin anew, type: rm -r {claims}/{other}",
    )


def _past(connection: Connection) -> Past:
    asked = select(facts.c.name, facts.c.value).where(facts.c.name.in_((COPIED_AT, MARK)))
    said = dict(connection.execute(asked).all())
    copied_at = said.get(COPIED_AT)
    numbered = select(claim_numbers.c.name, claim_numbers.c.number)
    return Past(
        copied_at=None if copied_at is None else EPOCH + timedelta(microseconds=int(copied_at)),
        numbers=dict(connection.execute(numbered).all()),
        mark=said.get(MARK),
    )


def _last_known(connection: Connection, past: Past) -> datetime:
    """The moment up to which this ledger knows what was called, at the earliest."""
    if past.copied_at is not None:
        return past.copied_at
    signs = [EPOCH]
    for column in (
        *(files.c.received_at, rows.c.claimed_at, rows.c.queued_at),
        *(destinations.c.claimed_at, campaigns.c.collected_at, leases.c.renewed_at),
    ):
        latest = connection.execute(select(func.max(column, type_=column.type))).scalar_one()
        signs += [] if latest is None else [latest]
    return max(signs)


def _restore(connection: Connection, since: datetime, now: datetime) -> None:
    """What was due when the backup was made may have been called since."""
    connection.execute(delete(facts).where(facts.c.name == COPIED_AT))
    # Who was at work then is not at work on this one. The fences stay: they only ever grow.
    connection.execute(update(leases).values(holder=None, host=None, lock=None))
    forget_waits(connection)
    gap.remember(connection, since, now)
    for launch in connection.execute(select(launches).where(UNSTARTED)).all():
        _doubt_launch(connection, launch, since, now)
    due = (rows.c.state == RowState.PENDING) & rows.c.launch_id.is_(None)
    connection.execute(update(rows).where(due).values(doubt_since=since))
    going_on = select(files.c.id).where(files.c.state == FileState.DISPATCHING)
    doubtful = gap.put_in_doubt(connection, rows.c.file_id.in_(going_on))
    # A newer one may have come since.
    in_force = update(suppression_lists).where(suppression_lists.c.problem.is_(None))
    connection.execute(in_force.values(problem=READ_AGAIN))
    log.warning("ledger_restored", since=since.isoformat(), rows=doubtful)
    said = NeedsOperator(
        f"The ledger was restored from a backup of {since:%Y-%m-%d %H:%M} UTC. {doubtful:,} rows"
        " that were due then are looked into before anything is sent; lists that came in before"
        " today are treated so too. Results that went out after the backup may go out again.",
        fix="To see them, type: sftp-sync status",
    )
    post(connection, (SCOPE, CAUSE), said, now)


def _stop_everything(connection: Connection, lost: int, now: datetime) -> None:
    """Nobody knows whom it was decided not to call."""
    named = select(campaigns.c.name).union(select(files.c.campaign))
    names = sorted(connection.execute(named).scalars())
    for name in names:
        put(connection, campaigns, {"name": name, "paused": True})
    were = "decision was" if lost == 1 else "decisions were"
    said = NeedsOperator(
        f"{lost} {were} made after the backup (suppress, forget, resolve, reject or pause) and"
        " must be made again: until then every campaign is paused.",
        fix=f"Then type, for each: sftp-sync resume CAMPAIGN ({', '.join(names)})",
    )
    post(connection, (SCOPE, DECISIONS), said, now)


def _doubt_launch(connection: Connection, launch: AnyRow, since: datetime, now: datetime) -> None:
    """A draft may have been started since; the vendor can tell. Of one that was only planned nobody
    knows what it is called there: its rows are looked at one by one.
    """
    if launch.state == LaunchState.DRAFTED:
        with suppress(IntegrityError), connection.begin_nested():
            claimed = since, gap.CLAIMANT, f"{since:%Y-%m-%d}"
            begin(connection, launch, claimed, RowState.PENDING)
            again = select(launches).where(launches.c.id == launch.id)
            given_up = {"given_up_at": since, "next_look_at": now}
            doubted(connection, connection.execute(again).one(), given_up, gap.REASON)
            return
    shelve(connection, launch.id, gap.REASON, now)
