"""Rows, to look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import Engine, exists, func, select

from sftp_sync.ledger.conditions import is_called
from sftp_sync.ledger.destinations import destination_id
from sftp_sync.ledger.engine import reading
from sftp_sync.ledger.records import row_record
from sftp_sync.ledger.schema import rows
from sftp_sync.model import RowRecord, RowState

AT_ONCE = 500


class Rows:
    """The verbs for rows."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of_file(self, file_id: int, states: Sequence[RowState] = ()) -> Iterator[RowRecord]:
        """The rows of a file in the order of its lines, a page at a time."""
        after = -1
        while True:
            asked = select(rows).where(rows.c.file_id == file_id, rows.c.line > after)
            if states:
                asked = asked.where(rows.c.state.in_(states))
            with reading(self._engine) as connection:
                page = connection.execute(asked.order_by(rows.c.line).limit(AT_ONCE)).all()
            yield from (row_record(row) for row in page)
            if len(page) < AT_ONCE:
                return
            after = page[-1].line

    def codes(self, file_id: int) -> dict[str, int]:
        """How many rows of a file carry which code."""
        asked = select(rows.c.code, func.count()).where(
            rows.c.file_id == file_id,
            rows.c.code.is_not(None),
        )
        with reading(self._engine) as connection:
            found = connection.execute(asked.group_by(rows.c.code).order_by(rows.c.code))
            return dict(found.all())

    def queued_since(self, destination: str, phones: Sequence[str], since: datetime) -> set[str]:
        """Those of these numbers that were queued for this vendor campaign since then."""
        with reading(self._engine) as connection:
            place = destination_id(connection, destination)
            here = (rows.c.destination_id == place) & is_called() & (rows.c.queued_at > since)
            found: set[str] = set()
            for start in range(0, len(phones), AT_ONCE):
                numbers = rows.c.phone.in_(phones[start : start + AT_ONCE])
                found.update(
                    connection.execute(select(rows.c.phone).where(here, numbers)).scalars()
                )
        return found

    def called_before(self, destination: str, phones: Sequence[str]) -> int:
        """How many of these numbers were accepted for this vendor campaign before, whenever."""
        with reading(self._engine) as connection:
            place = destination_id(connection, destination)
            here = (rows.c.destination_id == place) & is_called()
            if place is None or not connection.execute(select(exists().where(here))).scalar_one():
                return 0
            found = 0
            for start in range(0, len(phones), AT_ONCE):
                numbers = rows.c.phone.in_(phones[start : start + AT_ONCE])
                asked = select(func.count(func.distinct(rows.c.phone))).where(here, numbers)
                found += connection.execute(asked).scalar_one()
        return found
