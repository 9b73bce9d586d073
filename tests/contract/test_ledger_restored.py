"""A ledger that was put back from a backup looks before it sends, whoever put it back, and how."""

from __future__ import annotations

import shutil
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url, select, update

from sftp_sync.errors import LedgerMismatch, UsageError
from sftp_sync.ledger import Ledger
from sftp_sync.ledger.gap import RESTORED_AT
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.restoring import MARK
from sftp_sync.ledger.schema import EPOCH, campaigns, claim_numbers, facts, rows
from sftp_sync.ledger.seen_numbers import SeenNumbers
from sftp_sync.model import (
    Campaign,
    Claim,
    FileState,
    Idle,
    Instant,
    Limits,
    ListSource,
    RowState,
    Suppression,
)
from tests.support.builders import (
    ARow,
    a_batch,
    a_campaign,
    a_moment,
    a_phone,
    a_remote_file,
    an_arrival,
    an_ending,
    an_instant,
    enter_file,
    sha256_of,
)
from tests.support.databases import Database, fresh_database, looked_at, written
from tests.support.examples import examples
from tests.support.postgresql import postgresql

SENDING = "dispatch:talkover"
MICROSECOND = timedelta(microseconds=1)
WITH_A_SLASH = "https://api.kathan.tech#user_1/renewals"


@pytest.fixture
def sqlite(tmp_path: Path) -> Any:
    with fresh_database("sqlite", tmp_path) as database:
        yield database


def a_file(ledger: Ledger, name: str, *phones: str, **changes: Any) -> int:
    """A file with these numbers, all of them due."""
    arrival = an_arrival(
        changes.pop("campaign", None),
        a_remote_file(name, modified_at=changes.pop("modified_at", 1_763_620_000)),
        sha256=sha256_of(name),
        received_at=datetime.now(UTC),
    )
    with ledger.leases.hold("collect:renewals") as lease:
        return enter_file(
            ledger,
            lease,
            a_batch(*(ARow(phone) for phone in phones)),
            arrival=arrival,
            ending=an_ending(changes.pop("state", FileState.DISPATCHING)),
        )


def put_back(database: Database, copy: Path) -> None:
    for path in database.folder.glob("ledger.db*"):
        path.unlink()
    shutil.copyfile(copy, database.path)


def rows_of(ledger: Ledger, file_id: int) -> list[Any]:
    with looked_at(ledger) as connection:
        asked = select(rows).where(rows.c.file_id == file_id).order_by(rows.c.line)
        return list(connection.execute(asked))


def states(ledger: Ledger, file_id: int) -> list[str]:
    return [row.state for row in rows_of(ledger, file_id)]


def claim(ledger: Ledger, lease: Lease, **changes: Any) -> Claim | Idle:
    now = datetime.now(UTC)
    return ledger.claims.claim(lease, a_campaign(**changes), a_moment(now))


def seen(database: Database) -> SeenNumbers:
    """What the state directory knows of the ledger."""
    with database.open(may_migrate=False) as ledger:
        return ledger.claim_numbers._seen


def loses_a_day(database: Database, name: str = SENDING, by: int = 1) -> None:
    """As if the database were put back by its own means, from before the latest claims."""
    known = seen(database)
    known.raise_to(name, known.of(name) + by)
    known.close()


@contextmanager
def looked_at_once(database: Database) -> Iterator[dict[str, int]]:
    """The ledger's own numbers."""
    with database.open() as ledger, looked_at(ledger) as connection:
        yield dict(connection.execute(select(claim_numbers.c.name, claim_numbers.c.number)).all())


def copied(database: Database, path: Path) -> Path:
    """A copy by the database's own means, whoever is at work."""
    if database.kind == "sqlite":
        with closing(sqlite3.connect(database.path)) as old, closing(sqlite3.connect(path)) as new:
            old.backup(new)
    else:
        postgresql().dump(str(make_url(database.url).database), path)
    return path


