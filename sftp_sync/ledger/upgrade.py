"""The ledger's schema, brought up to date: made, migrated after a backup, or refused."""

from __future__ import annotations

import sqlite3
import uuid
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, select, table, text
from sqlalchemy.sql import column

from sftp_sync.errors import DiskFull, LedgerMismatch
from sftp_sync.ledger.engine import PRIVATE, reading, sqlite_path, writing
from sftp_sync.ledger.schema import EPOCH, SCHEMA, facts

MIGRATIONS = Path(__file__).parent / "migrations"
LEDGER_ID, COPIED_AT = "ledger_id", "copied_at"
STAMP = "%Y%m%dT%H%M%SZ"
VERSION = table("alembic_version", column("version_num"))


def bring_up_to_date(engine: Engine, *, may_migrate: bool) -> None:
    """Make an empty ledger, migrate an older one if allowed, refuse a newer one."""
    with reading(engine) as connection:
        present = _version(connection)
    if present == SCHEMA:
        return
    if present is not None:
        _refuse_unless_older(present)
        if not may_migrate:
            raise LedgerMismatch(
                f"The ledger has schema {present} and this program needs {SCHEMA}.",
                fix="Type: sftp-sync sync (or restart the daemon); it is migrated after a backup.",
            )
    _migrate(engine)


def ledger_id(engine: Engine) -> str:
    """What tells this ledger from every other; its copies share it."""
    asked = select(facts.c.value).where(facts.c.name == LEDGER_ID)
    with reading(engine) as connection:
        return str(connection.execute(asked).scalar_one())


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(select(VERSION.c.version_num)).scalar_one_or_none()


def _refuse_unless_older(present: str) -> None:
    if not present.isdigit() or int(present) > int(SCHEMA):
        raise LedgerMismatch(
            f"The ledger has schema {present}, which is newer than this program ({SCHEMA}).",
            fix="Install the newer sftp-sync again, or restore a backup made by this one.",
        )


def _migrate(engine: Engine) -> None:
    # Alembic costs a fifth of a second to import, and a ledger that is up to date needs none of it.
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415 - see above

    settings = Config()
    settings.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            # Two that start at once: the second waits here and finds the work done.
            connection.execute(text("SELECT pg_advisory_xact_lock(7231001)"))
        present = _version(connection)
        if present is not None and present != SCHEMA:
            _refuse_unless_older(present)
            # While nobody else can write: the copy is what the migration starts from.
            _back_up_beside(engine, present)
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")


def _back_up_beside(engine: Engine, present: str) -> None:
    path = sqlite_path(engine)
    if path is None:
        # A server is backed up by its own means, and the migration is one transaction.
        return
    stamp = datetime.now(UTC).strftime(STAMP)
    copy_to(path, path.with_name(f"{path.name}.schema-{present}.{stamp}.backup"))


def _mark_copy(copy: sqlite3.Connection, began: datetime) -> None:
    # One file, without a -wal beside it that could be left behind.
    copy.execute("PRAGMA journal_mode = DELETE")
    micros = (began - EPOCH) // timedelta(microseconds=1)
    copy.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (COPIED_AT, str(micros)))
    # Who was at work then is not at work on the copy. The fences stay: they only ever grow.
    copy.execute("UPDATE leases SET holder = NULL, host = NULL, lock = NULL")
    copy.commit()
    (state,) = copy.execute("PRAGMA quick_check(1)").fetchone()
    if state != "ok":
        raise sqlite3.DatabaseError(f"the copy is damaged: {state}")


def copy_to(source: Path, target: Path) -> None:
    """A consistent copy of a SQLite ledger, also while others write to it; whole or not there. It
    knows that it is a copy, and of when: what is put back from it looks before it sends.
    """
    # Before the first page is read: whatever is called from now on may be missing.
    began = datetime.now(UTC)
    part = target.with_name(f"{target.name}.{uuid.uuid4().hex}.part")
    try:
        part.touch(PRIVATE)
        with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(part)) as new:
            old.backup(new)
            _mark_copy(new, began)
        part.rename(target)
    except (OSError, sqlite3.Error) as error:
        part.unlink(missing_ok=True)
        raise DiskFull(
            f"The ledger could not be copied to {target}: {error}.",
            fix="Make room or give rights there, then try again. The ledger is unchanged.",
        ) from error
