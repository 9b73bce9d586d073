"""Every claim and every decision is numbered, and nothing is sent of which the state directory does
not have the number.
"""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from sftp_sync.errors import LedgerReplaced, NeedsOperator, UsageError
from sftp_sync.ledger import Ledger
from sftp_sync.ledger.claim_numbers import DECISIONS
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.people import Traces
from sftp_sync.ledger.schema import claim_numbers, destinations, leases, rows
from sftp_sync.model import Claim, FileState, RowState, Uncertain
from tests.support.builders import (
    ARow,
    a_batch,
    a_campaign,
    a_moment,
    a_phone,
    an_arrival,
    an_ending,
    an_instant,
    enter_file,
    sha256_of,
)
from tests.support.databases import Database, fresh_database, looked_at, written

SENDING = "dispatch:talkover"
NOW = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
TODAY = a_moment()


@pytest.fixture
def sending(ledger: Ledger) -> Iterator[Lease]:
    with ledger.leases.hold(SENDING) as lease:
        yield lease


def numbers(ledger: Ledger) -> dict[str, int]:
    with looked_at(ledger) as connection:
        return dict(connection.execute(select(claim_numbers.c.name, claim_numbers.c.number)).all())


def on_disk(ledger: Ledger) -> dict[str, int]:
    return ledger.claim_numbers._seen.all()


def a_file(ledger: Ledger, lease: Lease, rows_in_it: int = 3) -> int:
    batch = a_batch(*(ARow(a_phone(number)) for number in range(rows_in_it)))
    return enter_file(ledger, lease, batch)


def claim(ledger: Ledger, sending: Lease) -> Claim:
    found = ledger.claims.claim(sending, a_campaign(), TODAY)
    assert isinstance(found, Claim)
    return found


def in_doubt(ledger: Ledger, sending: Lease) -> Claim:
    claimed = claim(ledger, sending)
    ledger.settling.settle(claimed, Uncertain("500"), an_instant(), timedelta())
    return claimed