def put_back_as_it_was(database: Database, copy: Path) -> None:
    if database.kind == "sqlite":
        put_back(database, copy)
    else:
        postgresql().load(copy, str(make_url(database.url).database))


def decides(ledger: Ledger) -> None:
    """Something that must not be forgotten."""
    ledger.suppressions.add(a_phone(999), "said so", datetime.now(UTC))


class TestACopy:
    def test_is_private_whole_and_made_while_others_write(self, sqlite: Database) -> None:
        target = sqlite.folder / "copies"
        target.mkdir()
        with sqlite.open() as ledger:
            stop = threading.Event()

            def write() -> None:
                number = 0
                while not stop.is_set():
                    number += 1
                    ledger.campaigns.pause(f"campaign-{number}", paused=True)

            writing = threading.Thread(target=write)
            writing.start()
            try:
                a_file(ledger, "a.csv", *(a_phone(one) for one in range(2000)))
                copies = [ledger.back_up(target / f"{number}.db") for number in range(5)]
            finally:
                stop.set()
                writing.join(10)
        for copy in copies:
            assert stat.S_IMODE(copy.stat().st_mode) == 0o600
            with closing(sqlite3.connect(copy)) as connection:
                assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                assert connection.execute("SELECT count(*) FROM rows").fetchone() == (2000,)
        assert sorted(path.name for path in target.iterdir()) == [copy.name for copy in copies]

    def test_is_held_by_nobody(self, sqlite: Database, tmp_path: Path) -> None:
        with sqlite.open() as ledger, ledger.leases.hold("daemon") as before:
            copy = ledger.back_up(tmp_path / "copy.db")
        put_back(sqlite, copy)
        with sqlite.open() as ledger:
            assert ledger.presence.of("daemon") is None
            with ledger.leases.hold("daemon") as lease:
                assert lease.fence > before.fence

    def test_has_a_name_of_its_own_in_a_folder(self, sqlite: Database, tmp_path: Path) -> None:
        folder = tmp_path / "copies"
        folder.mkdir()
        with sqlite.open() as ledger:
            made = ledger.back_up(folder)
        assert made.parent == folder
        assert made.name.startswith("ledger-20")

    def test_overwrites_nothing(self, sqlite: Database, tmp_path: Path) -> None:
        with sqlite.open() as ledger:
            for taken in (sqlite.path, tmp_path / "there"):
                if taken != sqlite.path:
                    taken.write_text("precious")
                with pytest.raises(UsageError, match="There is something at"):
                    ledger.back_up(taken)
            with pytest.raises(UsageError, match="There is no folder"):
                ledger.back_up(tmp_path / "nowhere" / "copy.db")
        assert (tmp_path / "there").read_text() == "precious"

    def test_goes_only_where_the_owner_of_the_state_may_look(
        self, sqlite: Database, tmp_path: Path
    ) -> None:
        # As of another user's folder, what is there cannot be told: the system says no.
        hidden = tmp_path / ("long" * 100) / "copy.db"
        said = "The copy is made by the owner of the state directory"
        with sqlite.open() as ledger, pytest.raises(UsageError, match=said):
            ledger.back_up(hidden)

    def test_of_a_server_is_its_own_affair(self, tmp_path: Path) -> None:
        with (
            fresh_database("postgresql", tmp_path) as database,
            database.open() as ledger,
            pytest.raises(UsageError, match="PostgreSQL") as caught,
        ):
            ledger.back_up(tmp_path / "copy.db")
        assert "pg_dump" in caught.value.fix


def seen_at(ledger: Ledger, lease: Lease, campaign: Campaign, at: datetime) -> Instant:
    """Its rows in doubt are seen then."""
    when = an_instant(at)
    ledger.doubts.see(lease, campaign, when, timedelta())
    return when


