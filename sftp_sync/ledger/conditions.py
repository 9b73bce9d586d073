"""Conditions on rows, word for word as the partial indexes have them: with values bound at run
time SQLite cannot tell that an index covers a question, and reads every row instead.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, FromClause, exists, literal_column

from sftp_sync.ledger.schema import rows
from sftp_sync.model import RowState


def _is_one_of(table: FromClause, states: tuple[RowState, ...]) -> ColumnElement[bool]:
    written: list[ColumnElement[str]] = [literal_column(f"'{state}'") for state in states]
    return table.c.state.in_(written) if written[1:] else table.c.state == written[0]


def is_in_doubt(table: FromClause = rows) -> ColumnElement[bool]:
    """It may be called at this moment, or may have been."""
    return _is_one_of(table, (RowState.SENDING, RowState.UNCERTAIN))


def is_number_in_doubt() -> ColumnElement[bool]:
    """A row with the same number may be called at this moment, or may have been."""
    other = rows.alias("other")
    return exists().where(
        other.c.destination_id == rows.c.destination_id,
        other.c.phone == rows.c.phone,
        is_in_doubt(other),
    )


def is_called(table: FromClause = rows) -> ColumnElement[bool]:
    """The vendor has a call for it."""
    return _is_one_of(table, (RowState.ACCEPTED, RowState.ALREADY_QUEUED))


def is_accepted(table: FromClause = rows) -> ColumnElement[bool]:
    """The vendor took it. Asked together with an id, which then is not null."""
    return _is_one_of(table, (RowState.ACCEPTED,))
