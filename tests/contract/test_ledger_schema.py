"""A ledger is made, migrated after a backup, or refused; never half of one of these."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from sftp_sync.errors import LedgerMismatch
from sftp_sync.ledger import Ledger, upgrade
from sftp_sync.ledger.leases import Lease
from sftp_sync.ledger.schema import SCHEMA, metadata
from sftp_sync.ledger.schema.columns import PARTIAL_WHERE
from tests.support.builders import enter_file
from tests.support.databases import (
    EVERY_DATABASE,
    Database,
    contents,
    fresh_database,
    looked_at,
    make_templates,
    written,
)
from tests.support.forking import talker

OPENERS = "tests.support.ledger_openers"
OLDER = "0000"
# A migration from an older schema, as a later version of this program will have one.
FROM_OLDER = """
revision = "0000"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
"""


@pytest.fixture(params=EVERY_DATABASE)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with fresh_database(request.param, tmp_path, is_migrated=False) as database:
        yield database


@pytest.fixture
def migrations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The present migrations with one before them, so that there is an older schema."""
    # Made now, by the migrations as they are: every other test copies them.
    make_templates()
    folder = tmp_path / "100% migrations"
    (folder / "versions").mkdir(parents=True)
    for source in upgrade.MIGRATIONS.rglob("*.py"):
        wording = source.read_text().replace("down_revision = None", f'down_revision = "{OLDER}"')
        # What is there already is not made again: only the way from the older one is walked.
        wording = wording.replace("def upgrade() -> None:", "def upgrade() -> None:\n    return")
        (folder / source.relative_to(upgrade.MIGRATIONS)).write_text(wording)
    (folder / "versions/v0000_older.py").write_text(FROM_OLDER)
    monkeypatch.setattr(upgrade, "MIGRATIONS", folder)
    return folder


def mark(ledger: Ledger, schema: str) -> None:
    with written(ledger) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :it"), {"it": schema})


def conditions_in(connection: Connection) -> dict[str, str]:
    """The conditions of all partial indexes, in the words of the database."""
    if connection.dialect.name == "sqlite":
        asked = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql LIKE '% WHERE %'"
    else:
        asked = (
            "SELECT relname, pg_get_expr(indpred, indrelid) FROM pg_index"
            " JOIN pg_class ON pg_class.oid = indexrelid"
            " WHERE indpred IS NOT NULL AND relnamespace = current_schema()::regnamespace"
        )
    found = {str(name): str(said) for name, said in connection.execute(text(asked))}
    return {name: said.rpartition(" WHERE ")[2] for name, said in found.items()}


def backups(database: Database) -> list[Path]:
    return sorted(database.folder.glob("*backup*"))


class TestTheSchema:
    def test_that_the_migrations_make_is_the_one_the_verbs_use(self, empty: Database) -> None:
        with empty.open() as ledger, ledger._engine.connect() as connection:
            context = MigrationContext.configure(
                connection, opts={"compare_type": True, "compare_server_default": True}
            )
            assert compare_metadata(context, metadata) == []

    def test_has_partial_indexes_on_the_conditions_that_the_tables_name(
        self, empty: Database
    ) -> None:
        partial = {
            str(index.name): index
            for table in metadata.sorted_tables
            for index in table.indexes
            if PARTIAL_WHERE in index.info
        }
        with empty.open() as ledger, written(ledger) as connection:
            made = conditions_in(connection)
            for name, index in partial.items():
                # A twin made from what the table says: the database words both alike.
                columns, where = ", ".join(index.columns.keys()), index.info[PARTIAL_WHERE]
                twin = f"CREATE INDEX twin_{name} ON {index.table} ({columns}) WHERE {where}"
                connection.execute(text(twin))
            twins = conditions_in(connection)
        assert made == {name: twins[f"twin_{name}"] for name in partial}

    def test_is_named_as_the_latest_migration(self) -> None:
        settings = Config()
        settings.set_main_option("script_location", str(upgrade.MIGRATIONS))
        assert ScriptDirectory.from_config(settings).get_heads() == [SCHEMA]

    def test_is_left_alone_where_it_is_up_to_date(self, database: Database) -> None:
        for may_migrate in (True, False):
            database.open(may_migrate=may_migrate).close()
        assert backups(database) == []

    def test_is_made_for_any_command_where_there_is_none(self, empty: Database) -> None:
        with empty.open(may_migrate=False) as ledger:
            assert ledger.files.all() == []

    @pytest.mark.parametrize("schema", ["9999", "10000", "f00d"])
    def test_that_is_newer_is_refused(self, database: Database, schema: str) -> None:
        with database.open() as ledger:
            mark(ledger, schema)
        for may_migrate in (True, False):
            with pytest.raises(LedgerMismatch, match=f"schema {schema}, which is newer") as caught:
                database.open(may_migrate=may_migrate)
            assert caught.value.fix.startswith("Install the newer sftp-sync")
        assert not list(database.locks.glob("*.lock"))


@pytest.mark.usefixtures("migrations")
class TestAnOlderSchema:
    def test_needs_a_command_that_may_migrate(self, ledger: Ledger, database: Database) -> None:
        mark(ledger, OLDER)
        with pytest.raises(LedgerMismatch, match=f"schema {OLDER} and .* needs {SCHEMA}") as caught:
            database.open(may_migrate=False)
        assert "sftp-sync sync" in caught.value.fix
        assert backups(database) == []

    def test_is_backed_up_beside_and_migrated(
        self, ledger: Ledger, lease: Lease, database: Database
    ) -> None:
        enter_file(ledger, lease)
        before = contents(ledger)
        mark(ledger, OLDER)

        with database.open() as migrated:
            assert contents(migrated) == before
            with looked_at(migrated) as connection:
                asked = text("SELECT version_num FROM alembic_version")
                assert connection.execute(asked).scalar_one() == SCHEMA

        if database.kind == "sqlite":
            (backup,) = backups(database)
            assert backup.name.startswith(f"ledger.db.schema-{OLDER}.")
            assert stat.S_IMODE(backup.stat().st_mode) == 0o600
            with closing(sqlite3.connect(backup)) as connection:
                assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                assert connection.execute("SELECT count(*) FROM rows").fetchone() == (3,)
                found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
                assert found == (OLDER,)
        else:
            assert backups(database) == []

    def test_is_migrated_once_by_two_processes(
        self, ledger: Ledger, database: Database, migrations: Path
    ) -> None:
        mark(ledger, OLDER)
        assert open_twice(database, migrations) == ["0 files", "0 files"]
        assert len(backups(database)) == (1 if database.kind == "sqlite" else 0)


class TestANewLedger:
    def test_is_made_once_by_two_processes(self, empty: Database) -> None:
        assert open_twice(empty, upgrade.MIGRATIONS) == ["0 files", "0 files"]


def open_twice(database: Database, migrations: Path) -> list[str]:
    """Two programs that open one ledger at the same moment: what each says."""
    words = (database.url, database.locks, migrations)
    with talker(f"{OPENERS}:main", words) as one, talker(f"{OPENERS}:main", words) as other:
        for process in (one, other):
            process.send("open")
        return [process.answer() for process in (one, other)]