class TestPutBackFromACopy:
    @pytest.mark.parametrize("may_migrate", [True, False])
    def test_what_was_due_is_in_doubt_since_the_copy(
        self, sqlite: Database, tmp_path: Path, *, may_migrate: bool
    ) -> None:
        with sqlite.open() as ledger:
            due = a_file(ledger, "due.csv", a_phone(1), a_phone(2))
            held = a_file(ledger, "held.csv", a_phone(3), state=FileState.HELD)
            began = datetime.now(UTC)
            copy = ledger.back_up(tmp_path / "copy.db")
            done = datetime.now(UTC)
            assert states(ledger, due) == ["pending", "pending"]
        put_back(sqlite, copy)

        with sqlite.open(may_migrate=may_migrate) as ledger:
            assert states(ledger, due) == ["uncertain", "uncertain"]
            for row in rows_of(ledger, due):
                assert began <= row.doubt_since <= done
                assert row.next_look_at is not None
                assert row.attempt == 0
                assert "restored from a backup" in row.reason
            assert states(ledger, held) == ["pending"]
            assert rows_of(ledger, held)[0].doubt_since is not None
            (notice,) = ledger.notices.all()
            assert (notice.scope, notice.kind) == ("ledger", "ledger_restored")
            assert "2 rows" in notice.message
            assert sum(file.rows[RowState.UNCERTAIN] for file in ledger.files.all()) == 2

    def test_it_is_done_once(self, sqlite: Database, tmp_path: Path) -> None:
        with sqlite.open() as ledger:
            file_id = a_file(ledger, "due.csv", a_phone(1))
            copy = ledger.back_up(tmp_path / "copy.db")
        put_back(sqlite, copy)
        with sqlite.open() as ledger:
            since = rows_of(ledger, file_id)[0].doubt_since
            now = datetime.now(UTC)
            ledger.verdicts.resolve_file(
                file_id, "resend", an_instant(now + timedelta(hours=1)), timedelta()
            )
        with sqlite.open() as ledger:
            assert states(ledger, file_id) == ["pending"]
            assert since is not None
            with ledger.leases.hold("dispatch:talkover") as lease:
                assert isinstance(claim(ledger, lease), Claim)

    def test_one_row_of_a_number_is_in_doubt_and_the_others_wait_their_turn(
        self, sqlite: Database, tmp_path: Path
    ) -> None:
        with sqlite.open() as ledger:
            first = a_file(ledger, "first.csv", a_phone(1), a_phone(2))
            second = a_file(ledger, "second.csv", a_phone(1))
            copy = ledger.back_up(tmp_path / "copy.db")
        put_back(sqlite, copy)
        with sqlite.open() as ledger, ledger.leases.hold("dispatch:talkover") as lease:
            assert states(ledger, first) == ["uncertain", "uncertain"]
            assert states(ledger, second) == ["pending"]
            assert claim(ledger, lease, allow_duplicates=True) == Idle.IN_DOUBT

            now = datetime.now(UTC) + timedelta(hours=1)
            ledger.verdicts.resolve_row(
                rows_of(ledger, first)[0].id, "refused", an_instant(now), timedelta()
            )
            # What follows is looked into as well, not sent.
            assert claim(ledger, lease, allow_duplicates=True) == Idle.JUDGING
            assert states(ledger, second) == ["uncertain"]

    def test_calls_of_a_day_are_not_exceeded_by_asking_again(
        self, sqlite: Database, tmp_path: Path
    ) -> None:
        with sqlite.open() as ledger:
            a_file(ledger, "due.csv", a_phone(1), a_phone(2))
            copy = ledger.back_up(tmp_path / "copy.db")
        put_back(sqlite, copy)
        with sqlite.open() as ledger, ledger.leases.hold("dispatch:talkover") as lease:
            now = datetime.now(UTC) + timedelta(minutes=5)
            campaign = a_campaign(limits=Limits(calls_per_day=1))
            doubts = ledger.doubts.due(campaign, seen_at(ledger, lease, campaign, now), timedelta())
            when = a_moment(now)
            asked = [ledger.doubts.claim(lease, campaign, doubt, when) for doubt in doubts]
            assert [one is None for one in asked] == [False, True]
            (left,) = [row for row in rows_of(ledger, 1) if row.state == "uncertain"]
            assert left.next_look_at > now
            assert "calls of the day are spent" in left.reason

    @pytest.mark.parametrize("takes_lists", [True, False])
    def test_rows_that_go_out_as_whole_lists_wait_for_a_person_whatever_the_id_looks_like(
        self, sqlite: Database, tmp_path: Path, *, takes_lists: bool
    ) -> None:
        campaign = a_campaign(destination=WITH_A_SLASH, takes_lists=takes_lists)
        with sqlite.open() as ledger:
            file_id = a_file(ledger, "list.csv", a_phone(1), campaign=campaign)
            copy = ledger.back_up(tmp_path / "copy.db")
        put_back(sqlite, copy)
        with sqlite.open() as ledger:
            (row,) = rows_of(ledger, file_id)
            assert (row.state, row.next_look_at is None) == ("uncertain", takes_lists)
            for_a_person = {"renewals": {file_id: 1}} if takes_lists else {}
            assert ledger.summaries.for_a_person() == for_a_person


