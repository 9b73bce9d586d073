"""A person is erased: wherever a number stands in the ledger, what belongs to it is emptied."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, delete, select, update

from sftp_sync.errors import UsageError
from sftp_sync.ledger.claim_numbers import ClaimNumbers
from sftp_sync.ledger.conditions import FILE_GOES_ON
from sftp_sync.ledger.deliveries import delivery_of
from sftp_sync.ledger.engine import reading, writing
from sftp_sync.ledger.progress import advance
from sftp_sync.ledger.records import AnyRow
from sftp_sync.ledger.schema import (
    announcements,
    deliveries,
    evidence,
    files,
    notices,
    rows,
    unheld_calls,
)
from sftp_sync.model import Delivery, RowState

AT_ONCE = 5_000
BY_A_PERSON = "erased by the operator"
NO_LONGER_DUE = (RowState.PENDING, RowState.UNCERTAIN)
ERASED = ""

IsOf = Callable[[str], bool]
"""Whether a text holds the number, however it is written."""


@dataclass(frozen=True)
class Traces:
    """Where a number stands. `shared` are rows of other people in one of whose cells it is."""

    own: tuple[int, ...] = ()
    shared: tuple[int, ...] = ()


@dataclass(frozen=True)
class Erased:
    """What was emptied. `not_called`: rows that were due or in doubt, and are rejected now."""

    rows: int
    files: int
    not_called: int
    evidence: int
    notices: int


class People:
    """The verbs by which a person is erased."""

    def __init__(self, engine: Engine, numbers: ClaimNumbers) -> None:
        self._engine = engine
        self._numbers = numbers

    def traces(self, phone: str, is_of: IsOf) -> Traces:
        """Every row in which a number stands: all rows are read for it."""
        own: list[int] = []
        shared: list[int] = []
        for row in self._all_rows():
            if row.phone == phone:
                own.append(row.id)
            elif is_of(row.cells) or is_of(row.reason or ""):
                (shared if row.phone else own).append(row.id)
        return Traces(tuple(own), tuple(shared))

    def reported_on(self, found: Traces) -> set[str]:
        """The campaigns with files that go on in which the number stands: what is composed of one
        at this moment may hold it.
        """
        with reading(self._engine) as connection:
            asked = select(files.c.campaign).where(
                files.c.id.in_({row.file_id for row in _rows(connection, found)}),
                FILE_GOES_ON,
            )
            return set(connection.execute(asked).scalars())

    def undelivered(self, found: Traces) -> list[tuple[Delivery, tuple[int, ...]]]:
        """Files for partners that are not delivered yet and may hold such rows; with the lines."""
        lines: dict[tuple[int, str], list[int]] = {}
        with reading(self._engine) as connection:
            for row in _rows(connection, found):
                lines.setdefault((row.file_id, "results"), []).append(row.line)
                if row.state == RowState.INVALID:
                    lines.setdefault((row.file_id, "rejects"), []).append(row.line)
            due = select(deliveries).where(
                deliveries.c.delivered_at.is_(None),
                deliveries.c.file_id.in_({file_id for file_id, _ in lines}),
            )
            listed = connection.execute(due.order_by(deliveries.c.id)).all()
        return [
            (delivery_of(row), tuple(lines[row.file_id, row.kind]))
            for row in listed
            if (row.file_id, row.kind) in lines
        ]

    def take_back(self, delivery: Delivery) -> None:
        """A result file that is not delivered yet: its rows are reported by another one."""
        with writing(self._engine) as connection:
            told = update(rows).where(rows.c.delivery_id == delivery.id)
            connection.execute(told.values(delivery_id=None))
            # Nobody was told by it, so nothing of it is superseded.
            untold = update(rows).where(rows.c.supersedes_id == delivery.id)
            connection.execute(untold.values(supersedes_id=None))
            connection.execute(delete(deliveries).where(deliveries.c.id == delivery.id))
            advance(connection, delivery.file_id)

    def exchange(self, delivery: Delivery, sha256: str, size: int, spooled: str) -> None:
        """A file that is not delivered yet has another content now."""
        values = {"sha256": sha256, "size": size, "spooled": spooled}
        with writing(self._engine) as connection:
            ours = update(deliveries).where(deliveries.c.id == delivery.id)
            connection.execute(ours.values(**values))

    def erase(self, phone: str, is_of: IsOf, found: Traces) -> Erased:
        """Empty all of it in one transaction; refused while a row is being sent."""
        with self._numbers.deciding() as connection:
            _refuse_while_sending(connection, phone)
            not_called = _not_due(connection, found)
            in_files: set[int] = set()
            for row in _rows(connection, found):
                whole = row.phone == phone or not row.phone
                connection.execute(
                    update(rows)
                    .where(rows.c.id == row.id)
                    .values(**_emptied(row, is_of, whole=whole))
                )
                in_files.add(row.file_id)
            told = _forget_evidence(connection, found, is_of)
            said = _forget_words(connection, is_of)
            connection.execute(delete(unheld_calls).where(unheld_calls.c.phone == phone))
            for file_id in in_files:
                advance(connection, file_id)
        self._let_go()
        number = len(found.own) + len(found.shared)
        return Erased(number, len(in_files), not_called, told, said)

    def _all_rows(self) -> Iterator[AnyRow]:
        after = 0
        wanted = select(rows.c.id, rows.c.phone, rows.c.cells, rows.c.reason)
        while True:
            page = wanted.where(rows.c.id > after).order_by(rows.c.id).limit(AT_ONCE)
            with reading(self._engine) as connection:
                found = connection.execute(page).all()
            yield from found
            if len(found) < AT_ONCE:
                return
            after = found[-1].id

    def _let_go(self) -> None:
        """Nothing of it stays in the write-ahead log."""
        if self._engine.dialect.name == "sqlite":
            with self._engine.connect() as connection:
                raw = connection.connection.driver_connection
                if raw is not None:
                    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _refuse_while_sending(connection: Connection, phone: str) -> None:
    sending = (rows.c.phone == phone) & (rows.c.state == RowState.SENDING)
    row_id = connection.execute(select(rows.c.id).where(sending).limit(1)).scalar_one_or_none()
    if row_id is not None:
        raise UsageError(
            f"Row {row_id} is being sent at this moment.",
            fix="Wait for its answer, then type it again.",
        )


def _not_due(connection: Connection, found: Traces) -> int:
    """Whoever is not known any more is not called any more."""
    number = 0
    for start in range(0, len(found.own), 500):
        due = rows.c.id.in_(found.own[start : start + 500]) & rows.c.state.in_(NO_LONGER_DUE)
        rejected = {"state": RowState.REJECTED, "next_look_at": None}
        number += connection.execute(update(rows).where(due).values(**rejected)).rowcount
    return number


def _rows(connection: Connection, found: Traces) -> Iterator[AnyRow]:
    ids = (*found.own, *found.shared)
    for start in range(0, len(ids), 500):
        asked = select(rows).where(rows.c.id.in_(ids[start : start + 500]))
        yield from connection.execute(asked).all()


def _emptied(row: AnyRow, is_of: IsOf, *, whole: bool) -> dict[str, object]:
    cells = json.loads(row.cells)
    if whole:
        kept = ["" for _ in cells]
        phone = None if row.phone is None else ERASED
        return {"cells": json.dumps(kept), "phone": phone, "reason": BY_A_PERSON}
    kept = ["" if is_of(cell) else cell for cell in cells]
    reason = BY_A_PERSON if is_of(row.reason or "") else row.reason
    return {"cells": json.dumps(kept), "reason": reason}


def _forget_evidence(connection: Connection, found: Traces, is_of: IsOf) -> int:
    told = 0
    for start in range(0, len(found.own), 500):
        ours = evidence.c.row_id.in_(found.own[start : start + 500])
        told += connection.execute(delete(evidence).where(ours)).rowcount
    asked = select(evidence.c.id, evidence.c.said)
    others = [one.id for one in connection.execute(asked) if is_of(one.said)]
    for each in others:
        connection.execute(delete(evidence).where(evidence.c.id == each))
    return told + len(others)


def _forget_words(connection: Connection, is_of: IsOf) -> int:
    """What was said with the number in it."""
    said = 0
    for table, column in (
        (notices, notices.c.message),
        (announcements, announcements.c.message),
        (deliveries, deliveries.c.error),
        (files, files.c.reason),
    ):
        key = list(table.primary_key)
        for row in connection.execute(select(*key, column).where(column.is_not(None))).all():
            if is_of(row[-1]):
                here = [one == row[at] for at, one in enumerate(key)]
                connection.execute(update(table).where(*here).values({column.name: BY_A_PERSON}))
                said += 1
    return said
