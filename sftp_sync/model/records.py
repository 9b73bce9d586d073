"""What the ledger says when it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sftp_sync.errors import Who
from sftp_sync.model.states import FileState, RowState


@dataclass(frozen=True)
class FileRecord:
    """A contact file and where its rows stand. `removed_at`: since when there are only counts.
    `lies_unread`: it could not be read, and lies in the inbox still.
    """

    id: int
    campaign: str
    name: str
    sha256: str
    size: int
    state: FileState
    reason: str | None
    received_at: datetime
    total: int
    first_file_id: int | None = None
    understanding: Mapping[str, object] = field(default_factory=dict)
    rows: Mapping[RowState, int] = field(default_factory=dict)
    removed_at: datetime | None = None
    lies_unread: bool = False


@dataclass(frozen=True)
class RowRecord:
    """One row, with what became of it."""

    id: int
    file_id: int
    line: int
    phone: str | None
    state: RowState
    code: str | None
    column: str | None
    reason: str | None
    call_id: str | None
    call_status: str | None
    cells: tuple[str, ...]


@dataclass(frozen=True)
class CampaignRecord:
    """What the ledger remembers of a campaign between runs. `connection` is the fingerprint of the
    settings on which the connection test has passed last; `voice` is that of the campaign when
    it ran last.
    """

    name: str
    paused: bool = False
    connection: str | None = None
    tested_at: datetime | None = None
    tested_ok: bool | None = None
    collected_at: datetime | None = None
    refused_sign_ins: int = 0
    not_before: datetime | None = None
    voice: str | None = None


@dataclass(frozen=True)
class Notice:
    """Something a person must do: where, why, since when, and what to type."""

    scope: str
    cause: str
    message: str
    fix: str
    who: Who
    since: datetime
    kind: str = ""

    @property
    def line(self) -> str:
        """The notice as one line."""
        return f"{self.message} {self.fix}".strip()


@dataclass(frozen=True)
class NewDelivery:
    """A file composed for the partner, lying in the spool, not yet written down."""

    kind: str
    folder: str
    name: str
    sha256: str
    size: int
    spooled: str
    may_replace: bool = False


@dataclass(frozen=True)
class ReadFile:
    """A file that is safe in the ledger and still lies in the partner's inbox."""

    id: int
    name: str
    sha256: str
    received_at: datetime
