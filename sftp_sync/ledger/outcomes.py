"""What became of the rows, counted by the database: for reports, which only look."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Connection, Engine, func, or_, select, type_coerce

from sftp_sync.ledger.conditions import FILE_GOES_ON
from sftp_sync.ledger.engine import reading
from sftp_sync.ledger.records import FILE_COLUMNS, file_records
from sftp_sync.ledger.schema import EPOCH, deliveries, files, rows
from sftp_sync.model import Code, FileRecord, FileState, RowState

# Of these the days of every time zone are made, so that the database needs to know no zone.
QUARTER = timedelta(minutes=15)
QUARTER_MICROSECONDS = QUARTER // timedelta(microseconds=1)
FILES_AT_ONCE = 500


@dataclass(frozen=True)
class Counted:
    """So many rows of a file of which the same is known. `queued_at` is the beginning of the
    quarter of an hour; `calls_timed` tells how many calls `talk_seconds` is the sum of.
    """

    file_id: int
    state: RowState
    code: str | None
    call_status: str | None
    is_over: bool
    queued_at: datetime | None
    delivery_id: int | None
    rows: int
    calls_timed: int = 0
    talk_seconds: float = 0.0


@dataclass(frozen=True)
class Posted:
    """A file for the partner: when it was composed, when it arrived, and what kept it."""

    id: int
    file_id: int
    kind: str
    name: str
    created_at: datetime
    delivered_at: datetime | None
    error: str | None = None


@dataclass(frozen=True)
class History:
    """Contact files, oldest first, with what became of their rows and what went to the partner."""

    files: tuple[FileRecord, ...]
    counts: tuple[Counted, ...]
    posted: tuple[Posted, ...]


class Outcomes:
    """The questions about what became of the rows."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def since(self, campaign: str, moment: datetime) -> History:
        """Every file of a campaign that was received, called from or reported on since then, and
        every one that is still open, however old.
        """
        with reading(self._engine) as connection:
            found = _files(connection, campaign, moment)
            there = _parts([file.id for file in found if file.removed_at is None])
            gone = _parts([file.id for file in found if file.removed_at is not None])
            parts = _parts([file.id for file in found])
            counted = [one for part in there for one in count_alike(connection, part)]
            counted += [one for part in gone for one in _counted_before(connection, part)]
            posted = tuple(one for part in parts for one in _posted(connection, part))
        return History(tuple(found), tuple(counted), posted)


def _parts(ids: Sequence[int]) -> list[Sequence[int]]:
    return [ids[at : at + FILES_AT_ONCE] for at in range(0, len(ids), FILES_AT_ONCE)]


def _files(connection: Connection, campaign: str, moment: datetime) -> list[FileRecord]:
    # A row that was queued since then is in a file that is open still, or in a result file that was
    # delivered since then: nobody needs to go through the rows of all files to find it.
    told = select(deliveries.c.file_id).where(
        deliveries.c.campaign == campaign,
        or_(deliveries.c.delivered_at >= moment, deliveries.c.delivered_at.is_(None)),
    )
    asked = select(*FILE_COLUMNS).where(
        files.c.campaign == campaign,
        files.c.state != FileState.ENTERING,
        or_(
            files.c.received_at >= moment,
            FILE_GOES_ON,
            files.c.id.in_(told),
        ),
    )
    return file_records(connection, connection.execute(asked.order_by(files.c.id)).all())


def count_alike(connection: Connection, file_ids: Sequence[int]) -> Iterator[Counted]:
    """How many rows of these files there are of each sort."""
    quarter = type_coerce(rows.c.queued_at, BigInteger) // QUARTER_MICROSECONDS
    # What tells most rows apart stands early: sorting them costs a quarter less.
    alike = (
        rows.c.file_id,
        rows.c.state,
        quarter,
        rows.c.call_status,
        rows.c.over_at.is_not(None),
        rows.c.code,
        rows.c.delivery_id,
    )
    durations = (func.count(rows.c.call_duration), func.sum(rows.c.call_duration))
    asked = select(*alike, func.count(), *durations).where(rows.c.file_id.in_(file_ids))
    for found in connection.execute(asked.group_by(*alike)):
        file_id, state, quarters, status, is_over, code, delivery, number, timed, talked = found
        yield Counted(
            file_id=file_id,
            state=RowState(state),
            code=code,
            call_status=status,
            is_over=bool(is_over),
            queued_at=None if quarters is None else EPOCH + quarters * QUARTER,
            delivery_id=delivery,
            rows=number,
            calls_timed=timed,
            talk_seconds=talked or 0.0,
        )


def counted_at_end(
    file_id: int, outcomes: str, delivery_id: int | None = None
) -> Iterator[Counted]:
    """What was counted at the end of a file. `delivery_id`: in what the rows were reported that
    were not settled in the receipt.
    """
    for state, code, status, is_over, quarter, number, timed, talked in json.loads(outcomes):
        in_receipt = state == RowState.INVALID or code == Code.DUPLICATE_IN_FILE
        yield Counted(
            file_id=file_id,
            state=RowState(state),
            code=code,
            call_status=status,
            is_over=is_over,
            queued_at=None if quarter is None else EPOCH + quarter * QUARTER,
            delivery_id=None if in_receipt else delivery_id,
            rows=number,
            calls_timed=timed,
            talk_seconds=talked,
        )


def _counted_before(connection: Connection, file_ids: Sequence[int]) -> Iterator[Counted]:
    """The same of files whose rows are removed. All of them had been reported by then."""
    here = (deliveries.c.file_id == files.c.id) & (deliveries.c.kind == "results")
    told = select(func.max(deliveries.c.id)).where(here).scalar_subquery()
    asked = select(files.c.id, files.c.outcomes, told).where(files.c.id.in_(file_ids))
    for file_id, outcomes, delivery_id in connection.execute(asked.order_by(files.c.id)):
        yield from counted_at_end(file_id, outcomes, delivery_id)


def _posted(connection: Connection, file_ids: Sequence[int]) -> Iterator[Posted]:
    asked = select(
        deliveries.c.id,
        deliveries.c.file_id,
        deliveries.c.kind,
        deliveries.c.name,
        deliveries.c.created_at,
        deliveries.c.delivered_at,
        deliveries.c.error,
    ).where(deliveries.c.file_id.in_(file_ids))
    for found in connection.execute(asked.order_by(deliveries.c.id)):
        yield Posted(*found)
