"""Where a file stands by its rows: dispatching while any may still be sent, finished when nothing
is left to report.
"""

from __future__ import annotations

from sqlalchemy import Connection, and_, exists, or_, select, update

from sftp_sync.ledger.engine import database_now
from sftp_sync.ledger.schema import deliveries, files, rows
from sftp_sync.model import Code, FileState, RowState

OPEN = (RowState.PENDING, RowState.SENDING, RowState.UNCERTAIN)
# Settled in the receipt: never in a result file.
IN_RECEIPT = or_(
    rows.c.state == RowState.INVALID,
    and_(rows.c.state == RowState.DUPLICATE, rows.c.code == Code.DUPLICATE_IN_FILE),
)
UNREPORTED = and_(rows.c.delivery_id.is_(None), ~IN_RECEIPT)
MOVING = (FileState.DISPATCHING, FileState.FOLLOWING, FileState.FINISHED)
CALLED_OR_OPEN = (*OPEN, RowState.ACCEPTED, RowState.ALREADY_QUEUED)


def state_by_rows(connection: Connection, file_id: int) -> FileState:
    """What the rows of a file call for."""
    here = rows.c.file_id == file_id
    is_open = select(exists().where(here, rows.c.state.in_(OPEN)))
    if connection.execute(is_open).scalar_one():
        return FileState.DISPATCHING
    is_unreported = select(exists().where(here, UNREPORTED))
    is_undelivered = select(
        exists().where(
            deliveries.c.file_id == file_id,
            deliveries.c.kind == "results",
            deliveries.c.delivered_at.is_(None),
        ),
    )
    if any(connection.execute(asked).scalar_one() for asked in (is_unreported, is_undelivered)):
        return FileState.FOLLOWING
    return FileState.FINISHED


def ended(connection: Connection, state: FileState) -> dict[str, object]:
    """When it ended; what was counted at an earlier end is counted anew."""
    at = database_now(connection) if state == FileState.FINISHED else None
    return {"finished_at": at, "counts": None, "outcomes": None}


def advance(connection: Connection, file_id: int) -> None:
    """Give a file the state that its rows call for; one that is held stays held."""
    # One after the other: of two that settle the last two rows at once, neither would see the end.
    here = files.c.id == file_id
    locked = select(files.c.state).where(here).with_for_update(key_share=True)
    before = connection.execute(locked).scalar_one()
    state = state_by_rows(connection, file_id)
    if before == FileState.REJECTED:
        _advance_rejected(connection, file_id, state)
        return
    connection.execute(
        update(files)
        .where(here, files.c.state.in_(MOVING), files.c.state != state)
        .values(state=state, **ended(connection, state)),
    )


def _advance_rejected(connection: Connection, file_id: int, state: FileState) -> None:
    """It stays rejected, unless its rows are to be sent after all; over it is like any other."""
    here = update(files).where(files.c.id == file_id)
    if state == FileState.DISPATCHING:
        anew = {"state": state, "reason": None}
        connection.execute(here.values(**anew, **ended(connection, state)))
        return
    is_over = state == FileState.FINISHED
    changed = files.c.finished_at.is_(None) if is_over else files.c.finished_at.is_not(None)
    connection.execute(here.where(changed).values(**ended(connection, state)))


def was_called(connection: Connection, file_id: int) -> bool:
    """Whether any of its rows was called, or may be."""
    here = (rows.c.file_id == file_id) & rows.c.state.in_(CALLED_OR_OPEN)
    return bool(connection.execute(select(exists().where(here))).scalar_one())