class TestPutBackByOtherMeans:
    def test_is_known_from_what_the_state_directory_has_seen(self, database: Database) -> None:
        with database.open() as ledger:
            file_id = a_file(ledger, "due.csv", a_phone(1))
        loses_a_day(database)
        with database.open() as ledger:
            assert ledger.was_restored
            (row,) = rows_of(ledger, file_id)
            assert row.state == "uncertain"
            assert row.doubt_since is not None
            with ledger.leases.hold(SENDING) as lease:
                now = seen_at(ledger, lease, a_campaign(), datetime.now(UTC))
            assert ledger.doubts.due(a_campaign(), now, timedelta())
        with database.open() as ledger:
            assert not ledger.was_restored
            assert len(ledger.notices.all()) == 1

    def test_a_claim_is_known_by_its_number(self, database: Database, tmp_path: Path) -> None:
        with database.open() as ledger:
            file_id = a_file(ledger, "due.csv", a_phone(1), a_phone(2), a_phone(3))
            with ledger.leases.hold(SENDING) as lease:
                assert isinstance(claim(ledger, lease), Claim)
                copy = copied(database, tmp_path / "copy")
                assert isinstance(claim(ledger, lease), Claim)
        put_back_as_it_was(database, copy)
        with database.open() as ledger, ledger.leases.hold(SENDING) as lease:
            assert states(ledger, file_id) == ["sending", "uncertain", "uncertain"]
            # What was under way then is looked into as after any crash.
            now = datetime.now(UTC)
            assert ledger.doubts.take_over(lease, ["renewals"], an_instant(now), timedelta()) == 1
            assert claim(ledger, lease) == Idle.NOTHING

    @pytest.mark.parametrize("times", [2, 3])
    def test_again_and_again(self, database: Database, tmp_path: Path, times: int) -> None:
        with database.open() as ledger:
            file_id = a_file(ledger, "due.csv", a_phone(1), a_phone(2))
            copy = copied(database, tmp_path / "copy")
            with ledger.leases.hold(SENDING) as lease:
                assert isinstance(claim(ledger, lease), Claim)
        for _ in range(times):
            put_back_as_it_was(database, copy)
            with database.open() as ledger:
                assert ledger.was_restored
                assert states(ledger, file_id) == ["uncertain", "uncertain"]

    def test_with_nothing_claimed_since_it_is_as_it_was(
        self, database: Database, tmp_path: Path
    ) -> None:
        with database.open() as ledger:
            file_id = a_file(ledger, "due.csv", a_phone(1), a_phone(2))
            with ledger.leases.hold(SENDING) as lease:
                assert isinstance(claim(ledger, lease), Claim)
            copy = copied(database, tmp_path / "copy")
        put_back_as_it_was(database, copy)
        with database.open() as ledger:
            assert not ledger.was_restored
            assert states(ledger, file_id) == ["sending", "pending"]

    def test_a_ledger_without_its_state_directory_may_be_older(self, sqlite: Database) -> None:
        with sqlite.open() as ledger:
            file_id = a_file(ledger, "due.csv", a_phone(1), a_phone(2))
            with ledger.leases.hold(SENDING) as lease:
                assert isinstance(claim(ledger, lease), Claim)
        shutil.rmtree(sqlite.folder / "claims")
        with sqlite.open() as ledger:
            assert states(ledger, file_id) == ["sending", "uncertain"]
        with sqlite.open() as ledger:
            assert not ledger.was_restored

    def test_a_file_that_holds_no_number_proves_nothing(self, database: Database) -> None:
        with database.open() as ledger:
            file_id = a_file(ledger, "due.csv", a_phone(1))
            decides(ledger)
            folder = ledger.claim_numbers._seen.folder
        (folder / "decisions").write_bytes(bytes(21))
        with database.open() as ledger:
            assert states(ledger, file_id) == ["uncertain"]
        with database.open() as ledger:
            assert not ledger.was_restored

    def test_an_ordinary_restart_changes_nothing(self, database: Database) -> None:
        with database.open() as ledger:
            file_id = a_file(ledger, "due.csv", a_phone(1), a_phone(2))
            with ledger.leases.hold(SENDING) as lease:
                assert isinstance(claim(ledger, lease), Claim)
            decides(ledger)
        for may_migrate in (True, False, True):
            database.open(may_migrate=may_migrate).close()
        with database.open() as ledger:
            assert states(ledger, file_id) == ["sending", "pending"]
            assert ledger.notices.all() == []

    def test_of_two_that_open_it_at_once_both_count_right(self, database: Database) -> None:
        claims = examples(100)
        with database.open() as ledger:
            a_file(ledger, "due.csv", *(a_phone(one) for one in range(claims)))
        stop, wrong = threading.Event(), []

        def open_again_and_again() -> None:
            while not stop.is_set():
                with database.open() as other:
                    wrong.append(other.was_restored)

        openers = [threading.Thread(target=open_again_and_again) for _ in range(4)]
        for opener in openers:
            opener.start()
        try:
            with database.open() as ledger, ledger.leases.hold(SENDING) as lease:
                for _ in range(claims):
                    assert isinstance(claim(ledger, lease), Claim)
        finally:
            stop.set()
            for opener in openers:
                opener.join(30)
        assert wrong
        assert not any(wrong)
        with looked_at_once(database) as numbers:
            assert numbers == {SENDING: claims}
        assert seen(database).of(SENDING) == claims


