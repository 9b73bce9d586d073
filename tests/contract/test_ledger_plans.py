"""No question of the senders reads more of a large ledger than of a small one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from sftp_sync.ledger import Ledger
from sftp_sync.ledger.schema import rows
from sftp_sync.model import Accepted, Claim, Uncertain
from tests.support.builders import (
    DESTINATION,
    NOW,
    ARow,
    a_batch,
    a_campaign,
    a_moment,
    a_phone,
    an_arrival,
    an_instant,
    enter_file,
    sha256_of,
)
from tests.support.databases import fresh_database, looked_at

TODAY, THEN = a_moment(), an_instant()
AFTER = timedelta(seconds=120)
CONSTANT = "SCAN CONSTANT ROW"


@contextmanager
def plans(ledger: Ledger) -> Iterator[dict[str, list[str]]]:
    """How SQLite answers everything that is asked meanwhile."""
    seen: dict[str, list[str]] = {}

    def explain(connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "UPDATE")) and statement not in seen:
            cursor = connection.connection.dbapi_connection.cursor()
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            seen[statement] = [row[3] for row in cursor.fetchall()]

    event.listen(ledger._engine, "before_cursor_execute", explain)
    yield seen
    event.remove(ledger._engine, "before_cursor_execute", explain)


def work_through_every_verb(ledger: Ledger) -> None:
    campaign = a_campaign()
    with ledger.leases.hold("dispatch:talkover") as lease:
        ledger.doubts.take_over(lease, ["renewals"], THEN, AFTER)
        ledger.claims.due([campaign])
        ledger.claims.count_due([campaign])
        for outcome in (Accepted("c1"), Uncertain("502"), Uncertain("502")):
            claim = ledger.claims.claim(lease, campaign, TODAY)
            assert isinstance(claim, Claim)
            ledger.settling.settle(claim, outcome, THEN, AFTER)
        later = NOW + timedelta(hours=1)
        ledger.doubts.see(lease, campaign, an_instant(later, "another boot"), AFTER)
        for within in (timedelta(), AFTER, None):
            ledger.doubts.looked_into([campaign], an_instant(later), within)
        much_later = an_instant(later + AFTER, "another boot")
        first, second = ledger.doubts.due(campaign, much_later, AFTER)
        ledger.doubts.held(DESTINATION, [first.phone, second.phone])
        ledger.doubts.known_calls(campaign, [first, second], AFTER)
        ledger.doubts.learn_ids(DESTINATION, ["x1", "x2"])
        assert len(ledger.following.namesakes(DESTINATION, [first.phone, second.phone])) == 2
        assert ledger.rows.called_before(DESTINATION, [first.phone, a_phone(0)]) == 1
        assert ledger.doubts.claim(lease, campaign, first, a_moment(later)) is not None
        assert ledger.doubts.found(lease, second, ("c9", ""), "list", much_later)


def test_every_question_has_its_index(tmp_path: Path) -> None:
    with fresh_database("sqlite", tmp_path) as database, database.open() as ledger:
        with ledger.leases.hold("collect:renewals") as lease:
            batch = a_batch(*(ARow(a_phone(number)) for number in range(5)))
            enter_file(ledger, lease, batch, arrival=an_arrival(sha256=sha256_of("one")))
        with plans(ledger) as seen:
            work_through_every_verb(ledger)
    scans = {
        statement: plan
        for statement, plan in seen.items()
        if any(step.startswith("SCAN") and step != CONSTANT for step in plan)
        or any(step.split(" USING")[0] == step and step.startswith("SEARCH rows") for step in plan)
    }
    assert scans == {}
    assert any("one_in_doubt" in step for plan in seen.values() for step in plan)
    assert any("calls_by_time" in step for plan in seen.values() for step in plan)
    assert any("numbers_called" in step for plan in seen.values() for step in plan)
    assert any("one_row_per_call" in step for plan in seen.values() for step in plan)


@pytest.mark.usefixtures("tmp_path")
def test_the_watch_would_see_a_scan(tmp_path: Path) -> None:
    with fresh_database("sqlite", tmp_path) as database, database.open() as ledger:
        with plans(ledger) as seen, looked_at(ledger) as connection:
            connection.execute(rows.select().where(rows.c.reason == "x"))
        assert ["SCAN rows"] in seen.values()