class TestAClaim:
    def test_raises_the_number_of_its_account_and_the_disk_has_it_before_it_is_sent(
        self, ledger: Ledger, lease: Lease, sending: Lease
    ) -> None:
        a_file(ledger, lease)
        for number in (1, 2, 3):
            claimed = claim(ledger, sending)
            assert claimed.number == number
            assert ledger.claim_numbers.is_kept(sending, number)
            assert not ledger.claim_numbers.is_kept(sending, number + 1)
            assert numbers(ledger)[SENDING] == on_disk(ledger)[SENDING] == number

    def test_of_a_row_in_doubt_counts_too(
        self, ledger: Ledger, lease: Lease, sending: Lease
    ) -> None:
        a_file(ledger, lease)
        in_doubt(ledger, sending)
        (doubt,) = ledger.doubts.due(a_campaign(), an_instant(), timedelta())
        again = ledger.doubts.claim(sending, a_campaign(), doubt, TODAY)
        assert again is not None
        assert again.number == numbers(ledger)[SENDING] == on_disk(ledger)[SENDING] == 2

    def test_that_claims_nothing_raises_nothing(self, ledger: Ledger, sending: Lease) -> None:
        ledger.claims.claim(sending, a_campaign(), TODAY)
        assert numbers(ledger) == {}

    def test_is_remembered_by_the_vendors_campaign(
        self, ledger: Ledger, lease: Lease, sending: Lease
    ) -> None:
        a_file(ledger, lease)
        claim(ledger, sending)
        with looked_at(ledger) as connection:
            assert connection.execute(select(destinations.c.claimed_at)).scalar_one() == NOW

    def test_lies_in_a_private_file(self, ledger: Ledger, lease: Lease, sending: Lease) -> None:
        a_file(ledger, lease)
        claim(ledger, sending)
        folder = ledger.claim_numbers._seen.folder
        assert folder.stat().st_mode & 0o777 == 0o700
        assert (folder / SENDING).stat().st_mode & 0o777 == 0o600
        assert (folder / SENDING).read_text() == f"{1:020} {1:020}\n"

    def test_never_lowers_what_another_has_written(self, ledger: Ledger) -> None:
        seen = ledger.claim_numbers._seen
        threads = [
            threading.Thread(target=seen.raise_to, args=(SENDING, number)) for number in range(50)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert seen.of(SENDING) == 49


class TestWhatCannotBeWritten:
    @pytest.fixture
    def broken(self, ledger: Ledger, lease: Lease, sending: Lease) -> Callable[[], None]:
        """Something else lies where the numbers should; calling it mends that."""
        a_file(ledger, lease)
        claims = ledger.claim_numbers._seen.folder.parent
        claim(ledger, sending)
        shutil.rmtree(claims)
        claims.write_text("in the way")
        return claims.unlink

    def test_is_not_claimed_and_a_person_is_told(
        self, ledger: Ledger, sending: Lease, broken: Callable[[], None]
    ) -> None:
        for _ in range(2):
            with pytest.raises(NeedsOperator, match="cannot be written") as caught:
                ledger.claims.claim(sending, a_campaign(), TODAY)
        folder = ledger.claim_numbers._seen.folder
        assert f"df -h {folder}; ls -l {folder}" in caught.value.fix
        (said,) = ledger.notices.all()
        assert (said.scope, said.kind) == ("ledger", "claims_not_written")
        assert numbers(ledger) == {SENDING: 1}
        broken()
        assert claim(ledger, sending).number == 2
        assert ledger.notices.all() == []
        assert on_disk(ledger) == {SENDING: 2}

    def test_at_the_last_moment_is_not_sent(
        self, ledger: Ledger, lease: Lease, sending: Lease, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        a_file(ledger, lease)
        seen = ledger.claim_numbers._seen

        def full(_name: str, _number: int) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as disk:
            disk.setattr(seen, "raise_to", full)
            claimed = claim(ledger, sending)
            assert not ledger.claim_numbers.is_kept(sending, claimed.number)
            with pytest.raises(NeedsOperator, match="No space left"):
                ledger.claims.claim(sending, a_campaign(), TODAY)
        # First what is late.
        assert claim(ledger, sending).number == 2
        assert on_disk(ledger) == {SENDING: 2}

    def test_is_not_decided(self, ledger: Ledger, broken: Callable[[], None]) -> None:
        with pytest.raises(NeedsOperator, match="cannot be written"):
            ledger.campaigns.pause("renewals", paused=True)
        assert not ledger.campaigns.get("renewals").paused
        broken()
        ledger.campaigns.pause("renewals", paused=True)
        assert on_disk(ledger)[DECISIONS] == 1


class TestDecisions:
    def test_that_would_call_somebody_if_they_were_forgotten_are_numbered(
        self, ledger: Ledger, lease: Lease, sending: Lease
    ) -> None:
        file_id = a_file(ledger, lease)
        first, second = in_doubt(ledger, sending), in_doubt(ledger, sending)
        strange, arrival = an_ending(FileState.HELD), an_arrival(sha256=sha256_of("another"))
        held = enter_file(ledger, lease, a_batch(pending=1), arrival=arrival, ending=strange)
        later = an_instant(NOW + timedelta(hours=1))
        decisions: list[Callable[[], Any]] = [
            lambda: ledger.suppressions.add(a_phone(5), "", NOW),
            lambda: ledger.people.erase(a_phone(6), lambda _: False, Traces()),
            lambda: ledger.verdicts.resolve_row(first.row_id, "refused", later, timedelta()),
            lambda: ledger.verdicts.resolve_file(file_id, "accepted", later, timedelta()),
            lambda: ledger.files.reject(held),
            lambda: ledger.campaigns.pause("renewals", paused=True),
        ]
        assert second.row_id != first.row_id
        for number, decide in enumerate(decisions, start=1):
            decide()
            assert numbers(ledger)[DECISIONS] == on_disk(ledger)[DECISIONS] == number

    def test_that_nobody_made_are_not(self, ledger: Ledger, lease: Lease) -> None:
        a_file(ledger, lease)
        with pytest.raises(UsageError):
            ledger.verdicts.resolve_row(1, "refused", an_instant(), timedelta())
        ledger.campaigns.pause("renewals", paused=False)
        ledger.suppressions.remove(a_phone(5))
        assert numbers(ledger) == {}

    def test_of_many_at_once_count_each(self, database: Database, ledger: Ledger) -> None:
        def decide() -> None:
            with database.open(may_migrate=False) as other:
                for number in range(5):
                    other.campaigns.pause(f"campaign-{number}", paused=True)

        threads = [threading.Thread(target=decide) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert numbers(ledger) == on_disk(ledger) == {DECISIONS: 20}


def in_place(ledger: Ledger) -> None:
    """Put back while it is in use, with the leases that were held then: an older one."""
    with written(ledger) as connection:
        connection.execute(update(claim_numbers).values(number=claim_numbers.c.number - 1))
        called = rows.c.state == RowState.SENDING
        connection.execute(update(rows).where(called).values(state=RowState.PENDING))


class TestALedgerThatIsPutBackWhileItIsInUse:
    def test_is_known_by_its_number_and_nothing_more_is_claimed(
        self, ledger: Ledger, lease: Lease, sending: Lease
    ) -> None:
        a_file(ledger, lease)
        claim(ledger, sending)
        in_place(ledger)
        for _ in range(3):
            # Not even when it has caught up.
            with pytest.raises(LedgerReplaced, match="was replaced while it was in use"):
                ledger.claims.claim(sending, a_campaign(), TODAY)
        assert numbers(ledger) == {SENDING: 0}
        assert sending.replaced is not None

    @pytest.mark.parametrize("is_given_back", [True, False])
    def test_ends_everything_that_is_held(
        self, ledger: Ledger, lease: Lease, sending: Lease, *, is_given_back: bool
    ) -> None:
        a_file(ledger, lease)
        claim(ledger, sending)
        in_place(ledger)
        with pytest.raises(LedgerReplaced):
            ledger.claims.claim(sending, a_campaign(), TODAY)
        if is_given_back:
            ledger.leases.release(sending)
        else:
            ledger.leases.renew()
        assert lease.lost
        with pytest.raises(LedgerReplaced), written(ledger) as connection:
            lease.guard(connection)
        with pytest.raises(LedgerReplaced):
            ledger.leases.acquire("collect:another")

    def test_is_not_decided_on(self, ledger: Ledger) -> None:
        ledger.campaigns.pause("renewals", paused=True)
        in_place(ledger)
        with pytest.raises(LedgerReplaced) as caught:
            ledger.campaigns.pause("reminders", paused=True)
        assert "Start again: sftp-sync sync" in caught.value.fix
        assert not ledger.campaigns.get("reminders").paused


class TestAFileInItsPlace:
    @pytest.fixture
    def sqlite(self, tmp_path: Path) -> Iterator[Database]:
        with fresh_database("sqlite", tmp_path) as database:
            yield database

    @pytest.mark.parametrize("is_there", [True, False])
    def test_is_seen_when_the_lease_is_renewed(self, sqlite: Database, *, is_there: bool) -> None:
        with sqlite.open() as ledger, ledger.leases.hold(SENDING) as sending:
            ledger.leases.renew()
            assert not sending.lost
            sqlite.path.rename(sqlite.folder / "old.db")
            if is_there:
                shutil.copyfile(sqlite.folder / "old.db", sqlite.path)
            ledger.leases.renew()
            assert sending.lost
            with pytest.raises(LedgerReplaced, match=str(sqlite.path)):
                raise sending.why_lost()

    def test_has_leases_that_are_nobodys(self, sqlite: Database, tmp_path: Path) -> None:
        copy = tmp_path / "copy.db"
        with sqlite.open() as ledger, ledger.leases.hold(SENDING):
            with (
                closing(sqlite3.connect(sqlite.path)) as old,
                closing(sqlite3.connect(copy)) as new,
            ):
                old.backup(new)
            # Whoever held it is still there.
            sqlite.path.rename(sqlite.folder / "old.db")
            shutil.copyfile(copy, sqlite.path)
            with sqlite.open() as other:
                assert other.presence.of(SENDING) is None
                with other.leases.hold(SENDING) as lease:
                    assert lease.fence == 2

    def test_is_told_from_the_one_before(self, sqlite: Database) -> None:
        with sqlite.open() as ledger, ledger.leases.hold(SENDING), looked_at(ledger) as connection:
            place = connection.execute(select(leases.c.mark)).scalar_one()
        there = sqlite.path.stat()
        assert place == f"{there.st_dev}:{there.st_ino}"