class TestDecisionsThatWereLost:
    def test_stop_every_campaign_until_they_are_made_again(
        self, database: Database, tmp_path: Path
    ) -> None:
        with database.open() as ledger:
            file_id = a_file(ledger, "due.csv", a_phone(1), a_phone(2))
            ledger.campaigns.pause("reminders", paused=False)
            copy = copied(database, tmp_path / "copy")
            decides(ledger)
        put_back_as_it_was(database, copy)
        with database.open() as ledger:
            assert states(ledger, file_id) == ["uncertain", "uncertain"]
            assert ledger.suppressions.by_hand() == []
            assert ledger.campaigns.get("renewals").paused
            assert ledger.campaigns.get("reminders").paused
            (said,) = [one for one in ledger.notices.all() if one.cause == "decisions"]
            assert "1 decision was made after the backup" in said.message
            assert "sftp-sync resume CAMPAIGN (reminders, renewals)" in said.fix
            assert said.kind == "decisions_lost"
            ledger.campaigns.pause("renewals", paused=False)
            assert "decisions" in {one.cause for one in ledger.notices.all()}
            ledger.campaigns.pause("reminders", paused=False)
            assert {one.cause for one in ledger.notices.all()} == {"restored"}

    def test_a_partners_do_not_call_list_is_read_again(self, database: Database) -> None:
        campaign = a_campaign(suppression=Suppression("/dnc", "*.csv", None))
        now = datetime.now(UTC)
        with database.open() as ledger, ledger.leases.hold("collect:other") as held:
            source = ListSource("a.csv", sha256_of("a"), 10, 1_763_620_000, now)
            ledger.suppressions.put_in_force(held, "renewals", source, now, 0)
            assert ledger.suppressions.wanting(campaign, now) is None
        loses_a_day(database)
        with database.open() as ledger, ledger.leases.hold("collect:other") as held:
            assert "restored from a backup" in str(ledger.suppressions.wanting(campaign, now))
            ledger.suppressions.met_again(held, "renewals", source)
            assert ledger.suppressions.wanting(campaign, now) is None


