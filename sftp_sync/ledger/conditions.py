"""Conditions on rows, word for word as the partial indexes have them: with values bound at run
time SQLite cannot tell that an index covers a question, and reads every row instead.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, FromClause, and_, exists, literal_column, or_

from sftp_sync.ledger.destinations import Place
from sftp_sync.ledger.schema import files, rows, sightings
from sftp_sync.model import FileState, RowState

GOING_ON = (FileState.HELD, FileState.DISPATCHING, FileState.FOLLOWING)
# The rows of a rejected file go back to the partner like those of any other: it is over when they
# have.
FILE_GOES_ON = or_(
    files.c.state.in_(GOING_ON),
    and_(files.c.state == FileState.REJECTED, files.c.finished_at.is_(None)),
)
FILE_IS_OVER = or_(
    files.c.state == FileState.FINISHED,
    and_(files.c.state == FileState.REJECTED, files.c.finished_at.is_not(None)),
)
# It could not be read, and lies in the inbox still, as it was met.
FILE_LIES_UNREAD = and_(
    files.c.state == FileState.UNREADABLE,
    exists().where(
        sightings.c.campaign == files.c.campaign,
        sightings.c.name_raw == files.c.name_raw,
        sightings.c.file_id == files.c.id,
    ),
)


def _is_one_of(table: FromClause, states: tuple[RowState, ...]) -> ColumnElement[bool]:
    written: list[ColumnElement[str]] = [literal_column(f"'{state}'") for state in states]
    return table.c.state.in_(written) if written[1:] else table.c.state == written[0]


def is_in_doubt(table: FromClause = rows) -> ColumnElement[bool]:
    """It may be called at this moment, or may have been."""
    return _is_one_of(table, (RowState.SENDING, RowState.UNCERTAIN))


def is_number_in_doubt(place: Place) -> ColumnElement[bool]:
    """A row with the same number may be called at this moment, or may have been."""
    other = rows.alias("other")
    return exists().where(
        other.c.destination_id.in_(place.with_former),
        other.c.phone == rows.c.phone,
        is_in_doubt(other),
    )


def is_decided_early(table: FromClause = rows) -> ColumnElement[bool]:
    """A person has decided that it was not called, while its request might yet be handled."""
    refused = table.c.state.in_([literal_column("'refused'"), literal_column("'rejected'")])
    return and_(refused, table.c.next_look_clock.is_not(None))


def is_called(table: FromClause = rows) -> ColumnElement[bool]:
    """The vendor has a call for it."""
    return _is_one_of(table, (RowState.ACCEPTED, RowState.ALREADY_QUEUED))


def is_accepted(table: FromClause = rows) -> ColumnElement[bool]:
    """The vendor took it. Asked together with an id, which then is not null."""
    return _is_one_of(table, (RowState.ACCEPTED,))
