"""Receipts and rejects: what the partner is told about a file. Composed into the spool."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from sftp_sync import tables
from sftp_sync.around import Surroundings
from sftp_sync.intake.tally import Tally
from sftp_sync.model import (
    Campaign,
    FileState,
    NewDelivery,
    RemoteFile,
    RowRecord,
    RowState,
    Understanding,
)
from sftp_sync.outbox.names import delivered_name
from sftp_sync.spool import keep_safe, keep_written, private_file, sha256_of

Rejects = Callable[[], Iterable[RowRecord]]


@dataclass(frozen=True)
class Receipt:
    """What is to be told about one file."""

    campaign: Campaign
    source: RemoteFile
    sha256: str | None
    size: int
    received_at: datetime
    state: FileState
    reason: str | None = None
    tally: Tally | None = None
    understanding: Understanding | None = None
    first_import: Mapping[str, object] | None = None


def compose(around: Surroundings, receipt: Receipt, rejects: Rejects = tuple) -> list[NewDelivery]:
    """The receipt, and the rejects where there are any: in the spool, ready to be written down."""
    if not receipt.campaign.results.receipts:
        return []
    names = _free_names(around, receipt)
    composed = []
    has_rejects = receipt.tally is not None and receipt.tally.states[RowState.INVALID] > 0
    if has_rejects and receipt.understanding is not None:
        place = around.spool.place(receipt.campaign.name, "receipts")
        with around.spool.room():
            os.close(private_file(place))
            _write_rejects(place, receipt, rejects)
            keep_written(place)
        composed.append(_spooled(around, receipt, "rejects", names["rejects"], place))
    place = around.spool.place(receipt.campaign.name, "receipts")
    text = json.dumps(_told(receipt, [one.name for one in composed]), indent=2, ensure_ascii=False)
    with around.spool.room(), os.fdopen(private_file(place), "wb") as file:
        file.write(text.encode() + b"\n")
        file.flush()
        keep_safe(file.fileno())
    composed.append(_spooled(around, receipt, "receipt", names["receipt"], place))
    return composed


def _free_names(around: Surroundings, receipt: Receipt) -> dict[str, str]:
    moment = receipt.received_at
    while True:
        names = {
            "receipt": delivered_name(receipt.source.name, moment, "receipt.json"),
            "rejects": delivered_name(receipt.source.name, moment, "rejects.csv"),
        }
        campaign = receipt.campaign
        taken = around.ledger.deliveries.is_taken
        if not any(taken(campaign.name, campaign.export_path, name) for name in names.values()):
            return names
        moment += timedelta(seconds=1)


def _spooled(
    around: Surroundings,
    receipt: Receipt,
    kind: Literal["receipt", "rejects"],
    name: str,
    place: Path,
) -> NewDelivery:
    return NewDelivery(
        kind=kind,
        folder=receipt.campaign.export_path,
        name=name,
        sha256=sha256_of(place),
        size=place.stat().st_size,
        spooled=around.spool.name_of(place),
    )


def _write_rejects(place: Path, receipt: Receipt, rejects: Rejects) -> None:
    header = () if receipt.understanding is None else receipt.understanding.header
    # A ragged row has more cells than the header: it goes back as it came, under columns without
    # a name.
    width = max((len(row.cells) for row in rejects()), default=0)
    header = (*header, *("" for _ in range(width - len(header))))
    # Rejects that come back unmended have our columns already.
    kept = [column for column, name in enumerate(header) if name not in tables.REJECT_COLUMNS]
    rows = (
        (
            *(row.cells[column] if column < len(row.cells) else "" for column in kept),
            str(row.line),
            row.code or "",
            row.reason or "",
        )
        for row in rejects()
    )
    tables.write_csv(
        place,
        (*(header[column] for column in kept), *tables.REJECT_COLUMNS),
        rows,
        spreadsheet_safe=receipt.campaign.results.spreadsheet_safe,
    )


def _told(receipt: Receipt, other_files: list[str]) -> dict[str, object]:
    tally, understanding = receipt.tally, receipt.understanding
    told: dict[str, object] = {
        "source": {
            "name": receipt.source.shown_name,
            "sha256": receipt.sha256,
            "bytes": receipt.size,
            "modified_at": _utc(receipt.source.modified_at),
        },
        "campaign": receipt.campaign.name,
        "received_at": receipt.received_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "state": receipt.state,
        "reason": receipt.reason,
    }
    if receipt.first_import is not None:
        told["first_import"] = receipt.first_import
    if tally is not None:
        told["rows"] = {"total": tally.total} | {state: tally.states[state] for state in RowState}
        told["codes"] = dict(sorted(tally.codes.items()))
        told["duplicate_lines"] = tally.settled_lines.get(RowState.DUPLICATE, [])
        told["suppressed_lines"] = tally.settled_lines.get(RowState.SUPPRESSED, [])
    if understanding is not None:
        told["understood"] = asdict(understanding)
    told["files"] = other_files
    return told


def _utc(moment: int | None) -> str | None:
    if moment is None:
        return None
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