class TestAServer:
    @pytest.fixture
    def server(self, tmp_path: Path) -> Any:
        with fresh_database("postgresql", tmp_path) as database:
            yield database

    def elsewhere(self, database: Database) -> None:
        """As if another server had taken over, or this one was recovered."""
        with database.open() as ledger, written(ledger) as connection:
            place = update(facts).where(facts.c.name == MARK)
            connection.execute(place.values(value="another server"))

    def test_that_takes_over_has_all_where_the_numbers_agree(self, server: Database) -> None:
        with server.open() as ledger:
            file_id = a_file(ledger, "due.csv", a_phone(1), a_phone(2))
            with ledger.leases.hold(SENDING) as lease:
                claim(ledger, lease)
        self.elsewhere(server)
        with server.open() as ledger:
            assert states(ledger, file_id) == ["sending", "pending"]
            with looked_at(ledger) as connection:
                asked = select(facts.c.value).where(facts.c.name == MARK)
                assert connection.execute(asked).scalar_one() != "another server"

    def test_that_takes_over_may_miss_what_another_machine_claimed(self, server: Database) -> None:
        with server.open() as ledger:
            file_id = a_file(ledger, "due.csv", a_phone(1), a_phone(2))
            with ledger.leases.hold(SENDING) as lease:
                claim(ledger, lease)
        self.elsewhere(server)
        another = replace(server, folder=server.folder / "another machine")
        with another.open() as ledger:
            assert ledger.was_restored
            assert states(ledger, file_id) == ["sending", "uncertain"]
        with server.open() as ledger:
            assert not ledger.was_restored

    def test_is_joined_by_a_machine_that_has_seen_nothing(self, server: Database) -> None:
        with server.open() as ledger:
            file_id = a_file(ledger, "due.csv", a_phone(1), a_phone(2))
            with ledger.leases.hold(SENDING) as lease:
                claim(ledger, lease)
        another = replace(server, folder=server.folder / "another machine")
        with another.open() as ledger:
            assert states(ledger, file_id) == ["sending", "pending"]
        assert seen(another).of(SENDING) == 1


class TestAnotherLedger:
    def test_that_has_called_nobody_is_refused(self, database: Database) -> None:
        theirs = SeenNumbers(database.folder / "claims" / "of-another")
        theirs.raise_to(SENDING, 7)
        for may_migrate in (True, False):
            with pytest.raises(LedgerMismatch, match="tells of another one") as caught:
                database.open(may_migrate=may_migrate)
        move, remove = (f"{word} {theirs.folder}" for word in ("mv", "rm -r"))
        assert move in caught.value.fix
        assert remove in caught.value.fix
        # As it says.
        shutil.rmtree(theirs.folder)
        database.open().close()

    def test_is_looked_into_where_a_person_says_that_it_is_an_older_copy(
        self, database: Database
    ) -> None:
        with database.open() as ledger:
            file_id = a_file(ledger, "due.csv", a_phone(1))
            own = ledger.claim_numbers._seen.folder
        own.rmdir()
        theirs = SeenNumbers(own.with_name("of-another"))
        theirs.raise_to(SENDING, 7)
        with pytest.raises(LedgerMismatch, match="tells of another one"):
            database.open()
        theirs.folder.rename(own)
        with database.open() as ledger:
            assert states(ledger, file_id) == ["uncertain"]


