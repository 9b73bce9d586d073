"""What need not be kept: personal data after a while, and traces of work that nobody asks for."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, case, delete, func, or_, select, update

from sftp_sync.errors import LedgerMismatch
from sftp_sync.ledger.conditions import FILE_IS_OVER
from sftp_sync.ledger.engine import reading, writing
from sftp_sync.ledger.records import AnyRow, count_rows
from sftp_sync.ledger.removal import remove_rows
from sftp_sync.ledger.schema import (
    EPOCH,
    evidence,
    facts,
    files,
    leases,
    notices,
    rows,
    sightings,
    spending,
)
from sftp_sync.ledger.sightings import raw_name
from sftp_sync.ledger.upserts import put
from sftp_sync.model import RemoteFile, RowState

ROWS_AT_ONCE = 5_000
NAMES_AT_ONCE = 500
NO_CELLS = "[]"
ERASED = ""
SPENDING_KEPT = timedelta(days=62)
LEASES_KEPT = timedelta(days=30)
RESTORE_SAID_FOR = timedelta(days=7)
TIDIED_AT = "tidied_at"
LEDGER, RESTORED = "ledger", "restored"


class Retention:
    """The verbs by which the ledger forgets."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def tidied_at(self) -> datetime:
        """When this was all done last."""
        asked = select(facts.c.value).where(facts.c.name == TIDIED_AT)
        with reading(self._engine) as connection:
            written = connection.execute(asked).scalar_one_or_none()
        return EPOCH + timedelta(microseconds=int(written or 0))

    def tidied(self, at: datetime) -> None:
        """It is done."""
        micros = (at - EPOCH) // timedelta(microseconds=1)
        with writing(self._engine) as connection:
            put(connection, facts, {"name": TIDIED_AT, "value": str(micros)})

    def empty(self, before: datetime, now: datetime) -> int:
        """Empty the rows of files that finished before: cells, numbers, sentences and evidence go;
        states, codes, calls and counts stay until the rows are removed. How many files.
        """
        asked = select(files.c.id, files.c.name, files.c.counts).where(
            FILE_IS_OVER,
            files.c.counts.is_not(None),
            files.c.emptied_at.is_(None),
            files.c.finished_at < before,
        )
        with reading(self._engine) as connection:
            old = connection.execute(asked.order_by(files.c.id)).all()
        for file in old:
            self._empty_file(file, now)
        return len(old)

    def remove(self, now: datetime) -> int:
        """Remove the rows of files that were emptied: their counts stay. How many rows."""
        return remove_rows(self._engine, now)

    def prune(self, now: datetime) -> None:
        """Days that are long over, and pieces of work that nobody does any more."""
        oldest = f"{now - SPENDING_KEPT:%Y-%m-%d}"
        with writing(self._engine) as connection:
            connection.execute(delete(spending).where(spending.c.day < oldest))
            unused = leases.c.holder.is_(None) & (leases.c.renewed_at < now - LEASES_KEPT)
            connection.execute(delete(leases).where(unused))
            said = (notices.c.scope == LEDGER) & (notices.c.cause == RESTORED)
            connection.execute(
                delete(notices).where(said, notices.c.since < now - RESTORE_SAID_FOR)
            )

    def forget_scopes(self, known: Collection[str]) -> None:
        """What was said of campaigns that are configured no more."""
        gone = notices.c.scope.not_in([*known, LEDGER])
        with reading(self._engine) as connection:
            if connection.execute(select(notices.c.scope).where(gone)).first() is None:
                return
        with writing(self._engine) as connection:
            connection.execute(delete(notices).where(gone))

    def forget_unlisted(self, campaign: str, listed: Collection[RemoteFile]) -> int:
        """Names that lie in a partner's inbox no more spare no download any more; how many. Of an
        inbox that shows nothing at all nothing is concluded.
        """
        here = sightings.c.campaign == campaign
        with reading(self._engine) as connection:
            number = connection.execute(select(func.count()).where(here)).scalar_one()
            if not listed or number <= len(listed):
                return 0
            there = {raw_name(one.name) for one in listed}
            known = connection.execute(select(sightings.c.name_raw).where(here)).scalars()
            gone = [bytes(name) for name in known if bytes(name) not in there]
        for start in range(0, len(gone), NAMES_AT_ONCE):
            some = sightings.c.name_raw.in_(gone[start : start + NAMES_AT_ONCE])
            with writing(self._engine) as connection:
                connection.execute(delete(sightings).where(here, some))
        return len(gone)

    def shorten_log(self) -> None:
        """Nothing that was forgotten stays in SQLite's write-ahead log, nor does it stay long."""
        if self._engine.dialect.name != "sqlite":
            return
        with self._engine.connect() as connection:
            raw = connection.connection.driver_connection
            if raw is not None:
                raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _empty_file(self, file: AnyRow, now: datetime) -> None:
        some = (
            select(rows.c.id)
            .where(rows.c.file_id == file.id, or_(rows.c.cells != NO_CELLS, rows.c.phone != ERASED))
            .limit(ROWS_AT_ONCE)
        )
        values = {
            "cells": NO_CELLS,
            "phone": case((rows.c.phone.is_not(None), ERASED)),
            "reason": None,
        }
        emptied = ROWS_AT_ONCE
        while emptied == ROWS_AT_ONCE:
            # A part at a time: whoever sends does not wait for a million rows.
            with writing(self._engine) as connection:
                ids = list(connection.execute(some).scalars())
                for start in range(0, len(ids), NAMES_AT_ONCE):
                    part = ids[start : start + NAMES_AT_ONCE]
                    connection.execute(delete(evidence).where(evidence.c.row_id.in_(part)))
                    connection.execute(update(rows).where(rows.c.id.in_(part)).values(**values))
                emptied = len(ids)
                if emptied < ROWS_AT_ONCE:
                    _close(connection, file, now)


def _close(connection: Connection, file: AnyRow, now: datetime) -> None:
    counted = count_rows(connection, [file.id]).get(file.id, {})
    before = {RowState(state): number for state, number in json.loads(file.counts).items()}
    if counted != before:
        raise LedgerMismatch(
            f"The rows of file {file.id} ({file.name}) are not what they were when it finished: the"
            " ledger was changed from outside.",
            fix="Restore the last backup, or ask for help before anything is sent.",
        )
    same = (files.c.id == file.id) & FILE_IS_OVER
    done = connection.execute(update(files).where(same).values(emptied_at=now))
    if done.rowcount == 0:
        # Its refused rows were sent again meanwhile.
        connection.rollback()
