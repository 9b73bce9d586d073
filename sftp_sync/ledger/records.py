"""Rows of the database as values, and the balance that is checked wherever it is shown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, select

from sftp_sync.errors import LedgerMismatch
from sftp_sync.ledger.conditions import FILE_LIES_UNREAD
from sftp_sync.ledger.schema import files, rows
from sftp_sync.model import Claim, FileRecord, FileState, Instant, RowRecord, RowState

AnyRow = Row[*tuple[Any, ...]]


def file_records(
    connection: Connection, found: Sequence[AnyRow], *, anew: bool = False
) -> list[FileRecord]:
    """Files with where their rows stand, in the order given. `anew` counts also those that were
    counted at their end, if their rows are there still.
    """
    known = [row for row in found if row.counts is not None]
    counted = [row for row in known if row.removed_at is not None] if anew else known
    counts = {row.id: _counted_before(row) for row in counted}
    counts |= count_rows(connection, [row.id for row in found if row.id not in counts])
    return [_file_record(row, counts.get(row.id, {})) for row in found]


def _counted_before(row: AnyRow) -> dict[RowState, int]:
    """A finished file does not change: its rows were counted at its end."""
    return {RowState(state): number for state, number in json.loads(row.counts).items()}


def count_rows(connection: Connection, file_ids: Sequence[int]) -> dict[int, dict[RowState, int]]:
    """Where the rows of files stand."""
    counts: dict[int, dict[RowState, int]] = {}
    for start in range(0, len(file_ids), 500):
        asked = (
            select(rows.c.file_id, rows.c.state, func.count())
            .where(rows.c.file_id.in_(file_ids[start : start + 500]))
            .group_by(rows.c.file_id, rows.c.state)
        )
        for file_id, state, number in connection.execute(asked):
            counts.setdefault(file_id, {})[RowState(state)] = number
    return counts


def _file_record(row: AnyRow, counts: dict[RowState, int]) -> FileRecord:
    if sum(counts.values()) != row.total:
        raise LedgerMismatch(
            f"File {row.id} ({row.name}) had {row.total} rows when it was recorded and has"
            f" {sum(counts.values())} now: the ledger was changed from outside.",
            fix="Restore the last backup, or ask for help before anything is sent.",
        )
    return FileRecord(
        id=row.id,
        campaign=row.campaign,
        name=row.name,
        sha256=row.sha256,
        size=row.size,
        state=FileState(row.state),
        reason=row.reason,
        received_at=row.received_at,
        total=row.total,
        first_file_id=row.first_file_id,
        understanding=json.loads(row.understanding) if row.understanding else {},
        rows={state: counts.get(state, 0) for state in RowState},
        removed_at=row.removed_at,
        lies_unread=bool(row.lies_unread),
    )


def row_record(row: AnyRow) -> RowRecord:
    """A row of a file, as a value."""
    return RowRecord(
        id=row.id,
        file_id=row.file_id,
        line=row.line,
        phone=row.phone,
        state=RowState(row.state),
        code=row.code,
        column=row.column_name,
        reason=row.reason,
        call_id=row.call_id,
        call_status=row.call_status,
        cells=tuple(json.loads(row.cells)),
    )


def claim_of(row: AnyRow, when: Instant, day: str) -> Claim:
    """The next attempt of a row, claimed."""
    return Claim(
        row_id=row.id,
        attempt=row.attempt + 1,
        file_id=row.file_id,
        line=row.line,
        phone=row.phone,
        cells=tuple(json.loads(row.cells)),
        claimed_at=when.at,
        day=day,
        boot_time=when.boot_time,
    )


FILE_COLUMNS = (
    files.c.id,
    files.c.campaign,
    files.c.name,
    files.c.sha256,
    files.c.size,
    files.c.state,
    files.c.reason,
    files.c.received_at,
    files.c.total,
    files.c.first_file_id,
    files.c.understanding,
    files.c.counts,
    files.c.removed_at,
    FILE_LIES_UNREAD.label("lies_unread"),
)
