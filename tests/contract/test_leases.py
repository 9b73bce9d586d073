"""One holder per piece of work, inside one process and against its own database."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import event, select, update

from sftp_sync.errors import LeaseBusy, LeaseLost, LedgerUnavailable
from sftp_sync.ledger import Ledger
from sftp_sync.ledger.holder import PROOFS_KEPT, Holder
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.schema import leases
from tests.support.databases import Database, fresh_database, looked_at, written
from tests.support.postgresql import postgresql

WORK = "collect:renewals"


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Database]:
    with fresh_database("postgresql", tmp_path) as database:
        yield database


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def taken_by_another(ledger: Ledger, name: str = WORK) -> None:
    with written(ledger) as connection:
        theirs = update(leases).where(leases.c.name == name)
        connection.execute(theirs.values(holder="another", fence=leases.c.fence + 1))


def guarded(ledger: Ledger, lease: Lease) -> None:
    with written(ledger) as connection:
        lease.guard(connection)


class TestALease:
    def test_is_held_once_in_a_process(self, ledger: Ledger) -> None:
        with ledger.leases.hold(WORK):
            with pytest.raises(LeaseBusy, match=f"This process is already at {WORK}"):
                ledger.leases.acquire(WORK)
            with ledger.leases.hold("collect:another"):
                pass
        with ledger.leases.hold(WORK) as again:
            assert again.fence == 2

    def test_is_held_once_between_two_ledgers_of_a_process(
        self, database: Database, ledger: Ledger
    ) -> None:
        with database.open() as other, ledger.leases.hold(WORK):
            with pytest.raises(LeaseBusy):
                other.leases.acquire(WORK)
            with other.leases.hold("collect:another"):
                pass

    def test_guards_what_is_committed_under_it(self, ledger: Ledger) -> None:
        with ledger.leases.hold(WORK) as lease:
            guarded(ledger, lease)
            taken_by_another(ledger)
            with pytest.raises(LeaseLost, match=f"taken over {WORK}"):
                guarded(ledger, lease)
            assert lease.lost

    def test_once_given_back_guards_nothing(self, ledger: Ledger) -> None:
        with ledger.leases.hold(WORK) as lease:
            pass
        with pytest.raises(LeaseLost):
            guarded(ledger, lease)

    def test_that_was_taken_over_is_not_given_back_for_its_new_holder(self, ledger: Ledger) -> None:
        with ledger.leases.hold(WORK):
            taken_by_another(ledger)
        with looked_at(ledger) as connection:
            asked = select(leases.c.holder).where(leases.c.name == WORK)
            assert connection.execute(asked).scalar_one() == "another"

    def test_ages_until_it_is_renewed(self, database: Database) -> None:
        clock = Clock()
        with database.open(clock, silent_seconds=600) as ledger, ledger.leases.hold(WORK) as lease:
            clock.seconds += 4
            assert ledger.leases.age_seconds(lease) in (4, 0)
            ledger.leases.renew()
            assert ledger.leases.age_seconds(lease) == 0

    def test_that_another_has_taken_is_marked_when_it_is_renewed(self, ledger: Ledger) -> None:
        with ledger.leases.hold(WORK) as lease, ledger.leases.hold("other") as other:
            taken_by_another(ledger)
            ledger.leases.renew()
            assert (lease.lost, other.lost) == (True, False)

    def test_that_is_not_held_is_not_renewed(self, ledger: Ledger) -> None:
        with ledger.leases.hold(WORK) as lease:
            pass
        before = lease.renewed
        ledger.leases.renew()
        assert (lease.renewed, lease.lost) == (before, False)

    def test_that_could_not_be_committed_is_not_held(self, ledger: Ledger) -> None:
        def refuse(_: object) -> None:
            raise OSError("the power is gone")

        event.listen(ledger._engine, "commit", refuse)
        with pytest.raises(OSError, match="power"):
            ledger.leases.acquire(WORK)
        event.remove(ledger._engine, "commit", refuse)
        with ledger.leases.hold(WORK) as lease:
            assert lease.fence == 1


class TestTheKeeper:
    def test_renews_by_itself(self, database: Database) -> None:
        with database.open(silent_seconds=0.5) as ledger, ledger.leases.hold(WORK) as lease:
            first = lease.renewed
            until(lambda: lease.renewed > first)

    def test_goes_on_when_the_server_is_back(self, server: Database) -> None:
        with server.open(silent_seconds=0.5) as ledger, ledger.leases.hold(WORK) as lease:
            postgresql().stop()
            away = ledger.leases.age_seconds(lease)
            until(lambda: ledger.leases.age_seconds(lease) > away + 0.5)
            postgresql().start()
            until(lambda: ledger.leases.age_seconds(lease) < 0.3)
            guarded(ledger, lease)


class TestGivingBack:
    def test_to_a_server_that_is_away_leaves_the_proof_of_our_end(self, server: Database) -> None:
        ledger = server.open()
        lease = ledger.leases.acquire(WORK)
        postgresql().stop()
        try:
            ledger.close()
        finally:
            postgresql().start()
        assert lease.lost
        assert len(list(server.locks.glob("*.lock"))) == 1
        with server.open() as next_one, next_one.leases.hold(WORK) as taken:
            assert taken.fence == 2

    def test_all_at_the_end_leaves_nothing(self, database: Database) -> None:
        ledger = database.open()
        ledger.leases.acquire(WORK)
        ledger.leases.acquire("other")
        ledger.close()
        assert list(database.locks.glob("*")) == []
        with database.open() as again, looked_at(again) as connection:
            asked = select(leases.c.holder).where(leases.c.name.in_((WORK, "other")))
            assert connection.execute(asked).scalars().all() == [None, None]


class TestLocks:
    def test_of_the_dead_are_swept_but_the_newest(self, tmp_path: Path) -> None:
        living = Holder(tmp_path)
        os.utime(living.lock, (1, 1))
        dead = [tmp_path / f"{number}.lock" for number in range(PROOFS_KEPT + 20)]
        for age, lock in enumerate(dead):
            lock.touch()
            os.utime(lock, (100 + age, 100 + age))
        (tmp_path / "kept").touch()

        Holder(tmp_path).close()

        left = set(tmp_path.glob("*.lock"))
        assert left == {living.lock, *dead[21:]}
        assert (tmp_path / "kept").exists()
        living.close()

    def test_that_vanish_meanwhile_are_no_trouble(self, tmp_path: Path) -> None:
        (tmp_path / "gone.lock").symlink_to(tmp_path / "nowhere")
        Holder(tmp_path).close()

    def test_are_private(self, tmp_path: Path) -> None:
        holder = Holder(tmp_path / "locks")
        assert (tmp_path / "locks").stat().st_mode & 0o777 == 0o700
        assert holder.lock.stat().st_mode & 0o777 == 0o600
        holder.close()

    def test_that_cannot_be_made_say_why(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(LedgerUnavailable, match=r"No lock can be had in .*Check that it has"):
            Holder(tmp_path / "file" / "locks")
