"""What is going on in all campaigns at once, in a few questions however many there are."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, func, select

from sftp_sync.ledger.conditions import FILE_GOES_ON, FILE_IS_OVER, FILE_LIES_UNREAD, is_in_doubt
from sftp_sync.ledger.endings import note_endings
from sftp_sync.ledger.engine import reading
from sftp_sync.ledger.outcomes import Counted, count_alike, counted_at_end
from sftp_sync.ledger.records import FILE_COLUMNS, AnyRow, file_records, row_record
from sftp_sync.ledger.schema import campaigns, deliveries, files, rows, totals
from sftp_sync.model import (
    BRINGS_NO_ROWS,
    CampaignRecord,
    FileRecord,
    FileState,
    RowRecord,
    RowState,
)

FILES_AT_ONCE = 500
IS_FILE = files.c.state != FileState.ENTERING
PER_STATE = (
    select(
        files.c.campaign,
        files.c.state,
        func.count(),
        func.sum(files.c.total),
        func.max(files.c.received_at, type_=files.c.received_at.type),
    )
    .where(IS_FILE)
    .group_by(files.c.campaign, files.c.state)
)
COUNTED_BEFORE = select(files.c.id, files.c.campaign, files.c.counts).where(
    files.c.counts.is_not(None), files.c.removed_at.is_(None)
)
REMOVED = select(totals.c.campaign, totals.c.state, totals.c.rows)


@dataclass(frozen=True)
class Due:
    """Files that the partner should have and has not, and what kept the last one from it."""

    number: int
    error: str | None


@dataclass(frozen=True)
class Summary:
    """A campaign at one moment. `files` are those that go on or wait for a person, and the latest
    of the others, oldest first; `rows` and `file_states` count all of them. `lost_rows` is how far
    the balance is from closing. `for_a_person`: the rows in doubt of each file that nothing but a
    person can settle.
    """

    known: CampaignRecord
    files: tuple[FileRecord, ...] = ()
    rows: Mapping[RowState, int] = field(default_factory=dict)
    file_states: Mapping[FileState, int] = field(default_factory=dict)
    lost_rows: int = 0
    last_received_at: datetime | None = None
    for_a_person: Mapping[int, int] = field(default_factory=dict)
    due: Due | None = None


@dataclass(frozen=True)
class Happened:
    """So many rows alike, and when they were queued; of those that never were, when they came."""

    at: datetime
    counted: Counted


def _by_state() -> defaultdict[str, Counter[RowState]]:
    return defaultdict(Counter)


@dataclass
class _Counts:
    rows: defaultdict[str, Counter[RowState]] = field(default_factory=_by_state)
    files: defaultdict[str, dict[FileState, int]] = field(default_factory=lambda: defaultdict(dict))
    totals: Counter[str] = field(default_factory=Counter)
    received: dict[str, datetime] = field(default_factory=dict)


class Summaries:
    """The questions of whoever looks at everything."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def note_endings(self, now: datetime) -> int:
        """Count what has finished, so that it need not be counted again."""
        return note_endings(self._engine, now)

    def for_a_person(self) -> dict[str, dict[int, int]]:
        """The rows in doubt that nothing but a person can settle, by campaign and file."""
        with reading(self._engine) as connection:
            return _for_a_person(connection)

    def rows_in_doubt(self, campaign: str, limit: int) -> list[RowRecord]:
        """Some rows of a campaign that may have been called, those for a person first."""
        asked = (
            select(rows)
            .join(files, files.c.id == rows.c.file_id)
            .where(files.c.campaign == campaign)
            .where(is_in_doubt(), rows.c.state == RowState.UNCERTAIN)
            .order_by(rows.c.next_look_at.is_not(None), rows.c.id)
        )
        with reading(self._engine) as connection:
            return [row_record(row) for row in connection.execute(asked.limit(limit))]

    def all(self, latest_files: int) -> dict[str, Summary]:
        """Every campaign that the ledger has heard of, by its name."""
        with reading(self._engine) as connection:
            known = {
                row.name: CampaignRecord(**row._mapping)  # noqa: SLF001 - the public name of a row's mapping
                for row in connection.execute(select(campaigns))
            }
            shown = _shown(connection, latest_files)
            counted = _counted(connection, shown)
            doubtful = _for_a_person(connection)
            due = _due(connection)
        return {
            name: Summary(
                known=known.get(name, CampaignRecord(name)),
                files=tuple(shown.get(name, ())),
                rows={state: counted.rows[name][state] for state in RowState},
                file_states=counted.files[name],
                lost_rows=counted.totals[name] - sum(counted.rows[name].values()),
                last_received_at=counted.received.get(name),
                for_a_person=doubtful.get(name, {}),
                due=due.get(name),
            )
            for name in {*known, *counted.files}
        }

    def outcomes(self, since: datetime) -> dict[str, list[Happened]]:
        """What became of the rows of files that were received or finished since then, or go on."""
        lately = (files.c.received_at >= since) | (files.c.finished_at >= since)
        asked = select(files.c.id, files.c.campaign, files.c.received_at, files.c.outcomes).where(
            FILE_GOES_ON | (FILE_IS_OVER & lately),
        )
        found: dict[str, list[Happened]] = defaultdict(list)
        with reading(self._engine) as connection:
            listed = {file.id: file for file in connection.execute(asked)}
            for one in _sorts_of_rows(connection, listed):
                file = listed[one.file_id]
                found[file.campaign].append(Happened(one.queued_at or file.received_at, one))
        return dict(found)


