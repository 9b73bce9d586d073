"""A ledger that was put back from a backup looks before it sends, whoever put it back, and how."""

from __future__ import annotations

import shutil
import sqlite3
import stat
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from sftp_sync.errors import UsageError
from sftp_sync.ledger import Ledger
from sftp_sync.ledger.claims import Moment
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.restoring import OPENINGS, SEEN
from sftp_sync.ledger.schema import leases, rows
from sftp_sync.model import Claim, FileState, Idle, Limits, RowState
from tests.support.builders import (
    ARow,
    a_batch,
    a_campaign,
    a_phone,
    a_remote_file,
    an_arrival,
    an_ending,
    enter_file,
    sha256_of,
)
from tests.support.databases import Database, fresh_database, looked_at, written

LISTS = "https://api.kathan.tech#user_1/renewals"


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
    return ledger.claims.claim(lease, a_campaign(**changes), Moment(now, f"{now:%Y-%m-%d}"))


def loses_a_day(database: Database, ledger: Ledger) -> None:
    """As if the database were put back by its own means, from before the latest openings."""
    del database
    with written(ledger) as connection:
        older = update(leases).where(leases.c.name == OPENINGS)
        connection.execute(older.values(fence=leases.c.fence - 1))


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
            ledger.verdicts.resolve_file(file_id, "resend", now + timedelta(hours=1), wait=1)
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
            ledger.verdicts.resolve_row(rows_of(ledger, first)[0].id, "refused", now, wait=1)
            # What follows is looked into as well, not sent.
            assert claim(ledger, lease, allow_duplicates=True) in {Idle.NOTHING, Idle.IN_DOUBT}
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
            doubts = ledger.doubts.due(campaign, now)
            when = Moment(now, f"{now:%Y-%m-%d}")
            asked = [ledger.doubts.claim(lease, campaign, doubt, when) for doubt in doubts]
            assert [one is None for one in asked] == [False, True]
            (left,) = [row for row in rows_of(ledger, 1) if row.state == "uncertain"]
            assert left.next_look_at > now
            assert "calls of the day are spent" in left.reason

    def test_rows_that_go_out_as_whole_lists_wait_for_a_person(
        self, sqlite: Database, tmp_path: Path
    ) -> None:
        with sqlite.open() as ledger:
            file_id = a_file(ledger, "list.csv", a_phone(1), campaign=a_campaign(destination=LISTS))
            copy = ledger.back_up(tmp_path / "copy.db")
        put_back(sqlite, copy)
        with sqlite.open() as ledger:
            (row,) = rows_of(ledger, file_id)
            assert (row.state, row.next_look_at) == ("uncertain", None)
            assert ledger.summaries.for_a_person() == {"renewals": {file_id: 1}}


class TestPutBackByOtherMeans:
    def test_is_known_from_what_the_state_directory_has_seen(self, database: Database) -> None:
        with database.open() as ledger:
            file_id = a_file(ledger, "due.csv", a_phone(1))
        with database.open() as ledger:
            loses_a_day(database, ledger)
        with database.open() as ledger:
            (row,) = rows_of(ledger, file_id)
            assert row.state == "uncertain"
            assert row.doubt_since is not None
        with database.open() as ledger:
            assert len(ledger.notices.all()) == 1

    def test_a_file_copied_by_hand_is_known_too(self, sqlite: Database, tmp_path: Path) -> None:
        with sqlite.open() as ledger:
            file_id = a_file(ledger, "due.csv", a_phone(1))
        copy = shutil.copyfile(sqlite.path, tmp_path / "by-hand.db")
        sqlite.open().close()
        put_back(sqlite, copy)
        with sqlite.open() as ledger:
            assert states(ledger, file_id) == ["uncertain"]

    def test_openings_that_only_look_are_not_counted(self, database: Database) -> None:
        database.open().close()
        before = (database.folder / SEEN).read_text()
        for _ in range(3):
            database.open(may_migrate=False).close()
        assert (database.folder / SEEN).read_text() == before

    @pytest.mark.parametrize("content", [None, "", "no number"])
    def test_a_directory_that_has_seen_nothing_knows_nothing(
        self, database: Database, content: str | None
    ) -> None:
        with database.open() as ledger:
            file_id = a_file(ledger, "due.csv", a_phone(1))
            loses_a_day(database, ledger)
        if content is None:
            (database.folder / SEEN).unlink()
        else:
            (database.folder / SEEN).write_text(content)
        with database.open() as ledger:
            assert states(ledger, file_id) == ["pending"]

    def test_an_ordinary_restart_changes_nothing(self, database: Database) -> None:
        with database.open() as ledger:
            file_id = a_file(ledger, "due.csv", a_phone(1))
        for _ in range(3):
            database.open().close()
        with database.open() as ledger:
            assert states(ledger, file_id) == ["pending"]
            assert ledger.notices.all() == []


class TestRowsSinceTheRestore:
    @pytest.fixture
    def restored(self, database: Database) -> Any:
        with database.open() as ledger:
            a_file(ledger, "before.csv", a_phone(900))
            loses_a_day(database, ledger)
        with database.open() as ledger:
            yield ledger

    @pytest.mark.parametrize(
        ("age_days", "state"), [(3, "uncertain"), (None, "uncertain"), (-2, "pending")]
    )
    def test_of_lists_that_may_have_lain_there_before_are_in_doubt(
        self, restored: Ledger, age_days: int | None, state: str
    ) -> None:
        at = None if age_days is None else datetime.now(UTC) - timedelta(days=age_days)
        modified_at = None if at is None else int(at.timestamp())
        file_id = a_file(restored, "new.csv", a_phone(1), a_phone(1), modified_at=modified_at)
        assert states(restored, file_id)[0] == state
        assert states(restored, file_id)[1] == "pending"
        assert (rows_of(restored, file_id)[1].doubt_since is None) == (state == "pending")

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
        file_id = a_file(restored, "held.csv", a_phone(1), state=FileState.HELD)
        restored.files.reject(file_id)
        with written(restored) as connection:
            connection.execute(update(rows).values(doubt_since=None))
        assert restored.verdicts.retry(file_id, datetime.now(UTC)) == 1
        assert states(restored, file_id) == ["uncertain"]
