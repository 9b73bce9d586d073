"""What a ledger remembers of runs, and what can be seen of who is at work."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from sftp_sync.errors import LeaseLost
from sftp_sync.ledger import Ledger
from sftp_sync.ledger.schema import leases
from sftp_sync.model import PlannedStep, RunRecord
from tests.support.builders import NOW
from tests.support.databases import Database, written

KEY: tuple[str, PlannedStep] = ("renewals", "collect")
PLANNED = RunRecord(*KEY, planned="daily at 06:00 in UTC", since=NOW)


class TestRuns:
    def test_nothing_is_known_at_first(self, ledger: Ledger) -> None:
        assert ledger.runs.all() == {}

    def test_a_plan_is_kept_and_changed_and_forgotten(self, ledger: Ledger) -> None:
        other = replace(PLANNED, step="wind_up")
        with ledger.leases.hold("daemon") as lease:
            ledger.runs.plan(lease, [PLANNED, other], [])
            assert ledger.runs.all() == {KEY: PLANNED, ("renewals", "wind_up"): other}
            changed = replace(PLANNED, planned="hourly in UTC", failures=2, retry_at=NOW)
            ledger.runs.plan(lease, [changed], [("renewals", "wind_up")])
            assert ledger.runs.all() == {KEY: changed}

    def test_a_run_begins_and_ends(self, ledger: Ledger) -> None:
        later = NOW + timedelta(minutes=3)
        with ledger.leases.hold("daemon") as lease:
            ledger.runs.plan(lease, [PLANNED], [])
            ledger.runs.began(lease, KEY, NOW)
            begun = ledger.runs.all()[KEY]
            assert begun == replace(PLANNED, started_at=NOW)
            ended = replace(begun, served_until=NOW, finished_at=later, ok=True, succeeded_at=later)
            ledger.runs.ended(lease, [ended])
        assert ledger.runs.all() == {KEY: ended}

    def test_a_daemon_that_was_taken_over_writes_nothing_any_more(self, ledger: Ledger) -> None:
        with ledger.leases.hold("daemon") as lease:
            ledger.runs.plan(lease, [PLANNED], [])
            with written(ledger) as connection:
                connection.execute(update(leases).values(holder="another", fence=99))
            for write in (
                lambda: ledger.runs.began(lease, KEY, NOW),
                lambda: ledger.runs.ended(lease, [replace(PLANNED, ok=True)]),
                lambda: ledger.runs.plan(lease, [], [KEY]),
            ):
                with pytest.raises(LeaseLost):
                    write()
        assert ledger.runs.all() == {KEY: PLANNED}


class TestPresence:
    def test_nobody_is_at_work(self, ledger: Ledger) -> None:
        assert ledger.presence.of("daemon") is None
        with ledger.leases.hold("daemon"):
            pass
        assert ledger.presence.of("daemon") is None

    def test_somebody_is(self, database: Database) -> None:
        with database.open() as holder, database.open() as onlooker:
            with holder.leases.hold("daemon"):
                seen = onlooker.presence.of("daemon")
            assert seen is not None
            assert not seen.is_dead
            assert seen.silent_seconds < 10
