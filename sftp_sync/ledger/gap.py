"""What a restored ledger does not know: what was called between the backup and its loss.

Rows that may have been called then carry the moment of the backup, and become `uncertain` before
anything is sent: what the vendor's list shows since that moment decides.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, bindparam, case, exists, func, select, update

from sftp_sync.ledger.conditions import is_in_doubt
from sftp_sync.ledger.engine import database_now
from sftp_sync.ledger.progress import advance
from sftp_sync.ledger.records import AnyRow
from sftp_sync.ledger.schema import EPOCH, campaigns, destinations, facts, files, rows
from sftp_sync.ledger.upserts import put
from sftp_sync.model import FileState, RowState

SINCE, RESTORED_AT = "restored_since", "restored_at"
REASON = "the ledger was restored from a backup: the number may have been called since"
CLAIMANT = "restored"
# A partner's clock may be wrong by this much: a file that is younger came after the restore.
CLOCK_ERROR = timedelta(days=1)


def remember(connection: Connection, since: datetime, restored_at: datetime) -> None:
    """From now on there is a gap, which begins at the backup."""
    for name, moment in ((SINCE, since), (RESTORED_AT, restored_at)):
        micros = (moment - EPOCH) // timedelta(microseconds=1)
        put(connection, facts, {"name": name, "value": str(micros)})


def mark(connection: Connection, file_id: int, modified_at: int | None = None) -> None:
    """Rows that are due now may have been due before: those of a file that may have lain in the
    inbox before the restore, or, without a time, whatever a person makes due again.
    """
    found = dict(
        connection.execute(
            select(facts.c.name, facts.c.value).where(facts.c.name.in_((SINCE, RESTORED_AT)))
        ).all()
    )
    if SINCE not in found:
        return
    restored_at = EPOCH + timedelta(microseconds=int(found[RESTORED_AT]))
    if _has_come_since(connection, file_id, restored_at, modified_at):
        return
    since = EPOCH + timedelta(microseconds=int(found[SINCE]))
    here = (rows.c.file_id == file_id) & (rows.c.state == RowState.PENDING)
    connection.execute(update(rows).where(here).values(doubt_since=since))
    asked = select(files.c.state).where(files.c.id == file_id)
    if connection.execute(asked).scalar_one() == FileState.DISPATCHING:
        put_in_doubt(connection, rows.c.file_id == file_id)
        advance(connection, file_id)


def _has_come_since(
    connection: Connection, file_id: int, restored_at: datetime, modified_at: int | None
) -> bool:
    """Whether a list was written after the restore, as far as its time tells. What lay in the inbox
    when it was read to its end for the first time may have lain there before; and a time that has
    not come yet tells nothing.
    """
    earliest, latest = restored_at + CLOCK_ERROR, database_now(connection)
    if modified_at is None or not earliest.timestamp() < modified_at <= latest.timestamp():
        return False
    read = select(campaigns.c.collected_at).join(files, files.c.campaign == campaigns.c.name)
    collected_at = connection.execute(read.where(files.c.id == file_id)).scalar_one_or_none()
    return collected_at is not None and collected_at > restored_at


def put_in_doubt(connection: Connection, which: ColumnElement[bool]) -> int:
    """Of the pending rows that carry a mark, one of each number is in doubt from now on; the others
    wait until that one is settled, and then it is their turn. How many there are.
    """
    other = rows.alias("other")
    elsewhere = exists().where(
        other.c.destination_id == rows.c.destination_id,
        other.c.phone == rows.c.phone,
        is_in_doubt(other),
    )
    marked = (rows.c.state == RowState.PENDING) & rows.c.doubt_since.is_not(None)
    first = (
        select(func.min(rows.c.id))
        .where(which, marked, rows.c.launch_id.is_(None), ~elsewhere)
        .group_by(rows.c.destination_id, rows.c.phone)
    )
    claimed = update(rows).where(rows.c.id.in_(first), rows.c.state == RowState.PENDING)
    connection.execute(claimed.values(state=RowState.SENDING, claimant=CLAIMANT))
    return _doubt(connection, rows.c.claimant == CLAIMANT)


def put_row_in_doubt(connection: Connection, row: AnyRow) -> None:
    """The same for one row whose turn it is, and whose number is in no doubt."""
    ours = rows.c.id == row.id
    claimed = update(rows).where(ours, rows.c.state == RowState.PENDING)
    connection.execute(claimed.values(state=RowState.SENDING, claimant=CLAIMANT))
    _doubt(connection, ours & (rows.c.claimant == CLAIMANT))


def _doubt(connection: Connection, which: ColumnElement[bool]) -> int:
    now = bindparam("now", database_now(connection), type_=rows.c.given_up_at.type)
    # No list of calls shows whether a single row of a list was called.
    lists = select(destinations.c.id).where(destinations.c.takes_lists)
    claimed = update(rows).where(which, rows.c.state == RowState.SENDING)
    doubted = claimed.values(
        state=RowState.UNCERTAIN,
        claimant=None,
        # What was given up here is known to the second; of the rest nothing is, so that its wait
        # begins anew where it is seen.
        given_up_at=func.coalesce(rows.c.given_up_at, now),
        next_look_at=case((rows.c.destination_id.not_in(lists), now)),
        looks=0,
        reason=REASON,
    )
    return connection.execute(doubted).rowcount
