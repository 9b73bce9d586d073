"""Result files: the partner's own columns, and what became of each row. Composed into the spool."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from sftp_sync import tables
from sftp_sync.around import Surroundings
from sftp_sync.model import Campaign, FileRecord, NewDelivery, ResultRow, RowState
from sftp_sync.outbox.names import delivered_name
from sftp_sync.spool import keep_safe, sha256_of

CALLED = (RowState.ACCEPTED, RowState.ALREADY_QUEUED)
ALREADY = "the vendor had a call to this number queued already"


def result_name(campaign: Campaign, file: FileRecord, moment: datetime) -> str:
    """The name of a result file."""
    return delivered_name(file.name, moment, f"results.{campaign.results.format}")


def compose(
    around: Surroundings,
    campaign: Campaign,
    file: FileRecord,
    name: str,
    found: Iterable[ResultRow],
) -> tuple[NewDelivery, list[int]]:
    """A result file in the spool, ready to be written down, and the rows that are over in it."""
    place = around.spool.place(campaign.name, "results")
    over: list[int] = []
    with around.spool.room():
        _write(place, campaign, file, _noted(found, over))
        with place.open("rb") as written:
            keep_safe(written.fileno())
        place.chmod(0o600)
    delivery = NewDelivery(
        kind="results",
        folder=campaign.export_path,
        name=name,
        sha256=sha256_of(place),
        size=place.stat().st_size,
        spooled=around.spool.name_of(place),
        may_replace=campaign.results.mode == "snapshot",
    )
    return delivery, over


def _noted(found: Iterable[ResultRow], over: list[int]) -> Iterator[ResultRow]:
    for row in found:
        if row.is_over:
            over.append(row.row_id)
        yield row


def _write(place: Path, campaign: Campaign, file: FileRecord, found: Iterator[ResultRow]) -> None:
    understood = file.understanding.get("header", ())
    columns = tuple(str(name) for name in understood) if isinstance(understood, list) else ()
    header = (*columns, *tables.RESULT_COLUMNS)
    rows = ((*_fitted(row.cells, len(columns)), *_told(row)) for row in found)
    match campaign.results.format:
        case "csv":
            texts = (tuple("" if cell is None else str(cell) for cell in row) for row in rows)
            is_safe = campaign.results.spreadsheet_safe
            tables.write_csv(place, header, texts, spreadsheet_safe=is_safe)
        case "xlsx":
            tables.write_xlsx(place, header, rows)
        case "jsonl":
            tables.write_jsonl(place, header, rows)


def _fitted(cells: tuple[str, ...], width: int) -> tuple[str, ...]:
    return (*cells[:width], *("" for _ in range(width - len(cells))))


def _told(row: ResultRow) -> tuple[tables.Value, ...]:
    """The `result_*` columns, in their order."""
    is_called = row.state in CALLED
    return (
        row.phone,
        (row.status or "queued") if is_called else str(row.state),
        row.call_id,
        row.retries,
        row.duration_seconds,
        _time(row.queued_at),
        _time(row.updated_at),
        "true" if row.is_over else "false",
        _reason(row),
        row.line,
    )


def _reason(row: ResultRow) -> str | None:
    already = ALREADY if row.state == RowState.ALREADY_QUEUED else None
    supersedes = f"supersedes the row in {row.supersedes}" if row.supersedes else None
    words = [one for one in (already, row.reason, row.matched_by, supersedes) if one]
    return "; ".join(words) or None


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")
