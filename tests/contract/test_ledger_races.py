"""Several processes at one ledger, and processes that end between any two statements."""

from __future__ import annotations

from datetime import datetime
from itertools import count, takewhile

import pytest
from sqlalchemy import delete

from sftp_sync.ledger import Ledger
from sftp_sync.ledger.schema import facts, metadata
from sftp_sync.model import FileState
from tests.support.databases import Database, contents, written
from tests.support.forking import Talker
from tests.support.lease_holders import holder
from tests.support.ledger_stories import intake

STORIES = "tests.support.ledger_stories"
TURNS = 12


class TestACrash:
    @pytest.mark.slow
    def test_between_any_two_statements_leaves_a_file_wholly_there_or_not_at_all(
        self, database: Database, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with database.open() as ledger:
            intake(ledger)
            whole = without_ids(contents(ledger))
        every = 1 if database.kind == "sqlite" else 5
        with holder(database, module=STORIES) as teller:
            walked = list(
                takewhile(lambda at: crashed(database, teller, at, whole), count(1, every))
            )
        assert walked[-1] > 60
        with capsys.disabled():
            print(f" {len(walked)} points", end="")  # noqa: T201 - how many were walked


def crashed(
    database: Database, teller: Talker, point: int, whole: dict[str, list[tuple[object, ...]]]
) -> bool:
    """Walk the intake to this point from an empty ledger, and again to its end."""
    emptied(database)
    said = teller.ask(f"crash {point}")
    with database.open() as ledger:
        files = ledger.files.all()
        for file in files:
            assert (file.total, file.state) == (6, FileState.DISPATCHING)
            assert len(ledger.deliveries.of_file(file.id)) == 2
            assert ledger.files.unseen("renewals", "any", []) == []
        if not files:
            assert ledger.deliveries.due("renewals") == []
        # What a dead process held is taken over at once, and what it began is finished.
        intake(ledger)
        assert without_ids(contents(ledger)) == whole
    return said == "killed"


class TestSeveralProcesses:
    def test_that_write_the_same_rows_all_come_through(
        self, database: Database, ledger: Ledger
    ) -> None:
        with (
            holder(database, module=STORIES) as one,
            holder(database, module=STORIES) as two,
            holder(database, module=STORIES) as three,
        ):
            everybody = (one, two, three)
            for process in everybody:
                process.send(f"race {TURNS}")
            firsts = [int(process.answer()) for process in everybody]

        assert sum(firsts) == TURNS
        assert len(ledger.notices.all()) == TURNS
        files = ledger.files.all()
        states = [file.state for file in files]
        assert states.count(FileState.DISPATCHING) == TURNS
        assert states.count(FileState.REPEATED) == TURNS * 2


def emptied(database: Database) -> None:
    """The ledger as it was before its first file. It keeps its identity."""
    with database.open() as ledger, written(ledger) as connection:
        for table in reversed(metadata.sorted_tables):
            if table is not facts:
                connection.execute(delete(table))


def without_ids(tables: dict[str, list[tuple[object, ...]]]) -> dict[str, list[tuple[object, ...]]]:
    """What is recorded, but for numbers and times that the database gives."""
    return {
        name: [tuple(cell for cell in row if not isinstance(cell, int | datetime)) for row in found]
        for name, found in tables.items()
    }
