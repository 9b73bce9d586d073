"""A ledger of the first version, with what it had in it, goes on under the second."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, insert, select, text

from sftp_sync.ledger import Ledger, upgrade
from sftp_sync.ledger.engine import open_engine, writing
from sftp_sync.ledger.retention import Retention
from sftp_sync.ledger.schema import SCHEMA, files, metadata, rows, totals
from sftp_sync.model import FileState, RowState
from tests.support.builders import NOW, a_phone, an_instant
from tests.support.databases import EVERY_DATABASE, Database, fresh_database, looked_at

MICROSECONDS = int(NOW.timestamp() * 1_000_000)
REJECTED, ERASED = "rejected by the operator", "erased by the operator"
MANY = 20_000


@pytest.fixture(params=EVERY_DATABASE)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with fresh_database(request.param, tmp_path, is_migrated=False) as database:
        yield database


class FirstLedger:
    """A ledger as the first version made it, written to as that version did."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        settings = Config()
        settings.set_main_option("script_location", str(upgrade.MIGRATIONS))
        settings.attributes["connection"] = connection
        command.upgrade(settings, "0001")
        known = MetaData()
        known.reflect(connection)
        self._tables = known.tables
        self.add("destinations", identity="https://vendor/api campaign-1")
        self._files = 0

    def add(self, table: str, *every: Mapping[str, Any], **one: Any) -> None:
        self._connection.execute(insert(self._tables[table]), [*every] or [one])

    def file(self, state: str, *found: tuple[str, str | None], **more: Any) -> int:
        """A file, and rows of it: a state and a reason each."""
        self._files += 1
        number = self._files
        values = {
            "id": number,
            "campaign": "renewals",
            "destination_id": 1,
            "name": f"{number}.csv",
            "name_raw": f"{number}.csv".encode(),
            "size": 1,
            "sha256": f"{number:064}",
            "state": state,
            "received_at": MICROSECONDS,
            "original": True,
            "reading": "",
            "total": len(found),
        }
        self.add("files", **values | more)
        if found:
            self.rows(number, found)
        return number

    def rows(self, file_id: int, found: Any, **more: Any) -> None:
        self.add(
            "rows",
            *(
                {
                    "file_id": file_id,
                    "destination_id": 1,
                    "line": line,
                    "state": state,
                    "reason": reason,
                    "phone": a_phone(line),
                    "cells": "[]",
                }
                | more
                for line, (state, reason) in enumerate(found, start=2)
            ),
        )


def with_first(database: Database) -> Iterator[FirstLedger]:
    engine = open_engine(database.url)
    with writing(engine) as connection:
        yield FirstLedger(connection)
    engine.dispose()


@pytest.fixture
def first(empty: Database) -> Iterator[FirstLedger]:
    yield from with_first(empty)


def counted(**numbers: int) -> dict[str, Any]:
    """What was counted at the end of a file."""
    outcomes = [[state, None, None, False, None, number, 0, 0] for state, number in numbers.items()]
    return {
        "counts": json.dumps(numbers),
        "outcomes": json.dumps(outcomes),
        "finished_at": MICROSECONDS,
    }


def states_of(ledger: Ledger, file_id: int) -> tuple[str, dict[str, int]]:
    file = ledger.files.get(file_id)
    return file.state, {str(state): number for state, number in file.rows.items() if number}


def fill(ledger: FirstLedger) -> None:
    """One file for each of the things that were called refused, and for their neighbours."""
    gone = {"removed_at": MICROSECONDS, "emptied_at": MICROSECONDS, "total": 5}
    ledger.file("refused", reason="No phone column.")
    ledger.file("following", ("refused", REJECTED), ("invalid", None), reason=REJECTED)
    done = counted(refused=1, suppressed=1)
    ledger.file("finished", ("refused", REJECTED), ("suppressed", None), reason=REJECTED, **done)
    ledger.file("finished", reason=REJECTED)
    ledger.file("finished", ("refused", "no such number"), **counted(refused=1))
    ledger.file("dispatching", ("pending", "to be sent again"), reason=REJECTED)
    ledger.file("following", ("accepted", None), ("refused", REJECTED), reason=REJECTED, calls=1)
    emptied = counted(refused=2) | {"emptied_at": MICROSECONDS}
    ledger.file("finished", ("refused", None), ("refused", None), reason=REJECTED, **emptied)
    ledger.file("finished", reason=REJECTED, **gone, **counted(refused=5))
    ledger.file("finished", **gone, **counted(refused=5))
    ledger.file("dispatching", ("refused", ERASED), ("pending", None))
    ledger.add("totals", campaign="renewals", state="refused", rows=10)


