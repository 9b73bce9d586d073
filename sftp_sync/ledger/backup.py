"""A copy of the ledger for the day when the disk is gone, made while others go on writing."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from sftp_sync.errors import UsageError
from sftp_sync.ledger.engine import sqlite_path
from sftp_sync.ledger.upgrade import STAMP, copy_to


def back_up(engine: Engine, target: Path) -> Path:
    """Copy the ledger to a path, or under a name of its own into a folder. Nothing is overwritten:
    an earlier copy may be the better one.
    """
    source = sqlite_path(engine)
    if source is None:
        raise UsageError(
            "The ledger is in PostgreSQL, which is backed up by its own means.",
            fix="Type: pg_dump --format=custom --file=ledger.dump DATABASE. Put back, it looks"
            " before it sends, as long as state_dir is there.",
        )
    try:
        target = _free_place(target)
    except OSError as error:
        raise UsageError(
            f"{target} cannot be looked at: {error.strerror}. The copy is made by the owner of the"
            " state directory.",
            fix="Name a place where that user may write, as /var/tmp/ledger.db, and move it from"
            " there.",
        ) from error
    copy_to(source, target)
    return target


def _free_place(target: Path) -> Path:
    if target.is_dir():
        target /= f"ledger-{datetime.now(UTC).strftime(STAMP)}.db"
    if target.exists():
        raise UsageError(
            f"There is something at {target} already.", fix="Name another file, or a folder."
        )
    if not target.parent.is_dir():
        raise UsageError(f"There is no folder {target.parent}.", fix="Make it, or name another.")
    return target
