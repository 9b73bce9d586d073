"""Which database this is, beside its name: a copy that was put in its place is another one."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from sftp_sync.errors import LedgerReplaced
from sftp_sync.ledger.engine import reading, sqlite_path

NOWHERE = "nowhere"
# What the database and a table of ours were numbered when they were made.
NUMBERS = "(SELECT oid FROM pg_database WHERE datname = current_database()), to_regclass('rows')"
# The server, and its timeline: every recovery begins a new one.
SERVER = (
    "(SELECT system_identifier FROM pg_control_system()),"
    " CASE WHEN NOT pg_is_in_recovery() THEN left(pg_walfile_name(pg_current_wal_lsn()), 8) END"
)
WHOLE = text(f"SELECT concat_ws('/', {SERVER}, {NUMBERS}::oid)")
BARE = text(f"SELECT concat_ws('/', {NUMBERS}::oid)")


def mark_of(engine: Engine) -> str:
    """Where the ledger is now: a file by its device and inode, a database by its server."""
    path = sqlite_path(engine)
    if path is not None:
        return _file(path)
    with reading(engine) as connection:
        return _database(connection)


def replaced(engine: Engine) -> LedgerReplaced:
    """What is said when it is another one than the one that was opened."""
    name = sqlite_path(engine) or engine.url.database
    return LedgerReplaced(
        f"The ledger {name} was replaced while it was in use: nothing more is sent with what was"
        " opened.",
        fix="Start again: sftp-sync sync, or: systemctl restart sftp-sync. A ledger that was put"
        " back looks before it sends.",
    )


def _file(path: Path) -> str:
    try:
        there = path.stat()
    except OSError:
        return NOWHERE
    return f"{there.st_dev}:{there.st_ino}"


def _database(connection: Connection) -> str:
    try:
        with connection.begin_nested():
            return str(connection.execute(WHOLE).scalar_one())
    except DBAPIError:
        # A hosted server does not show all of it to everybody.
        return str(connection.execute(BARE).scalar_one())
