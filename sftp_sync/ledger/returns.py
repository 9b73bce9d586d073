"""How far the results of files have gone back to the partner: for those who only look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection, Engine, func, select

from sftp_sync.ledger.conditions import FILE_GOES_ON, GOING_ON
from sftp_sync.ledger.engine import reading
from sftp_sync.ledger.progress import UNREPORTED
from sftp_sync.ledger.schema import deliveries, files, rows
from sftp_sync.model import FileRecord, FileState

FILES_AT_ONCE = 500
WITH_RESULTS = (*GOING_ON, FileState.REJECTED)


@dataclass(frozen=True)
class Returned:
    """Result files of one contact file: those that are at the partner's, those that are written
    down and are not, with what kept one of them, and the rows that are in none yet.
    """

    delivered: int = 0
    delivered_at: datetime | None = None
    outstanding: int = 0
    error: str | None = None
    rows_outstanding: int = 0


class Returns:
    """The question of whoever shows files."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of_files(self, shown: Sequence[FileRecord]) -> dict[int, Returned]:
        """Of each of these files, by its id."""
        ids = [file.id for file in shown]
        # Of the others every row is reported, or none is to be: theirs need not be gone through.
        going_on = [file.id for file in shown if file.state in WITH_RESULTS]
        with reading(self._engine) as connection:
            left = _rows_outstanding(connection, going_on)
            posted = _posted(connection, ids)
        return {
            one: replace(posted.get(one, Returned()), rows_outstanding=left.get(one, 0))
            for one in ids
        }


def _rows_outstanding(connection: Connection, file_ids: Sequence[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for part in _parts(file_ids):
        asked = (
            select(rows.c.file_id, func.count())
            .join(files, files.c.id == rows.c.file_id)
            .where(rows.c.file_id.in_(part), FILE_GOES_ON, UNREPORTED)
        )
        found |= dict(connection.execute(asked.group_by(rows.c.file_id)).all())
    return found


def _posted(connection: Connection, file_ids: Sequence[int]) -> dict[int, Returned]:
    delivered_at = deliveries.c.delivered_at
    told = (
        func.count(delivered_at),
        func.max(delivered_at, type_=delivered_at.type),
        func.count() - func.count(delivered_at),
        # What is delivered has none any more.
        func.max(deliveries.c.error),
    )
    found: dict[int, Returned] = {}
    for part in _parts(file_ids):
        results = deliveries.c.file_id.in_(part) & (deliveries.c.kind == "results")
        asked = select(deliveries.c.file_id, *told).where(results)
        for file_id, *posted in connection.execute(asked.group_by(deliveries.c.file_id)):
            found[file_id] = Returned(*posted)
    return found


def _parts(file_ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for at in range(0, len(file_ids), FILES_AT_ONCE):
        yield file_ids[at : at + FILES_AT_ONCE]