class TestRowsSinceTheRestore:
    @pytest.fixture
    def restored(self, database: Database) -> Any:
        with database.open() as ledger:
            a_file(ledger, "before.csv", a_phone(900))
        loses_a_day(database)
        with database.open() as ledger:
            # Five days ago.
            with written(ledger) as connection:
                at = str((datetime.now(UTC) - timedelta(days=5) - EPOCH) // MICROSECOND)
                ours = update(facts).where(facts.c.name == RESTORED_AT)
                connection.execute(ours.values(value=at))
            ledger.campaigns.collected("renewals", datetime.now(UTC) - timedelta(days=4))
            yield ledger

    @pytest.mark.parametrize(
        ("age_days", "state"),
        [(6, "uncertain"), (None, "uncertain"), (4.5, "uncertain"), (3, "pending")],
    )
    def test_of_lists_that_may_have_lain_there_before_are_in_doubt(
        self, restored: Ledger, age_days: float | None, state: str
    ) -> None:
        at = None if age_days is None else datetime.now(UTC) - timedelta(days=age_days)
        modified_at = None if at is None else int(at.timestamp())
        file_id = a_file(restored, "new.csv", a_phone(1), a_phone(1), modified_at=modified_at)
        assert states(restored, file_id)[0] == state
        assert states(restored, file_id)[1] == "pending"
        assert (rows_of(restored, file_id)[1].doubt_since is None) == (state == "pending")

    def test_of_lists_whose_time_has_not_come_yet_are_in_doubt(self, restored: Ledger) -> None:
        at = int((datetime.now(UTC) + timedelta(days=2)).timestamp())
        file_id = a_file(restored, "new.csv", a_phone(1), modified_at=at)
        assert states(restored, file_id) == ["uncertain"]

    def test_of_whatever_is_there_when_the_inbox_is_first_read_are_in_doubt(
        self, restored: Ledger
    ) -> None:
        with written(restored) as connection:
            connection.execute(update(campaigns).values(collected_at=None))
        at = int((datetime.now(UTC) - timedelta(days=3)).timestamp())
        file_id = a_file(restored, "new.csv", a_phone(1), modified_at=at)
        assert states(restored, file_id) == ["uncertain"]

    def test_of_a_held_list_are_in_doubt_when_it_is_released_and_their_turn_comes(
        self, restored: Ledger
    ) -> None:
        file_id = a_file(restored, "held.csv", a_phone(1), state=FileState.HELD)
        assert states(restored, file_id) == ["pending"]
        restored.files.release(file_id)
        with restored.leases.hold("dispatch:talkover") as lease:
            assert not isinstance(claim(restored, lease), Claim)
        assert states(restored, file_id) == ["uncertain"]

    def test_that_a_person_makes_due_again_are_in_doubt(self, restored: Ledger) -> None:
        at = int((datetime.now(UTC) - timedelta(days=3)).timestamp())
        file_id = a_file(restored, "new.csv", a_phone(1), modified_at=at)
        with written(restored) as connection:
            refused = update(rows).where(rows.c.file_id == file_id)
            connection.execute(refused.values(state=RowState.REFUSED))
        when = an_instant(datetime.now(UTC))
        assert restored.verdicts.retry(file_id, when, timedelta()) == 1
        assert states(restored, file_id) == ["uncertain"]
