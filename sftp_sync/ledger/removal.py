"""Rows of files that were over long ago: what they came to stays, and they go."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, and_, delete, exists, func, or_, select, update

from sftp_sync.ledger.engine import reading, writing
from sftp_sync.ledger.records import AnyRow
from sftp_sync.ledger.schema import evidence, files, rows, totals
from sftp_sync.ledger.upserts import add
from sftp_sync.model import FileState, RowState

ROWS_AT_ONCE = 5_000
IDS_AT_ONCE = 500
# A call that is older than the doubt by less than this may be taken for that of the doubtful row.
BEFORE_DOUBT = timedelta(days=2)
WITH_DOUBTS = (FileState.HELD, FileState.DISPATCHING)


def remove_rows(engine: Engine, now: datetime) -> int:
    """Remove the rows of files that were emptied; how many rows. A file waits while a row in doubt
    since before its end could take one of its calls for its own: their ids tell whose they are.
    """
    asked = select(files.c.id, files.c.destination_id, files.c.finished_at).where(
        files.c.emptied_at.is_not(None), exists().where(rows.c.file_id == files.c.id)
    )
    with reading(engine) as connection:
        doubts = _oldest_doubts(connection)
        old = connection.execute(asked.order_by(files.c.id)).all()
    return sum(_remove(engine, file, now) for file in old if _may_go(file, doubts))


def _oldest_doubts(connection: Connection) -> Mapping[int, datetime]:
    """By destination: since when a row may have been called of which nobody knows it."""
    since = func.coalesce(rows.c.doubt_since, rows.c.claimed_at)
    doubtful = or_(
        rows.c.state.in_((RowState.SENDING, RowState.UNCERTAIN)),
        # Of a restored ledger, whose turn has not come.
        and_(rows.c.state == RowState.PENDING, rows.c.doubt_since.is_not(None)),
    )
    asked = (
        select(rows.c.destination_id, func.min(since, type_=rows.c.doubt_since.type))
        .join(files, files.c.id == rows.c.file_id)
        .where(files.c.state.in_(WITH_DOUBTS), doubtful)
        .group_by(rows.c.destination_id)
    )
    return dict(connection.execute(asked).all())


def _may_go(file: AnyRow, doubts: Mapping[int, datetime]) -> bool:
    since = doubts.get(file.destination_id)
    return since is None or bool(file.finished_at < since - BEFORE_DOUBT)


def _remove(engine: Engine, file: AnyRow, now: datetime) -> int:
    # The newest row of all stays: SQLite would give its number to the next one, and a late answer
    # would settle that.
    newest = select(func.max(rows.c.id)).scalar_subquery()
    old = select(rows.c.id).where(rows.c.file_id == file.id, rows.c.id < newest)
    some = old.order_by(rows.c.id).limit(ROWS_AT_ONCE)
    number, removed = 0, ROWS_AT_ONCE
    while removed == ROWS_AT_ONCE:
        # A part at a time: whoever sends does not wait for a million rows.
        with writing(engine) as connection:
            _note_removal(connection, file, now)
            ids = list(connection.execute(some).scalars())
            for start in range(0, len(ids), IDS_AT_ONCE):
                part = ids[start : start + IDS_AT_ONCE]
                connection.execute(delete(evidence).where(evidence.c.row_id.in_(part)))
                connection.execute(delete(rows).where(rows.c.id.in_(part)))
        removed = len(ids)
        number += removed
    return number


def _note_removal(connection: Connection, file: AnyRow, now: datetime) -> None:
    """With its first part: what the file came to is in the totals from now on."""
    first = (files.c.id == file.id) & files.c.removed_at.is_(None)
    noted = update(files).where(first).values(removed_at=now)
    for campaign, counts in connection.execute(noted.returning(files.c.campaign, files.c.counts)):
        for state, number in sorted(json.loads(counts).items()):
            add(connection, totals, {"campaign": campaign, "state": state, "rows": number}, "rows")
