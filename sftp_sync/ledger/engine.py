"""Opening the database: durable, private, one writer at a time, and its errors turned into ours."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from sftp_sync.errors import ConfigError, LedgerUnavailable
from sftp_sync.ledger.failures import translated
from sftp_sync.ledger.schema import EPOCH

BUSY_SECONDS = 10
# Longer than any transaction of ours takes, shorter than the silence after which a lease is lost: a
# process that was stopped in the middle of one must not keep its locks from those who take over.
IDLE_SECONDS = 20
POSTGRESQL_PATIENCE = {
    "lock_timeout": BUSY_SECONDS,
    "idle_in_transaction_session_timeout": IDLE_SECONDS,
}
# Nobody must wait for a server that went away without a word.
POSTGRESQL_LINK = {
    "connect_timeout": BUSY_SECONDS,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
PRIVATE = 0o600


def open_engine(database: str) -> Engine:
    """An engine for a ledger by URL; for SQLite the file is made if it is not there."""
    url = make_url(database)
    match url.get_backend_name():
        case "sqlite":
            return _sqlite(url)
        case "postgresql":
            return _postgresql(url)
        case other:
            raise ConfigError(
                f"database: {other} is not supported.",
                fix="Use sqlite:////path/ledger.db or postgresql://user@host/name.",
            )


def sqlite_path(engine: Engine) -> Path | None:
    """Where the ledger's file lies; None for a server."""
    named = engine.url.database if engine.url.get_backend_name() == "sqlite" else None
    return Path(named) if named else None


def _sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:":
        raise ConfigError("database: a ledger in memory forgets its calls.", fix="Name a file.")
    path = Path(url.database)
    try:
        # Made by us and not by SQLite, so that it is private from its first byte; the -wal and
        # -shm files take their mode from it.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, PRIVATE))
    except OSError as error:
        raise LedgerUnavailable(
            f"The ledger {path} cannot be opened: {error.strerror}.",
            fix="Check that the directory exists, has room, and belongs to the service's user.",
        ) from error
    patience = {} if "timeout" in url.query else {"timeout": BUSY_SECONDS}
    engine = create_engine(url, connect_args=patience, pool_size=10)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    del record
    # SQLAlchemy opens transactions itself (below): the driver's own would begin too late.
    connection.isolation_level = None
    cursor = connection.cursor()
    try:
        cursor.execute("PRAGMA journal_mode = WAL")
        # FULL, not NORMAL: a claim must survive a power cut before its request leaves.
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA temp_store = MEMORY")
        # What is erased is overwritten, not just forgotten.
        cursor.execute("PRAGMA secure_delete = ON")
    except BaseException:
        # The pool does not have it yet, and closes it only by chance: its disk would stay in use.
        cursor.close()
        connection.close()
        raise
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # IMMEDIATE: a transaction that reads and then writes must not find another writer in between.
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def _postgresql(url: URL) -> Engine:
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    try:
        engine = create_engine(
            url,
            pool_size=10,
            max_overflow=20,
            pool_pre_ping=True,
            # Whatever the server's default is: the verbs lock what they decide on.
            isolation_level="READ COMMITTED",
            connect_args={k: v for k, v in POSTGRESQL_LINK.items() if k not in url.query},
        )
    except ModuleNotFoundError as error:
        raise ConfigError(
            "database: PostgreSQL needs its driver.",
            fix="Type: pip install 'sftp-sync[postgres]'",
        ) from error
    event.listen(engine, "connect", _prepare_postgresql)
    return engine


def _prepare_postgresql(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    del record
    cursor = connection.cursor()
    for setting, seconds in POSTGRESQL_PATIENCE.items():
        # What was set for this database or role goes first.
        cursor.execute(
            f"SELECT set_config('{setting}', '{seconds}s', false)"
            f" WHERE current_setting('{setting}') = '0'",
        )
    cursor.execute("SHOW synchronous_commit")
    row = cursor.fetchone()
    cursor.close()
    connection.commit()
    if row is not None and row[0] == "off":
        connection.close()
        raise ConfigError(
            "database: PostgreSQL runs with synchronous_commit=off, so a claim might not survive a"
            " power cut and its call would be made twice.",
            fix="Set synchronous_commit = on for this database or role.",
        )


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that writes: all of it, or nothing."""
    with translated(engine), engine.begin() as connection:
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One consistent look."""
    with translated(engine), engine.connect() as connection:
        look = connection.execution_options(**LOOKS[engine.dialect.name])
        with look.begin():
            yield look


# A look of several statements must see one moment: a file and its rows, not a file before and its
# rows after somebody else's commit. SQLite does that by itself.
LOOKS: dict[str, dict[str, Any]] = {
    "sqlite": {"reading": True},
    "postgresql": {"isolation_level": "REPEATABLE READ"},
}
CLOCKS = {
    "sqlite": text("SELECT CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)"),
    "postgresql": text("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"),
}


def database_now(connection: Connection) -> datetime:
    """What the database's own clock says."""
    microseconds = connection.execute(CLOCKS[connection.dialect.name]).scalar_one()
    return EPOCH + timedelta(microseconds=int(microseconds))
