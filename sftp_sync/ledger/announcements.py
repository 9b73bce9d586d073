"""What was announced to whom, so that it is said once, and taken back once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, delete, select

from sftp_sync.ledger.engine import reading, writing
from sftp_sync.ledger.schema import announcements
from sftp_sync.ledger.upserts import put

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Said:
    """What was said of one thing: its scope, cause and subject, the words, and when."""

    key: Key
    message: str
    at: datetime


class Announcements:
    """The verbs for announcements."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def said(self, target: str) -> dict[Key, Said]:
        """What a target was told and was not told to be over."""
        asked = select(announcements).where(announcements.c.target == target)
        with reading(self._engine) as connection:
            found = connection.execute(asked).all()
        told = (
            Said((row.scope, row.cause, row.subject), row.message, row.said_at) for row in found
        )
        return {one.key: one for one in told}

    def note(self, target: str, said: Iterable[Said], taken_back: Iterable[Key]) -> None:
        """A target was told this, and that the other is over."""
        with writing(self._engine) as connection:
            for one in said:
                scope, cause, subject = one.key
                key = {"target": target, "scope": scope, "cause": cause, "subject": subject}
                put(connection, announcements, {**key, "message": one.message, "said_at": one.at})
            for scope, cause, subject in taken_back:
                here = (
                    (announcements.c.target == target)
                    & (announcements.c.scope == scope)
                    & (announcements.c.cause == cause)
                    & (announcements.c.subject == subject)
                )
                connection.execute(delete(announcements).where(here))

    def forget_others(self, targets: Iterable[str]) -> None:
        """Of targets that are configured no more nothing is remembered."""
        gone = announcements.c.target.not_in(list(targets))
        with reading(self._engine) as connection:
            if connection.execute(select(announcements.c.target).where(gone)).first() is None:
                return
        with writing(self._engine) as connection:
            connection.execute(delete(announcements).where(gone))
