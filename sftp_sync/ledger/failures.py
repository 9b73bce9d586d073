"""The database's errors turned into ours: what happened, and what to type, change or wait for."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from sftp_sync.errors import LedgerMismatch, LedgerUnavailable, SyncError

NOTHING_LOST = "Nothing is lost."
# The low byte of SQLite's code names the family; the rest tells details.
FAMILY = 0xFF
WRITABLE = "Let the service's user write to the file and to its directory."
SQLITE_ADVICE = {
    sqlite3.SQLITE_BUSY: "Another process is writing to it: wait for it, or stop it.",
    sqlite3.SQLITE_FULL: "Make room on its disk.",
    sqlite3.SQLITE_READONLY: WRITABLE,
    sqlite3.SQLITE_PERM: WRITABLE,
    sqlite3.SQLITE_CANTOPEN: WRITABLE,
    sqlite3.SQLITE_IOERR: "Check its disk: room, quota, mount, health.",
}
SQLITE_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
# By PostgreSQL's class of error, the first two characters of the code; the whole code goes first.
POSTGRESQL_ADVICE = {
    "53100": "Make room on the database server's disk.",
    "55P03": "Another process is writing to it: wait for it, or stop it.",
    "25006": "It is read-only, perhaps a standby: name the primary server in `database`.",
    "42501": "Let the user of `database` own the ledger's tables.",
    "53": "Give the database server more room, memory or connections.",
}
ANSWER = "Check that the database server runs, can be reached, and knows the user in `database`."


@contextmanager
def translated(engine: Engine) -> Iterator[None]:
    """Turn the database's errors into ours; a broken constraint or a value that does not fit is a
    bug, and stays.
    """
    try:
        yield
    except (IntegrityError, DataError):
        raise
    except DBAPIError as error:
        raise _ours(engine, error) from error
    except NoConnectionFree as error:
        raise LedgerUnavailable(
            f"The ledger {_name(engine)} is busy: all connections to it are in use.",
            fix=f"{NOTHING_LOST} Run fewer campaigns at once, or look for what blocks them.",
        ) from error


def _ours(engine: Engine, error: DBAPIError) -> SyncError:
    # A server adds lines with a piece of the statement, for developers.
    cause = str(error.orig).partition("\n")[0].rstrip(". ")
    name = _name(engine)
    if engine.dialect.name != "sqlite":
        code = str(getattr(error.orig, "sqlstate", None) or "")
        advice = POSTGRESQL_ADVICE.get(code) or POSTGRESQL_ADVICE.get(code[:2]) or ANSWER
        return LedgerUnavailable(
            f"The ledger {name} does not answer: {cause}.",
            fix=f"{NOTHING_LOST} {advice}",
        )
    family = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_IOERR) & FAMILY
    if family in SQLITE_DAMAGE:
        return LedgerMismatch(
            f"The ledger {name} is damaged: {cause}.",
            fix="Stop every sftp-sync, put the last backup in its place, and start again.",
        )
    advice = SQLITE_ADVICE.get(family, SQLITE_ADVICE[sqlite3.SQLITE_IOERR])
    return LedgerUnavailable(
        f"The ledger {name} cannot be used: {cause}.",
        fix=f"{NOTHING_LOST} {advice}",
    )


def _name(engine: Engine) -> str:
    if engine.dialect.name == "sqlite":
        return str(engine.url.database)
    return engine.url.render_as_string(hide_password=True)
