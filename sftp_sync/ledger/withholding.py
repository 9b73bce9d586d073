"""Whether a row in doubt must not be asked for again, judged in the transaction that would."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from sftp_sync.ledger.claims import (
    EXPIRED,
    Moment,
    calls_left,
    is_expired,
    is_paused,
    spend,
)
from sftp_sync.ledger.forbidding import wanting, why_suppressed
from sftp_sync.ledger.given_up import NO_LOOK, next_look
from sftp_sync.ledger.progress import advance
from sftp_sync.ledger.records import AnyRow
from sftp_sync.ledger.schema import files, rows
from sftp_sync.ledger.settling import note
from sftp_sync.model import Campaign, Instant, RowState

FOR_A_PERSON = "{why}: it is not asked for again, and a person decides whether it was called"
WAITS_FOR_LIST = timedelta(minutes=5)
# Of a restored ledger: what was never asked for here counts as a call when it is.
WAITS_FOR_A_DAY = timedelta(minutes=15)
DAY_SPENT = "the calls of the day are spent (limits.calls_per_day)"


def is_withheld(connection: Connection, campaign: Campaign, row: AnyRow, when: Moment) -> bool:
    """None is asked for while the campaign is paused. One whose number is suppressed by now may
    have been called before: a person decides. Without a good do-not-call list it waits for one. One
    that it is too late for is not called at all: the vendor has no call for it.
    """
    if is_paused(connection, campaign.name):
        return True
    if row.attempt == 0 and calls_left(connection, campaign, when.day) == 0:
        _put_off(connection, row, WAITS_FOR_A_DAY, when.instant, DAY_SPENT)
        return True
    why = why_suppressed(connection, campaign.name, row.phone)
    if why is not None:
        _put_off(connection, row, None, when.instant, FOR_A_PERSON.format(why=why))
        return True
    wants = wanting(connection, campaign, when.now)
    if wants is not None:
        _put_off(connection, row, WAITS_FOR_LIST, when.instant, wants)
        return True
    place = select(files.c.received_at).where(files.c.id == row.file_id)
    is_late = is_expired(campaign, connection.execute(place).scalar_one(), when.now)
    if is_late:
        _expire(connection, row, when.now)
    return is_late


def count_if_first(connection: Connection, row: AnyRow, when: Moment) -> None:
    """What is in doubt was counted as a call when it was claimed first, but for the rows of a
    restored ledger, which never were.
    """
    if row.attempt == 0:
        spend(connection, row.file_id, when.day, 1)


def _put_off(
    connection: Connection, row: AnyRow, after: timedelta | None, when: Instant, why: str
) -> None:
    here = update(rows).where(rows.c.id == row.id, rows.c.attempt == row.attempt)
    connection.execute(here.values(reason=why, **next_look(when, after)))
    note(connection, row.id, row.attempt, when.at, why)


def _expire(connection: Connection, row: AnyRow, now: datetime) -> None:
    for state in (RowState.PENDING, RowState.EXPIRED):
        here = update(rows).where(rows.c.id == row.id, rows.c.attempt == row.attempt)
        connection.execute(here.values(state=state, reason=EXPIRED, **NO_LOOK))
    note(connection, row.id, row.attempt, now, EXPIRED)
    advance(connection, row.file_id)
