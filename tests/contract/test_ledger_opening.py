"""How a ledger lies on disk and is connected to: durable, private, one writer at a time."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from sftp_sync.errors import ConfigError
from sftp_sync.ledger import Ledger
from sftp_sync.ledger.engine import database_now, open_engine, sqlite_path, writing
from tests.support.builders import enter_file
from tests.support.databases import Database, fresh_database, looked_at


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Database]:
    with fresh_database("sqlite", tmp_path, is_migrated=False) as database:
        yield database


def one_value(ledger: Ledger, statement: str) -> list[object]:
    """What a setting is on each of many connections at once."""
    with ExitStack() as looks:
        connections = [looks.enter_context(looked_at(ledger)) for _ in range(12)]
        return [each.exec_driver_sql(statement).scalar_one() for each in connections]


class TestAFile:
    def test_is_private_with_all_that_lies_beside_it(self, empty: Database) -> None:
        before = os.umask(0)
        try:
            with empty.open() as ledger, ledger.leases.hold("collect:renewals") as lease:
                enter_file(ledger, lease)
                modes = {
                    path.name: stat.S_IMODE(path.stat().st_mode)
                    for path in empty.folder.glob("ledger.db*")
                }
        finally:
            os.umask(before)
        assert modes == dict.fromkeys(["ledger.db", "ledger.db-wal", "ledger.db-shm"], 0o600)

    @pytest.mark.parametrize(
        ("setting", "value"),
        [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 10000)],
    )
    def test_is_used_the_same_way_by_every_connection(
        self, empty: Database, setting: str, value: object
    ) -> None:
        with empty.open() as ledger:
            assert one_value(ledger, f"PRAGMA {setting}") == [value] * 12

    def test_is_known_by_its_path(self, empty: Database) -> None:
        engine = open_engine(empty.url)
        assert sqlite_path(engine) == empty.path
        engine.dispose()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
class TestAServer:
    def test_commits_to_its_disk_on_every_connection(self, ledger: Ledger) -> None:
        assert one_value(ledger, "SHOW synchronous_commit") == ["on"] * 12

    def test_lets_a_look_see_one_moment_and_a_verb_the_latest(self, ledger: Ledger) -> None:
        isolation = "SHOW transaction_isolation"
        assert one_value(ledger, isolation) == ["repeatable read"] * 12
        with writing(ledger._engine) as connection:
            assert connection.exec_driver_sql(isolation).scalar_one() == "read committed"

    def test_may_be_named_with_its_driver(self, database: Database) -> None:
        url = database.url.replace("postgresql:", "postgresql+psycopg:")
        with Database("postgresql", url, database.folder).open() as ledger:
            assert ledger.files.all() == []

    def test_has_no_path(self, ledger: Ledger) -> None:
        assert sqlite_path(ledger._engine) is None


class TestTheClock:
    def test_is_the_databases_own_and_goes_on(self, ledger: Ledger) -> None:
        with writing(ledger._engine) as connection:
            first, second = database_now(connection), database_now(connection)
        assert first.tzinfo is not None
        assert first <= second


class TestALook:
    def test_sees_one_moment_whatever_is_committed_meanwhile(self, ledger: Ledger) -> None:
        asked = "SELECT count(*) FROM campaigns"
        with looked_at(ledger) as connection:
            before = connection.exec_driver_sql(asked).scalar_one()
            ledger.campaigns.pause("renewals", paused=True)
            assert connection.exec_driver_sql(asked).scalar_one() == before == 0
        with looked_at(ledger) as connection:
            assert connection.exec_driver_sql(asked).scalar_one() == 1


class TestADatabase:
    @pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
    def test_in_memory_is_refused(self, url: str) -> None:
        with pytest.raises(ConfigError, match=r"forgets its calls\. Name a file"):
            open_engine(url)

    def test_of_another_make_is_refused(self) -> None:
        with pytest.raises(ConfigError, match=r"mysql is not supported\. Use sqlite:////path"):
            open_engine("mysql://somewhere/ledger")

    def test_without_its_driver_says_what_to_install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "psycopg", None)
        with pytest.raises(ConfigError, match=r"pip install 'sftp-sync\[postgres\]'"):
            open_engine("postgresql://somewhere/ledger")