class TestWhatWasCalledRefused:
    @pytest.fixture
    def migrated(self, empty: Database) -> Iterator[Ledger]:
        for ledger in with_first(empty):
            fill(ledger)
        with empty.open() as opened:
            yield opened

    def test_has_a_word_for_each_who_said_it(self, migrated: Ledger) -> None:
        assert [states_of(migrated, number) for number in range(1, 12)] == [
            ("unreadable", {}),
            ("rejected", {"rejected": 1, "invalid": 1}),
            ("rejected", {"rejected": 1, "suppressed": 1}),
            ("rejected", {}),
            ("finished", {"refused": 1}),
            ("dispatching", {"pending": 1}),
            ("following", {"accepted": 1, "rejected": 1}),
            ("rejected", {"rejected": 2}),
            ("rejected", {"rejected": 5}),
            ("finished", {"refused": 5}),
            ("dispatching", {"rejected": 1, "pending": 1}),
        ]

    def test_is_counted_by_the_word_that_it_has_now(self, migrated: Ledger) -> None:
        with looked_at(migrated) as connection:
            counts = connection.execute(select(files.c.id, files.c.counts, files.c.outcomes))
            known = {row.id: row for row in counts if row.counts}
            kept = connection.execute(select(totals.c.state, totals.c.rows)).all()
        assert json.loads(known[3].counts) == {"rejected": 1, "suppressed": 1}
        assert json.loads(known[5].counts) == {"refused": 1}
        assert json.loads(known[8].outcomes) == [["rejected", None, None, False, None, 2, 0, 0]]
        assert sorted(map(tuple, kept)) == [("refused", 5), ("rejected", 5)]
        summary = migrated.summaries.all(5)["renewals"]
        assert summary.lost_rows == 0
        assert summary.rows[RowState.REJECTED] == 1 + 1 + 1 + 2 + 5 + 1
        assert summary.file_states[FileState.REJECTED] == 5

    def test_goes_on_as_if_it_had_been_so_from_the_first(self, migrated: Ledger) -> None:
        assert {file.id for file in migrated.results.files("renewals")} >= {2, 7, 11}
        assert not {file.id for file in migrated.results.files("renewals")} & {3, 4, 8, 9}
        # Counted once, and never again.
        assert migrated.summaries.note_endings(NOW) == 1
        assert migrated.summaries.note_endings(NOW) == 0
        assert migrated.verdicts.retry(2, an_instant(), timedelta(), RowState.REJECTED) == 1
        assert states_of(migrated, 2) == ("dispatching", {"pending": 1, "invalid": 1})
        Retention(migrated._engine).empty(NOW, NOW)

    def test_is_guarded_as_in_a_new_ledger(self, migrated: Ledger) -> None:
        with looked_at(migrated) as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, metadata) == []
            version = connection.execute(text("SELECT version_num FROM alembic_version"))
            assert version.scalar_one() == SCHEMA
            if connection.dialect.name == "sqlite":
                assert connection.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"
                assert connection.execute(text("PRAGMA foreign_key_check")).all() == []


def test_many_rows_are_migrated_without_being_copied(empty: Database) -> None:
    for ledger in with_first(empty):
        number = ledger.file("following", total=MANY)
        ledger.rows(number, [("accepted", None)] * MANY)
    with empty.open() as opened, looked_at(opened) as connection:
        asked = select(rows.c.id).where(rows.c.state == "accepted").limit(1)
        assert connection.execute(asked).scalar_one() == 1
