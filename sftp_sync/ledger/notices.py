"""What a person must do: one line per cause, until the cause is gone."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlalchemy import Engine, delete, select

from sftp_sync.errors import SyncError, Who
from sftp_sync.ledger.engine import reading, writing
from sftp_sync.ledger.schema import notices
from sftp_sync.ledger.upserts import put
from sftp_sync.model import Notice


class Notices:
    """The verbs for notices. A scope is a campaign's or an account's name."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def post(self, scope: str, cause: str, error: SyncError, at: datetime) -> None:
        """Say what is wrong; a cause that is already said keeps its time."""
        words = {"message": error.message, "fix": error.fix, "who": error.who}
        said = {"scope": scope, "cause": cause, "since": at, **words}
        with writing(self._engine) as connection:
            put(connection, notices, said, keep=["since"])

    def clear(self, scope: str, *causes: str) -> None:
        """The causes are gone."""
        here = (notices.c.scope == scope) & notices.c.cause.in_(causes)
        with reading(self._engine) as connection:
            if connection.execute(select(notices.c.cause).where(here)).first() is None:
                return
        with writing(self._engine) as connection:
            connection.execute(delete(notices).where(here))

    def all(self) -> list[Notice]:
        """Everything that a person must do, longest standing first."""
        asked = select(notices).order_by(notices.c.since, notices.c.scope, notices.c.cause)
        with reading(self._engine) as connection:
            found = connection.execute(asked).all()
        return [
            Notice(row.scope, row.cause, row.message, row.fix, cast("Who", row.who), row.since)
            for row in found
        ]
