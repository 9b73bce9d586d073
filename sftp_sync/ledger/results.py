"""Rows that are to be reported to the partner, and those that were."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, Engine, Update, and_, exists, or_, select, update

from sftp_sync.ledger.conditions import FILE_GOES_ON
from sftp_sync.ledger.deliveries import write_down
from sftp_sync.ledger.engine import reading, writing
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.progress import IN_RECEIPT, UNREPORTED, advance
from sftp_sync.ledger.records import FILE_COLUMNS, AnyRow, file_records
from sftp_sync.ledger.schema import deliveries, files, rows
from sftp_sync.model import FileRecord, NewDelivery, ResultRow, RowState

AT_ONCE = 1_000
CALLED = (RowState.ACCEPTED, RowState.ALREADY_QUEUED)
OVER = or_(
    and_(rows.c.state.in_(CALLED), rows.c.over_at.is_not(None)),
    rows.c.state.in_(
        (
            RowState.REFUSED,
            RowState.REJECTED,
            RowState.EXPIRED,
            RowState.SUPPRESSED,
            RowState.DUPLICATE,
        )
    ),
)


class Results:
    """The verbs for results."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def files(self, campaign: str) -> list[FileRecord]:
        """The files of a campaign of which there is something to report, oldest first."""
        due = exists().where(rows.c.file_id == files.c.id, UNREPORTED, OVER)
        here = (files.c.campaign == campaign) & FILE_GOES_ON
        with reading(self._engine) as connection:
            asked = select(*FILE_COLUMNS).where(here, due).order_by(files.c.id)
            return file_records(connection, connection.execute(asked).all())

    def unfinished(self, campaign: str) -> list[FileRecord]:
        """The files of a campaign that are still going on, oldest first."""
        here = (files.c.campaign == campaign) & FILE_GOES_ON
        with reading(self._engine) as connection:
            asked = select(*FILE_COLUMNS).where(here).order_by(files.c.id)
            return file_records(connection, connection.execute(asked).all())

    def rows(self, file_id: int, *, only_new: bool) -> Iterator[ResultRow]:
        """The rows of a file to report, by line: those over and not reported, or all of them."""
        which = and_(UNREPORTED, OVER) if only_new else ~IN_RECEIPT
        after = -1
        while True:
            here = (rows.c.file_id == file_id) & (rows.c.line > after)
            told = deliveries.c.name.label("supersedes")
            asked = (
                select(rows, OVER.label("is_over"), told)
                .outerjoin(deliveries, deliveries.c.id == rows.c.supersedes_id)
                .where(here, which)
            )
            with reading(self._engine) as connection:
                page = connection.execute(asked.order_by(rows.c.line).limit(AT_ONCE)).all()
            # A snapshot takes the place of the one before it as a whole.
            yield from (_result_row(row, row.supersedes if only_new else None) for row in page)
            if len(page) < AT_ONCE:
                return
            after = page[-1].line

    def report(
        self, lease: Lease, file: FileRecord, delivery: NewDelivery, row_ids: Sequence[int]
    ) -> bool:
        """Write a result file down, and that these rows are in it: together, or not at all.

        False where a row was changed meanwhile; what was composed is then not what is.
        """
        with writing(self._engine) as connection:
            lease.guard(connection)
            (delivery_id,) = write_down(connection, file.id, file.campaign, [delivery])
            marked = 0
            for start in range(0, len(row_ids), AT_ONCE):
                ours = rows.c.id.in_(row_ids[start : start + AT_ONCE])
                told = update(rows).where(ours, UNREPORTED, OVER).values(delivery_id=delivery_id)
                marked += connection.execute(told).rowcount
            if marked != len(row_ids):
                connection.rollback()
                return False
            advance(connection, file.id)
        return True

    def rewrite(
        self, lease: Lease, file: FileRecord, delivery: NewDelivery, row_ids: Sequence[int]
    ) -> str | None:
        """Write down a snapshot in place of the one before it; the spooled file that it replaces.

        The rows that are over are reported by it.
        """
        named = and_(
            deliveries.c.campaign == file.campaign,
            deliveries.c.folder == delivery.folder,
            deliveries.c.name == delivery.name,
        )
        with writing(self._engine) as connection:
            lease.guard(connection)
            before = connection.execute(select(deliveries).where(named)).one_or_none()
            if before is None:
                (delivery_id,) = write_down(connection, file.id, file.campaign, [delivery])
            else:
                delivery_id = before.id
                connection.execute(_replacing(named, delivery))
            for start in range(0, len(row_ids), AT_ONCE):
                ours = rows.c.id.in_(row_ids[start : start + AT_ONCE])
                told = update(rows).where(ours, UNREPORTED, OVER).values(delivery_id=delivery_id)
                connection.execute(told)
            advance(connection, file.id)
        return None if before is None else str(before.spooled)

    def latest_sha256(self, file: FileRecord, folder: str, name: str) -> str | None:
        """The content of the delivery of this name, if there is one."""
        asked = select(deliveries.c.sha256).where(
            deliveries.c.campaign == file.campaign,
            deliveries.c.folder == folder,
            deliveries.c.name == name,
        )
        with reading(self._engine) as connection:
            return connection.execute(asked).scalar_one_or_none()


def _replacing(named: ColumnElement[bool], delivery: NewDelivery) -> Update:
    return (
        update(deliveries)
        .where(named)
        .values(
            sha256=delivery.sha256,
            size=delivery.size,
            spooled=delivery.spooled,
            delivered_at=None,
            attempts=0,
            error=None,
        )
    )


def _result_row(row: AnyRow, supersedes: str | None) -> ResultRow:
    return ResultRow(
        row_id=row.id,
        line=row.line,
        cells=tuple(json.loads(row.cells)),
        phone=row.phone,
        state=RowState(row.state),
        reason=row.reason,
        call_id=row.call_id,
        status=row.call_status,
        retries=row.call_retries,
        duration_seconds=row.call_duration,
        queued_at=row.queued_at,
        updated_at=row.call_updated_at,
        is_over=bool(row.is_over),
        matched_by=row.matched_by,
        supersedes=supersedes,
    )
