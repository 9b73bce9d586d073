"""The ledger's databases for tests: SQLite in a file, and a real PostgreSQL.

    with fresh_database("postgresql", tmp_path) as database, database.open() as ledger: ...

One PostgreSQL serves all tests of a process, started when first asked for; every test has a
database of its own, like one that is migrated once.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Table, select

from sftp_sync.ledger import Ledger
from sftp_sync.ledger.engine import reading, writing
from sftp_sync.ledger.schema import leases, metadata
from tests.support.examples import some
from tests.support.postgresql import postgresql
from tests.support.used_again import UsedAgain

# Where both can, one is enough at a desk.
EVERY_DATABASE = some(("sqlite", "postgresql"), 1)


def boot_time() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True)
class Database:
    """A database for one ledger; what a test does beside the ledger's verbs goes through here."""

    kind: str
    url: str
    folder: Path

    @property
    def locks(self) -> Path:
        return self.folder / "locks"

    @property
    def path(self) -> Path:
        """The file of a SQLite ledger."""
        assert self.kind == "sqlite"
        return self.folder / "ledger.db"

    def open(
        self,
        clock: Callable[[], float] = boot_time,
        *,
        may_migrate: bool = True,
        **settings: float,
    ) -> Ledger:
        return Ledger.open(self.url, self.locks, clock, may_migrate=may_migrate, **settings)


@contextlib.contextmanager
def fresh_database(kind: str, folder: Path, *, is_migrated: bool = True) -> Iterator[Database]:
    """A ledger's database with nothing in it; with `is_migrated=False` not even tables."""
    if kind == "sqlite":
        database = Database(kind, f"sqlite:///{folder}/ledger.db", folder)
        if is_migrated:
            shutil.copyfile(_sqlite_template(), database.path)
            database.path.chmod(0o600)
        yield database
        return
    server = postgresql()
    with _migrated().database() if is_migrated else server.database() as name:
        yield Database(kind, server.url(name), folder)


def written(ledger: Ledger) -> contextlib.AbstractContextManager[Connection]:
    """A transaction past the verbs: for what a test changes behind the ledger's back."""
    return writing(ledger._engine)


def looked_at(ledger: Ledger) -> contextlib.AbstractContextManager[Connection]:
    """A look past the verbs."""
    return reading(ledger._engine)


def contents(ledger: Ledger) -> dict[str, list[tuple[object, ...]]]:
    """All that is recorded, to compare; who holds a lease and since when is not."""

    def content(table: Table) -> list[tuple[object, ...]]:
        asked = select(table).order_by(*table.primary_key)
        return [tuple(row) for row in connection.execute(asked)]

    with looked_at(ledger) as connection:
        return {
            table.name: content(table) for table in metadata.sorted_tables if table is not leases
        }


def make_templates() -> None:
    """Have the migrated databases ready that all others are copied from."""
    _sqlite_template()
    _migrated()


@functools.cache
def _sqlite_template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="ledger-template-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    with fresh_database("sqlite", folder, is_migrated=False) as database:
        database.open().close()
        return database.path


@functools.cache
def _migrated() -> UsedAgain:
    server = postgresql()
    name = server.create()
    with tempfile.TemporaryDirectory() as folder:
        Database("postgresql", server.url(name), Path(folder)).open().close()
    return UsedAgain(server, name)
