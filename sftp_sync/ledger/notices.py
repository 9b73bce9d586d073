"""What a person must do: one line per cause, until the cause is gone."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from sqlalchemy import Connection, Engine, delete, select

from sftp_sync.errors import (
    ConfigError,
    DiskFull,
    RemoteRefused,
    RemoteUnavailable,
    SyncError,
    VendorRefused,
    VendorUnavailable,
    Who,
)
from sftp_sync.ledger.engine import reading, writing
from sftp_sync.ledger.schema import notices
from sftp_sync.ledger.upserts import put
from sftp_sync.model import Notice

KINDS_BY_CAUSE = {
    "delivery": "delivery_failing",
    "delivery_of_results": "delivery_failing",
    "restored": "ledger_restored",
    "decisions": "decisions_lost",
    "claims": "claims_not_written",
    "configuration_outdated": "configuration_outdated",
    "suppression_incomplete": "suppression_incomplete",
}
KINDS_BY_CLASS: dict[type[SyncError], str] = {
    ConfigError: "configuration_wrong",
    DiskFull: "disk_full",
    RemoteUnavailable: "partner_unreachable",
    VendorUnavailable: "vendor_unreachable",
}
KINDS_AT_THE_DOOR = {"host_key": "host_key_changed", "sign_in": "sign_in_refused"}


class Notices:
    """The verbs for notices. A scope is a campaign's or an account's name."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def post(self, scope: str, cause: str, error: SyncError, at: datetime) -> None:
        """Say what is wrong; a cause that is already said keeps its time."""
        with writing(self._engine) as connection:
            post(connection, (scope, cause), error, at)

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
            Notice(
                scope=row.scope,
                cause=row.cause,
                message=row.message,
                fix=row.fix,
                who=cast("Who", row.who),
                since=row.since,
                kind=row.kind or f"{row.cause}_failed",
            )
            for row in found
        ]


def post(connection: Connection, key: tuple[str, str], error: SyncError, at: datetime) -> None:
    """Say what is wrong, by scope and cause, as part of a transaction."""
    scope, cause = key
    words = {"message": error.message, "fix": error.fix, "who": error.who}
    said = {"scope": scope, "cause": cause, "since": at, "kind": kind_of(cause, error), **words}
    put(connection, notices, said, keep=["since"])


def kind_of(cause: str, error: SyncError) -> str:
    """What is wrong, in one word that stays: for alerts, and for whoever is told."""
    if isinstance(error, VendorRefused):
        return f"{error.scope}_refused"
    if isinstance(error, RemoteRefused) and error.step in KINDS_AT_THE_DOOR:
        return KINDS_AT_THE_DOOR[error.step]
    named = (kind for class_, kind in KINDS_BY_CLASS.items() if isinstance(error, class_))
    return next(named, KINDS_BY_CAUSE.get(cause, f"{cause}_failed"))
