"""What the database counts for a report, on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from sftp_sync.ledger import Ledger
from sftp_sync.ledger.outcomes import Counted
from sftp_sync.model import (
    AlreadyQueued,
    Code,
    FileState,
    NotNow,
    Refused,
    RowState,
    Uncertain,
)
from tests.support.builders import (
    NOW,
    ARow,
    a_batch,
    a_campaign,
    a_duplicate_row,
    a_phone,
    an_invalid_row,
)
from tests.support.databases import EVERY_DATABASE, fresh_database, looked_at
from tests.support.outcomes import accepted, received

DAY = timedelta(days=1)
S = RowState


@pytest.fixture(params=EVERY_DATABASE)
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    with fresh_database(request.param, tmp_path) as database, database.open() as ledger:
        yield ledger


def counted(ledger: Ledger, since: datetime = NOW - DAY) -> list[Counted]:
    found = ledger.outcomes.since("renewals", since).counts
    return sorted(found, key=lambda one: (one.file_id, one.state, str(one.call_status)))


def test_rows_are_counted_by_state_code_status_and_quarter_of_an_hour(ledger: Ledger) -> None:
    numbers = [ARow(a_phone(number)) for number in range(8)]
    batch = a_batch(*numbers, an_invalid_row(), an_invalid_row(), a_duplicate_row())
    file = received(ledger, a_campaign(), batch)
    early, late = NOW + timedelta(minutes=14), NOW + timedelta(minutes=15)
    file.send(early, *accepted(2))
    file.send(late, *accepted(1), AlreadyQueued("theirs", "queued"))
    file.send(late, Refused("no such line"), Uncertain("no answer"))
    file.hear(["completed", "completed", "no-answer"], over_at=late, seconds=30)
    assert counted(ledger) == [
        Counted(1, S.ACCEPTED, None, "completed", True, NOW, None, 2, 2, 60.0),
        Counted(1, S.ACCEPTED, None, "no-answer", True, late, None, 1, 1, 30.0),
        Counted(1, S.ALREADY_QUEUED, None, "queued", False, late, None, 1),
        Counted(1, S.DUPLICATE, Code.DUPLICATE_IN_FILE, None, False, None, None, 1),
        Counted(1, S.INVALID, Code.INVALID_NUMBER, None, False, None, None, 2),
        Counted(1, S.PENDING, None, None, False, None, None, 2),
        Counted(1, S.REFUSED, None, None, False, None, None, 1),
        Counted(1, S.UNCERTAIN, None, None, False, None, None, 1),
    ]


def test_rows_that_were_reported_are_told_from_those_that_were_not(ledger: Ledger) -> None:
    file = received(ledger, a_campaign())
    file.send(NOW, *accepted(3))
    file.hear(["completed", "busy"], over_at=NOW)
    file.report("first.csv", delivered_at=NOW + DAY)
    file.hear(["failed"], over_at=NOW)
    file.report("second.csv", delivered_at=None)
    history = ledger.outcomes.since("renewals", NOW - DAY)
    first, second = history.posted
    assert (first.name, first.kind, first.delivered_at) == ("first.csv", "results", NOW + DAY)
    assert (second.name, second.delivered_at) == ("second.csv", None)
    by_delivery = {(one.call_status, one.delivery_id) for one in history.counts}
    assert by_delivery == {("completed", first.id), ("busy", first.id), ("failed", second.id)}


def test_an_old_file_counts_only_while_it_is_open_or_was_reported_lately(ledger: Ledger) -> None:
    campaign = a_campaign()
    long_ago = NOW - 90 * DAY
    closed = received(
        ledger,
        campaign,
        a_batch(an_invalid_row()),
        name="closed.csv",
        at=long_ago,
        state=FileState.FINISHED,
    )
    lately = received(ledger, campaign, a_batch(ARow(a_phone(1))), name="lately.csv", at=long_ago)
    lately.send(NOW, *accepted(1))
    lately.hear(["completed"], over_at=NOW)
    lately.report("lately.results.csv", delivered_at=NOW)
    held = received(
        ledger,
        campaign,
        a_batch(ARow(a_phone(2))),
        name="held.csv",
        at=long_ago,
        state=FileState.HELD,
    )
    received(ledger, a_campaign("surveys"), a_batch(ARow(a_phone(3))), name="other.csv")
    found = ledger.outcomes.since("renewals", NOW - DAY).files
    assert [file.id for file in found] == [lately.file_id, held.file_id]
    assert closed.file_id in {file.id for file in ledger.outcomes.since("renewals", long_ago).files}


def test_many_files_are_counted_in_parts(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sftp_sync.ledger.outcomes.FILES_AT_ONCE", 2)
    for number in range(5):
        received(ledger, a_campaign(), a_batch(ARow(a_phone(number))), name=f"{number}.csv")
    history = ledger.outcomes.since("renewals", NOW - DAY)
    assert [one.file_id for one in history.counts] == [file.id for file in history.files]
    assert len(history.files) == 5


def test_a_row_that_goes_back_is_not_counted_twice(ledger: Ledger) -> None:
    file = received(ledger, a_campaign(), a_batch(pending=1))
    file.send(NOW, NotNow("429"))
    assert [(one.state, one.rows) for one in counted(ledger)] == [(S.PENDING, 1)]


def test_no_question_goes_through_the_rows_of_files_that_are_not_asked_for(tmp_path: Path) -> None:
    asked: list[tuple[str, Any]] = []
    with fresh_database("sqlite", tmp_path) as database, database.open() as ledger:
        received(ledger, a_campaign()).send(NOW, *accepted(1))

        def note(*words: Any) -> None:
            if words[2].startswith("SELECT"):
                asked.append((words[2], words[3]))

        event.listen(ledger._engine, "before_cursor_execute", note)
        ledger.outcomes.since("renewals", NOW - DAY)
        event.remove(ledger._engine, "before_cursor_execute", note)
        with looked_at(ledger) as connection:
            plans = [
                str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {question}", words).all())
                for question, words in asked
            ]
    assert len(plans) == 4
    assert sum("rows_by_state (file_id=?)" in plan for plan in plans) == 2
    assert not any(re.search(r"SCAN (rows|files|deliveries)", plan) for plan in plans)
