"""A database in trouble: a sentence that says what to do, nothing half-written, and on it goes."""

from __future__ import annotations

import gc
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from sftp_sync.errors import ConfigError, DiskFull, LedgerMismatch, LedgerUnavailable
from sftp_sync.ledger import Ledger
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.upgrade import copy_to
from tests.support.builders import MAPPING, a_batch, an_arrival, an_understanding, enter_file
from tests.support.databases import Database, contents, fresh_database, looked_at, written
from tests.support.disks import SmallDisk, small_disk
from tests.support.postgresql import postgresql


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    with fresh_database("sqlite", tmp_path) as database:
        yield database


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Database]:
    with fresh_database("postgresql", tmp_path) as database:
        yield database


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "small") as disk:
        yield disk


def name_of(database: Database) -> str:
    """What a server calls it."""
    return database.url.split("/")[3].partition("?")[0]


def set_for_all(database: Database, setting: str) -> None:
    with postgresql().administer() as administrator:
        administrator.execute(f"ALTER DATABASE {name_of(database)} SET {setting}".encode())


@contextmanager
def uncollected() -> Iterator[None]:
    """What nobody closes stays open."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def open_below(folder: Path) -> list[str]:
    """Files below a folder that this process has open."""
    opened = [one.readlink() for one in Path("/proc/self/fd").iterdir() if one.is_symlink()]
    return [str(path) for path in opened if path.is_relative_to(folder)]


class TestALockedLedger:
    def test_says_who_to_wait_for(self, sqlite: Database) -> None:
        impatient = Database("sqlite", f"{sqlite.url}?timeout=0.1", sqlite.folder)
        with impatient.open() as ledger, closing(sqlite3.connect(sqlite.path)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(
                LedgerUnavailable, match=r"database is locked\. Nothing is lost\. Ano"
            ):
                ledger.campaigns.pause("renewals", paused=True)
            # Whoever only looks does not wait.
            assert not ledger.campaigns.get("renewals").paused
            other.rollback()
            ledger.campaigns.pause("renewals", paused=True)

    def test_on_a_server_says_the_same(self, server: Database) -> None:
        set_for_all(server, "lock_timeout = '100ms'")
        with server.open() as ledger, postgresql().administer(name_of(server)) as other:
            other.execute("BEGIN; LOCK TABLE campaigns IN EXCLUSIVE MODE")
            with pytest.raises(
                LedgerUnavailable, match=r"lock timeout\. Nothing is lost\. Another"
            ):
                ledger.campaigns.pause("renewals", paused=True)
            other.execute("ROLLBACK")
            ledger.campaigns.pause("renewals", paused=True)


class TestAFullDisk:
    def test_leaves_nothing_half_written_and_goes_on_with_room(self, disk: SmallDisk) -> None:
        with (
            fresh_database("sqlite", disk.folder) as database,
            database.open() as ledger,
            ledger.leases.hold("collect:renewals") as lease,
        ):
            begun = ledger.entering.begin(lease, an_arrival(), an_understanding(), MAPPING)
            before = contents(ledger)
            with disk.filled(), pytest.raises(LedgerUnavailable, match=r"Nothing is lost\. .*room"):
                ledger.entering.add(lease, begun, a_batch(pending=20_000))
            assert contents(ledger) == before
            ledger.entering.take_back(lease, "renewals")
            assert ledger.files.get(enter_file(ledger, lease)).total == 3

    def test_makes_no_half_of_a_copy(self, disk: SmallDisk) -> None:
        with fresh_database("sqlite", disk.folder) as database:
            with disk.filled(), pytest.raises(DiskFull, match=r"copied to .*Make room.*unchanged"):
                copy_to(database.path, disk.folder / "copy.db")
            assert list(disk.folder.glob("copy*")) == []

    def test_has_no_room_for_a_new_ledger(self, disk: SmallDisk) -> None:
        with fresh_database("sqlite", disk.folder, is_migrated=False) as database:
            with uncollected():
                with disk.filled(), pytest.raises(LedgerUnavailable, match="room"):
                    database.open()
                assert open_below(disk.folder) == []
            database.open().close()


class TestALedgerThatMayNotBeWritten:
    def test_says_whose_it_must_be(self, sqlite: Database) -> None:
        with sqlite.open() as ledger:
            with ledger._engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA query_only = ON")
            with pytest.raises(LedgerUnavailable, match=r"readonly database.*user write to the fi"):
                ledger.campaigns.pause("renewals", paused=True)

    def test_on_a_standby_names_the_primary(self, server: Database) -> None:
        set_for_all(server, "default_transaction_read_only = on")
        with server.open() as ledger:
            with pytest.raises(LedgerUnavailable, match="read-only, perhaps a standby"):
                ledger.campaigns.pause("renewals", paused=True)
            assert not ledger.campaigns.get("renewals").paused

    @pytest.mark.parametrize("place", ["nowhere/ledger.db", ""])
    def test_lies_in_no_folder(self, tmp_path: Path, place: str) -> None:
        database = Database("sqlite", f"sqlite:///{tmp_path}/{place}", tmp_path)
        with pytest.raises(LedgerUnavailable, match=r"cannot be opened: .*belongs to the service"):
            database.open()

    def test_has_no_place_for_its_locks(self, sqlite: Database) -> None:
        sqlite.locks.write_text("a file, not a folder")
        with pytest.raises(
            LedgerUnavailable, match=rf"No lock can be had in {sqlite.locks}: .*Check"
        ):
            sqlite.open()


class TestADamagedLedger:
    def test_is_never_used(self, sqlite: Database) -> None:
        sqlite.path.write_bytes(b"no database at all" * 1000)
        with pytest.raises(LedgerMismatch, match=r"is damaged: .*put the last backup in its place"):
            sqlite.open()

    def test_is_found_while_it_is_used(self, sqlite: Database) -> None:
        with sqlite.open() as ledger, ledger.leases.hold("collect:renewals") as lease:
            enter_file(ledger, lease, a_batch(pending=2000))
        size = sqlite.path.stat().st_size
        with sqlite.open() as ledger, sqlite.path.open("r+b") as file:
            file.seek(size // 2)
            file.write(b"x" * (size // 2))
            file.flush()
            with pytest.raises(LedgerMismatch, match="damaged"):
                list(ledger.rows.of_file(1))


class TestAServer:
    def test_that_goes_away_and_comes_back(self, server: Database) -> None:
        with server.open() as ledger:
            ledger.campaigns.pause("renewals", paused=True)
            postgresql().restart()
            # The old connections are dead: that is noticed before they are used.
            assert ledger.campaigns.get("renewals").paused
            with ledger.leases.hold("collect:renewals") as lease:
                assert enter_file(ledger, lease)

    def test_that_is_away_is_named_without_its_password(self, server: Database) -> None:
        secret = server.url.replace("postgres@", "postgres:s3cret@")
        with Database("postgresql", secret, server.folder).open() as ledger:
            postgresql().stop()
            try:
                with pytest.raises(
                    LedgerUnavailable, match=r"postgres:\*\*\*@.*server runs"
                ) as caught:
                    ledger.files.all()
            finally:
                postgresql().start()
            assert "s3cret" not in str(caught.value)
            assert "\n" not in str(caught.value)
            assert ledger.files.all() == []

    def test_that_ends_in_the_middle_of_a_transaction(self, server: Database) -> None:
        def half_and_half(ledger: Ledger) -> None:
            with written(ledger) as connection:
                connection.exec_driver_sql("INSERT INTO campaigns (name) VALUES ('half')")
                postgresql().restart()
                connection.exec_driver_sql("INSERT INTO campaigns (name) VALUES ('whole')")

        with server.open() as ledger:
            with pytest.raises(LedgerUnavailable, match="server"):
                half_and_half(ledger)
            assert contents(ledger)["campaigns"] == []

    def test_that_forgets_commits_in_a_power_cut_is_refused(self, server: Database) -> None:
        set_for_all(server, "synchronous_commit = off")
        with pytest.raises(
            ConfigError, match=r"synchronous_commit=off.*Set synchronous_commit = on"
        ):
            server.open()

    def test_frees_what_a_stopped_process_had_locked(self, server: Database) -> None:
        with server.open() as ledger, looked_at(ledger) as connection:
            found = connection.execute(
                text("SELECT name, setting FROM pg_settings WHERE name LIKE '%%_timeout'")
            )
            settings: dict[str, str] = dict(found.all())
        assert settings["idle_in_transaction_session_timeout"] == "20000"
        assert settings["lock_timeout"] == "10000"

    def test_that_has_no_such_database(self, server: Database) -> None:
        other = server.url.replace(name_of(server), "nowhere")
        with pytest.raises(LedgerUnavailable, match=r"\"nowhere\" does not exist"):
            Database("postgresql", other, server.folder).open()


class TestTooManyAtOnce:
    def test_is_said_after_a_while(self, ledger: Ledger, lease: Lease) -> None:
        pool = ledger._engine.pool
        pool._timeout = 0.1  # type: ignore[attr-defined]  # of the pool in use

        def look_and_look() -> None:
            with ExitStack() as looks:
                for _ in range(100):
                    looks.enter_context(looked_at(ledger))

        with pytest.raises(LedgerUnavailable, match="all connections to it are in use"):
            look_and_look()
        assert enter_file(ledger, lease)
