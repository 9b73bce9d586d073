"""One holder per piece of work, between real processes that end, die, stop and go on."""

from __future__ import annotations

import signal
import time

import pytest
from sqlalchemy import update

from sftp_sync.errors import LeaseBusy
from sftp_sync.ledger import Ledger
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.schema import leases
from tests.support.databases import Database, contents, written
from tests.support.lease_holders import holder
from tests.support.postgresql import postgresql

WORK = "collect:renewals"
SILENCE = 1.5
LONG = 30


def taken_over(ledger: Ledger) -> tuple[Lease, float]:
    """Try until the lease can be had; it, and how many seconds that took."""
    began = time.monotonic()
    while True:
        try:
            return ledger.leases.acquire(WORK), time.monotonic() - began
        except LeaseBusy:
            assert time.monotonic() - began < LONG
            time.sleep(0.02)


class TestALease:
    def test_is_busy_while_another_process_holds_it(
        self, database: Database, ledger: Ledger
    ) -> None:
        with holder(database) as other:
            assert other.ask(f"acquire {WORK}") == "held 1"
            with pytest.raises(LeaseBusy, match=rf"Another process is at {WORK} \(seen \d s ago\)"):
                ledger.leases.acquire(WORK)
            with ledger.leases.hold("collect:another"):
                assert other.ask("acquire collect:another") == "busy"
            assert other.ask(f"release {WORK}") == "released"
            with ledger.leases.hold(WORK) as lease:
                assert lease.fence == 2
                assert other.ask(f"acquire {WORK}") == "busy"

    def test_is_given_back_at_the_end(self, database: Database, ledger: Ledger) -> None:
        with holder(database) as other:
            assert other.ask(f"acquire {WORK}") == "held 1"
            other.end()
            with ledger.leases.hold(WORK) as lease:
                assert lease.fence == 2
            # Only ours is left.
            assert len(list(database.locks.glob("*.lock"))) == 1

    def test_of_a_killed_process_is_taken_over_at_once(
        self, database: Database, ledger: Ledger
    ) -> None:
        with holder(database) as other:
            assert other.ask(f"acquire {WORK}") == "held 1"
            other.kill()
            with ledger.leases.hold(WORK) as lease:
                assert lease.fence == 2

    def test_of_a_killed_process_without_its_lock_waits_for_the_silence(
        self, database: Database, ledger: Ledger
    ) -> None:
        with holder(database) as other:
            other.ask(f"acquire {WORK}")
            other.kill()
            for lock in database.locks.iterdir():
                lock.unlink()
            with pytest.raises(LeaseBusy):
                ledger.leases.acquire(WORK)

    def test_of_a_killed_process_elsewhere_is_taken_over_after_the_silence(
        self, database: Database
    ) -> None:
        with database.open(silent_seconds=SILENCE) as ledger:
            with holder(database, SILENCE) as other:
                other.ask(f"acquire {WORK}")
                with written(ledger) as connection:
                    connection.execute(update(leases).values(host="another"))
                other.kill()
                with pytest.raises(LeaseBusy):
                    ledger.leases.acquire(WORK)
            lease, waited = taken_over(ledger)
            assert lease.fence == 2
            assert waited < SILENCE * 4

    def test_stays_with_a_process_that_is_long_at_it(self, database: Database) -> None:
        with (
            database.open(silent_seconds=SILENCE) as ledger,
            holder(database, SILENCE) as other,
        ):
            other.ask(f"acquire {WORK}")
            began = time.monotonic()
            while time.monotonic() < began + SILENCE * 2:
                with pytest.raises(LeaseBusy):
                    ledger.leases.acquire(WORK)
                time.sleep(0.1)
            assert float(other.ask(f"age {WORK}")) < SILENCE
            assert other.ask(f"commit {WORK}").startswith("committed")


class TestAStoppedProcess:
    def test_is_taken_over_only_after_the_silence_and_commits_nothing_after(
        self, database: Database
    ) -> None:
        with (
            database.open(silent_seconds=SILENCE) as ledger,
            holder(database, SILENCE) as other,
        ):
            other.ask(f"acquire {WORK}")
            other.send_signal(signal.SIGSTOP)
            with pytest.raises(LeaseBusy):
                ledger.leases.acquire(WORK)
            lease, _ = taken_over(ledger)
            before = contents(ledger)
            other.send_signal(signal.SIGCONT)
            assert other.ask(f"commit {WORK}") == "lost"
            assert contents(ledger) == before
            assert other.ask(f"release {WORK}") == "released"
            with written(ledger) as connection:
                lease.guard(connection)

    def test_that_was_not_taken_over_goes_on(self, database: Database) -> None:
        with holder(database) as other:
            other.ask(f"acquire {WORK}")
            other.send_signal(signal.SIGSTOP)
            other.send_signal(signal.SIGCONT)
            assert other.ask(f"commit {WORK}").startswith("committed")

    # One file has one writer: there, whoever comes next is told to wait.
    @pytest.mark.parametrize("database", ["postgresql"], indirect=True)
    def test_in_the_middle_of_a_transaction_loses_it(self, database: Database) -> None:
        name = database.url.split("/")[3].partition("?")[0]
        with postgresql().administer() as administrator:
            setting = f"ALTER DATABASE {name} SET idle_in_transaction_session_timeout = '1s'"
            administrator.execute(setting.encode())
        with (
            database.open(silent_seconds=SILENCE) as ledger,
            holder(database, SILENCE) as other,
        ):
            other.ask(f"acquire {WORK}")
            assert other.ask(f"stall {WORK}") == "stalling"
            other.send_signal(signal.SIGSTOP)
            taken_over(ledger)
            other.send_signal(signal.SIGCONT)
            assert other.ask("go on") == "unavailable"
            assert contents(ledger)["campaigns"] == []
            assert other.ask(f"commit {WORK}") == "lost"


class TestTwoAtOnce:
    @pytest.mark.parametrize("held_before", ["by nobody", "by a dead process"])
    def test_one_wins(self, database: Database, held_before: str) -> None:
        with holder(database) as first, holder(database) as second, holder(database) as dead:
            for number in range(5):
                name = f"work:{number}"
                if held_before != "by nobody":
                    assert dead.ask(f"acquire {name}") == "held 1"
            dead.kill()
            for number in range(5):
                for process in (first, second):
                    process.send(f"acquire work:{number}")
                said = sorted([first.answer(), second.answer()])
                assert said == ["busy", "held 1" if held_before == "by nobody" else "held 2"]
