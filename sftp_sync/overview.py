"""What is going on, as plain values: for `status`, `files`, and whoever else shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sftp_sync.attention import attention
from sftp_sync.ledger import Ledger
from sftp_sync.model import Campaign, CampaignRecord, FileRecord, RowRecord, RowState


@dataclass(frozen=True)
class Standing:
    """Where a campaign stands."""

    campaign: Campaign
    known: CampaignRecord
    files: tuple[FileRecord, ...]
    attention: tuple[str, ...]


def standings(campaigns: Sequence[Campaign], ledger: Ledger) -> list[Standing]:
    """Where campaigns stand, in the order given."""
    notices = ledger.notices.all()
    found = []
    for campaign in campaigns:
        known = ledger.campaigns.get(campaign.name)
        files = ledger.files.all(campaign.name)
        lines = attention(campaign, known, files, notices)
        found.append(Standing(campaign, known, tuple(files), tuple(lines)))
    return found


def file_document(file: FileRecord) -> dict[str, object]:
    """A file as the contract's JSON has it."""
    return {
        "id": file.id,
        "name": file.name,
        "sha256": file.sha256 or None,
        "state": file.state,
        "reason": file.reason,
        "received_at": utc(file.received_at),
        "rows": {"total": file.total} | {state: file.rows.get(state, 0) for state in RowState},
    }


def row_document(row: RowRecord) -> dict[str, object]:
    """A row as the contract's JSON has it."""
    return {
        "id": row.id,
        "line": row.line,
        "phone": row.phone,
        "state": row.state,
        "code": row.code,
        "reason": row.reason,
        "call_id": row.call_id,
        "call_status": row.call_status,
    }


def utc(moment: datetime | None) -> str | None:
    """A time as JSON carries it."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