def _sorts_of_rows(connection: Connection, listed: Mapping[int, AnyRow]) -> Iterator[Counted]:
    for file in listed.values():
        if file.outcomes is not None:
            yield from counted_at_end(file.id, file.outcomes)
    going_on = [file.id for file in listed.values() if file.outcomes is None]
    for start in range(0, len(going_on), FILES_AT_ONCE):
        yield from count_alike(connection, going_on[start : start + FILES_AT_ONCE])


def _counted(connection: Connection, shown: Mapping[str, Sequence[FileRecord]]) -> _Counts:
    """What is shown has been counted already, and of the others each was at its end; of those whose
    rows are removed there is one sum.
    """
    counts = _Counts()
    for campaign, some in shown.items():
        for file in some:
            counts.rows[campaign].update(file.rows if file.removed_at is None else {})
    seen = {file.id for some in shown.values() for file in some}
    for campaign, state, number, total, received in connection.execute(PER_STATE):
        counts.files[campaign][FileState(state)] = number
        counts.totals[campaign] += total
        if state not in BRINGS_NO_ROWS:
            latest = counts.received.get(campaign, received)
            counts.received[campaign] = max(latest, received)
    for file_id, campaign, written in connection.execute(COUNTED_BEFORE):
        for state, number in json.loads(written).items() if file_id not in seen else ():
            counts.rows[campaign][RowState(state)] += number
    for campaign, state, number in connection.execute(REMOVED):
        counts.rows[campaign][RowState(state)] += number
    return counts


def _shown(connection: Connection, latest: int) -> dict[str, list[FileRecord]]:
    """The files that go on or were not counted yet, and the latest of each campaign."""
    place = func.row_number().over(partition_by=files.c.campaign, order_by=files.c.id.desc())
    placed = select(files.c.id, place.label("place")).where(IS_FILE).subquery()
    wanted = select(placed.c.id).where(placed.c.place <= latest)
    asked = (
        select(*FILE_COLUMNS)
        .where(FILE_GOES_ON | FILE_LIES_UNREAD | _is_uncounted() | files.c.id.in_(wanted))
        .order_by(files.c.id)
    )
    found: dict[str, list[FileRecord]] = defaultdict(list)
    for file in file_records(connection, connection.execute(asked).all()):
        found[file.campaign].append(file)
    return found


def _is_uncounted() -> ColumnElement[bool]:
    return FILE_IS_OVER & files.c.counts.is_(None)


def _for_a_person(connection: Connection) -> dict[str, dict[int, int]]:
    asked = (
        select(files.c.campaign, rows.c.file_id, func.count())
        .join(files, files.c.id == rows.c.file_id)
        .where(is_in_doubt(), rows.c.state == RowState.UNCERTAIN, rows.c.next_look_at.is_(None))
        .group_by(files.c.campaign, rows.c.file_id)
    )
    found: dict[str, dict[int, int]] = defaultdict(dict)
    for campaign, file_id, number in connection.execute(asked):
        found[campaign][file_id] = number
    return found


def _due(connection: Connection) -> dict[str, Due]:
    asked = (
        select(deliveries.c.campaign, func.count(), func.max(deliveries.c.error))
        .where(deliveries.c.delivered_at.is_(None))
        .group_by(deliveries.c.campaign)
    )
    return {campaign: Due(number, error) for campaign, number, error in connection.execute(asked)}
