"""Nouns for tests, each with everything said that a test does not care about."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sftp_sync.ledger import Ledger
from sftp_sync.ledger.claims import Moment
from sftp_sync.ledger.entering import Arrival, Ending
from sftp_sync.ledger.leases import Lease
from sftp_sync.model import (
    BootTime,
    Campaign,
    ClassifiedBatch,
    Code,
    FileState,
    Instant,
    NewDelivery,
    RemoteFile,
    RowState,
    Understanding,
)

NOW = datetime(2026, 11, 20, 6, 30, tzinfo=UTC)
DESTINATION = "https://app.talkover.ai/api/v1#550e8400"
MAPPING = {"payload": "all", "context": {}}


def an_instant(at: datetime = NOW, boot: str = "this boot") -> Instant:
    """A moment by both clocks, of a machine whose clock nobody sets."""
    return Instant(at, BootTime(boot, at.timestamp()))


def a_moment(at: datetime = NOW, day: str | None = None) -> Moment:
    """The same, and its day."""
    return Moment(at, day or at.date().isoformat(), an_instant(at).boot_time)


def sha256_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def a_phone(number: int = 0) -> str:
    return f"+1212555{number:04}"


@dataclass(frozen=True)
class ARow:
    """One row with its verdict."""

    phone: str | None = a_phone()
    state: RowState = RowState.PENDING
    code: Code | None = None
    column: str | None = None
    reason: str | None = None
    cells: Sequence[str] = field(default=("Ann", "212-555-0000"))


def an_invalid_row(**changes: Any) -> ARow:
    sentence = "“12” is too short for a phone number."
    row = ARow(None, RowState.INVALID, Code.INVALID_NUMBER, "phone", sentence, ("Bob", "12"))
    return replace(row, **changes)


def a_duplicate_row(phone: str = a_phone()) -> ARow:
    code = Code.DUPLICATE_IN_FILE
    return ARow(phone, RowState.DUPLICATE, code, "phone", "The number is in line 2 already.")


def a_batch(*rows: ARow, pending: int = 0, first_line: int = 2) -> ClassifiedBatch:
    """These rows, or so many with a number each."""
    made = rows or tuple(ARow(a_phone(first_line + number)) for number in range(pending))
    return ClassifiedBatch(
        lines=range(first_line, first_line + len(made)),
        cells=[row.cells for row in made],
        states=[row.state for row in made],
        phones=[row.phone for row in made],
        codes=[row.code for row in made],
        columns=[row.column for row in made],
        reasons=[row.reason for row in made],
    )


def a_campaign(name: str = "renewals", **changes: Any) -> Campaign:
    campaign = Campaign(
        name=name,
        account="talkover",
        destination=DESTINATION,
        import_path="/inbox",
        export_path="/outbox",
    )
    return replace(campaign, **changes)


def a_remote_file(name: str = "leads.csv", **changes: Any) -> RemoteFile:
    return replace(RemoteFile(name, size=120, modified_at=1_763_620_000), **changes)


def an_arrival(
    campaign: Campaign | None = None, source: RemoteFile | None = None, **changes: Any
) -> Arrival:
    source = source or a_remote_file()
    arrival = Arrival(
        campaign=campaign or a_campaign(),
        source=source,
        sha256=sha256_of("leads"),
        size=source.size or 0,
        received_at=NOW,
        reading="one way to read",
    )
    return replace(arrival, **changes)


def an_understanding(**changes: Any) -> Understanding:
    understanding = Understanding(
        format="csv",
        header=("name", "phone"),
        header_line=1,
        delimiter=",",
        encoding="utf-8",
        phone_columns=("phone",),
    )
    return replace(understanding, **changes)


def an_ending(state: FileState = FileState.DISPATCHING, **changes: Any) -> Ending:
    return replace(Ending(state), **changes)


def a_delivery(name: str = "leads.csv.receipt.json", **changes: Any) -> NewDelivery:
    delivery = NewDelivery(
        kind="receipt",
        folder="/outbox",
        name=name,
        sha256=sha256_of(name),
        size=17,
        spooled=f"receipts/{name}",
    )
    return replace(delivery, **changes)


def enter_file(
    ledger: Ledger,
    lease: Lease,
    batch: ClassifiedBatch | None = None,
    *,
    arrival: Arrival | None = None,
    ending: Ending | None = None,
) -> int:
    """A file that is wholly in the ledger; its id."""
    arrival = arrival or an_arrival()
    batch = batch if batch is not None else a_batch(pending=3)
    file_id = ledger.entering.begin(lease, arrival, an_understanding(), MAPPING)
    ledger.entering.add(lease, file_id, batch)
    ledger.entering.finish(lease, file_id, arrival.source, ending or an_ending())
    return file_id
